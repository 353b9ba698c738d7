"""What the chart tells a pod, and the addresses that follow from it."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

RESOLVE_SECONDS = 60.0
RESOLVE_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Address:
    """Where a server listens, as it is announced."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


QUARANTINE = Address("127.0.0.1", 1)
"""The primary of a server that has yet to learn whom to follow: nobody listens there."""


@dataclass(frozen=True)
class Node:
    """A pod's two servers."""

    name: str
    ordinal: int
    valkey: Address
    sentinel: Address

    @property
    def sentinel_id(self) -> str:
        """A Sentinel's id, the same each time, so that all know all without having met."""
        return hashlib.sha1(self.name.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Settings:
    """One pod's view of the store. `nodes` holds all pods, in order, this one included."""

    name: str
    nodes: tuple[Node, ...]
    primary_name: str
    data: Path
    run: Path
    secrets: Path
    maxmemory: str
    metrics_port: int

    @classmethod
    def from_environment(cls) -> Self:
        """Read NODE_…; resolves the pods' names, waiting RESOLVE_SECONDS for them at most.

        NODE_PEERS is a comma-separated list of `name@host:port:sentinel_port`.
        """
        env = os.environ
        data = Path(env["NODE_DATA"])
        return cls(
            name=env["NODE_NAME"],
            nodes=_resolve(env["NODE_PEERS"], data / "addresses.json"),
            primary_name=env["NODE_PRIMARY_NAME"],
            data=data,
            run=Path(env["NODE_RUN"]),
            secrets=Path(env["NODE_SECRETS"]),
            maxmemory=env["NODE_MAXMEMORY"],
            metrics_port=int(env["NODE_METRICS_PORT"]),
        )

    @property
    def me(self) -> Node:
        """The pod that this runs in."""
        return next(node for node in self.nodes if node.name == self.name)

    @property
    def peers(self) -> tuple[Node, ...]:
        """The other pods."""
        return tuple(node for node in self.nodes if node.name != self.name)

    @property
    def majority(self) -> int:
        """More than half of all pods."""
        return len(self.nodes) // 2 + 1

    def password(self, user: str) -> str:
        """The password of one of the store's own users; raises OSError."""
        return (self.secrets / user).read_text(encoding="utf-8").strip()


def _resolve(peers: str, remembered: Path) -> tuple[Node, ...]:
    """The nodes with their names resolved; an address that DNS does not give is the one it had when last known."""
    known: dict[str, str] = json.loads(remembered.read_text(encoding="utf-8")) if remembered.exists() else {}
    give_up = time.monotonic() + RESOLVE_SECONDS
    nodes = []
    found: dict[str, str] = {}
    for ordinal, peer in enumerate(peers.split(",")):
        name, _, place = peer.partition("@")
        host, port, sentinel_port = place.rsplit(":", 2)
        found[host] = _address(host, known.get(host), give_up)
        nodes.append(Node(name, ordinal, Address(found[host], int(port)), Address(found[host], int(sentinel_port))))
    if found != known:
        remembered.parent.mkdir(parents=True, exist_ok=True)
        # the pod's other containers read and write it at the same moment, and a power cut may come in between
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=remembered.parent, delete=False) as draft:
            json.dump(found, draft)
        Path(draft.name).replace(remembered)
    return tuple(nodes)


def _address(host: str, known: str | None, give_up: float) -> str:
    while True:
        try:
            return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]  # type: ignore[return-value] # a str
        except OSError:
            if known is not None:
                return known
            if time.monotonic() > give_up:
                raise
            time.sleep(RESOLVE_PAUSE_SECONDS)

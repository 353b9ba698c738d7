"""The planned move of the cart store's primary when it is hindered; on real servers: charts/tests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from myclothes_operator import valkey
from myclothes_operator.errors import FailedError, RefusedError
from myclothes_operator.valkey import CartStore, ValkeyPod

NODES = (ValkeyPod("valkey-0", "valkey-0", 1, 2), ValkeyPod("valkey-1", "valkey-1", 3, 4))
LONG_SECONDS = 60.0
VIEWS = 2
"""Connections to Sentinels by which the move sees who leads."""


class Servers:
    """Two Valkeys and their Sentinels: `valkey-0` leads until the fail-over, `asked` is what it was told."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.moved = False
        self.sentinels = 0
        self.deaf = False
        """Whether no Sentinel takes a connection after the views."""
        self.frozen = 0.0
        """For how long this process does not run, right after the fail-over."""

    async def of(self, host: str) -> str:
        if self.moved:
            loop, seconds, self.frozen = asyncio.get_running_loop(), self.frozen, 0.0
            now = loop.time
            loop.time = lambda: now() + seconds  # type: ignore[method-assign]
        return host

    async def connect(self, _host: str, port: int, _seconds: float) -> Wire:
        sentinel = port % 2 == 0
        self.sentinels += sentinel
        if sentinel and self.deaf and self.sentinels > VIEWS:
            raise OSError("refused")
        return Wire(self, port)


class Wire:
    def __init__(self, servers: Servers, port: int) -> None:
        self._servers = servers
        self._port = port

    async def call(self, commands: list[tuple[Any, ...]], _seconds: float) -> list[Any]:
        (command,) = commands
        if self._port == NODES[0].port:
            self._servers.asked.append(command[:2])
        match command[:2]:
            case ("ROLE",):
                return [[b"master", 100, [[b"valkey-1", b"3", b"100"]]]]
            case ("SENTINEL", "MASTER"):
                leader = NODES[self._servers.moved]
                said = {"config-epoch": str(1 + self._servers.moved), "ip": leader.host, "port": str(leader.port)}
                return [[word.encode() for pair in said.items() for word in pair]]
            case ("SENTINEL", "FAILOVER"):
                self._servers.moved = True
            case ("INFO", _):
                return [b"role:master\r\n"]
        return [b"OK"]

    def close(self) -> None:
        pass


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    found = Servers()
    monkeypatch.setattr(valkey, "connect", found.connect)
    return found


def store(servers: Servers) -> CartStore:
    return CartStore(NODES, "carts", "operator", None, servers)  # type: ignore[arg-type]


async def test_a_move_ends_with_the_old_primary_following(servers: Servers) -> None:
    assert await store(servers).move("valkey-0", 1) == "valkey-1"
    assert servers.asked[-2:] == [("REPLICAOF", "valkey-1"), ("CLIENT", "UNPAUSE")]


async def test_writes_are_not_held_for_a_sentinel_that_takes_no_connection(servers: Servers) -> None:
    servers.deaf = True
    with pytest.raises(FailedError):
        await store(servers).move("valkey-0", 1)
    assert not servers.moved
    assert servers.asked[-1] == ("CLIENT", "UNPAUSE")


async def test_an_operator_that_was_frozen_leaves_the_old_primary_to_the_sentinels(servers: Servers) -> None:
    """It may have been elected again meanwhile."""
    servers.frozen = LONG_SECONDS
    with pytest.raises(RefusedError, match="too long ago"):
        await store(servers).move("valkey-0", 1)
    assert servers.moved
    assert "REPLICAOF" not in {words[0] for words in servers.asked}

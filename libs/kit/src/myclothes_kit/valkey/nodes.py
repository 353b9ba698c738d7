"""Where the nodes are and how to talk to one: the setting's URL, the credentials, a connection that has logged in."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from myclothes_kit.resolver import StaleResolver
from myclothes_kit.settings import read_secret
from myclothes_kit.valkey.wire import ReplyError, Wire, WireError, connect

if TYPE_CHECKING:
    from pathlib import Path

CONNECT_SECONDS = 0.2
"""A node that does not accept a connection and answer AUTH within this is treated as away."""
DEFAULT_PORT = 6379
DEFAULT_SENTINEL_PORT = 26379


class Address(NamedTuple):
    """A node's host and port, as Sentinel and ROLE name it."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Target:
    """What a store's URL names: one node, or Sentinels and the name that they watch it under."""

    node: Address | None = None
    sentinels: tuple[Address, ...] = ()
    master_name: str = ""
    tls: bool = False


def parse(url: str) -> Target:
    """The target of `valkey://host:port`, `valkeys://…` (TLS), `sentinel://h1:p1,h2:p2/name` or `sentinels://…`.

    Raises ValueError with a sentence for an operator.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("valkey", "valkeys", "sentinel", "sentinels"):
        raise ValueError("the URL starts with valkey://, valkeys://, sentinel:// or sentinels://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("the URL holds addresses only; user name and password are settings of their own")
    tls = parts.scheme.endswith("s")
    name = parts.path.strip("/")
    if parts.scheme.startswith("valkey"):
        if name:
            raise ValueError("a valkey:// URL has no path")
        return Target(node=_address(parts.netloc, DEFAULT_PORT), tls=tls)
    if not name:
        raise ValueError("a sentinel:// URL ends in /NAME, the name that the Sentinels watch the primary under")
    sentinels = tuple(_address(part, DEFAULT_SENTINEL_PORT) for part in parts.netloc.split(","))
    return Target(sentinels=sentinels, master_name=name, tls=tls)


def _address(text: str, default_port: int) -> Address:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError(f"an address is missing its host: {text!r}")
    return Address(parts.hostname, parts.port or default_port)


@dataclass
class Dialler:
    """Opens connections with the store's credentials, which are read from their files each time."""

    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    tls: bool = False
    _resolver: StaleResolver = field(default_factory=StaleResolver, init=False)
    _context: tuple[float, ssl.SSLContext] | None = field(default=None, init=False)

    async def open(self, address: Address, *, authenticate: bool = True) -> Wire:
        """A connection to the node at `address` that has logged in.

        Raises OSError (ConnectionRefusedError: nothing listens there), TimeoutError, WireError or ReplyError
        (refused credentials).
        """
        wire = await connect(*address, CONNECT_SECONDS, self._tls(), self._resolver)
        if authenticate:
            try:
                await self.log_in(wire)
            except BaseException:
                wire.close()
                raise
        return wire

    async def aclose(self) -> None:
        """Give up what is under way."""
        await self._resolver.close()

    async def log_in(self, wire: Wire) -> None:
        """Log in on `wire` if there are credentials; raises WireError or ReplyError."""
        password = read_secret(self.password_file)
        if password is None:
            return
        command = ("AUTH", self.username, password) if self.username else ("AUTH", password)
        (reply,) = await wire.call([command], CONNECT_SECONDS)
        if isinstance(reply, ReplyError):
            raise reply

    def _tls(self) -> ssl.SSLContext | None:
        if not self.tls:
            return None
        changed = self.ca_file.stat().st_mtime if self.ca_file else 0.0
        if self._context is None or self._context[0] != changed:
            self._context = (changed, ssl.create_default_context(cafile=self.ca_file))
        return self._context[1]


UNREACHABLE = (OSError, TimeoutError, WireError, ReplyError)
"""What talking to a node that is away, frozen or refuses us can raise."""

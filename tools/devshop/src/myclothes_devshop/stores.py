"""The shop's stores, one node each or replicated, kept alive until the shop ends."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from myclothes_devshop.restarts import LIMIT, WINDOW_SECONDS, GaveUpError, Restarts
from myclothes_stores.errors import StoreError
from myclothes_stores.ports import HOST
from myclothes_stores.postgres import PostgresServer
from myclothes_stores.queries import UNREACHABLE
from myclothes_stores.valkey import ValkeyServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from myclothes_devshop.console import Console

DATABASES = ("users", "shop")


class Stores(Protocol):
    """What the launcher needs of the stores, whatever their topology."""

    kind: str
    ack_replicas: int

    @property
    def valkey_url(self) -> str:
        """Where carts and sessions are."""

    @property
    def cache_url(self) -> str:
        """Where the shop's cache is."""

    @property
    def database_hosts(self) -> str:
        """All PostgreSQL servers."""

    def start(self) -> None:
        """Starts all and waits until they are healthy; makes missing databases."""

    def tend(self) -> None:
        """Brings back what died; raises GaveUpError when something does so too often."""

    def describe(self) -> list[str]:
        """A line a process: name, role, process id, address."""

    def stop(self) -> None:
        """Ends all in order."""


class Revival:
    """Starts one store again when it is dead, not before it has been dead for `after` seconds."""

    def __init__(
        self, name: str, alive: Callable[[], bool], start: Callable[[], None], console: Console, *, after: float = 0.0
    ) -> None:
        self.name = name
        self._alive = alive
        self._start = start
        self._console = console
        self._after = after
        self._died: float | None = None
        self._restarts = Restarts()

    def tend(self) -> None:
        """Looks, and starts it again if it is time; a start that fails is tried again within the same limit."""
        if self._alive():
            self._died = None
            return
        if self._died is None:
            self._died = time.monotonic()
            self._console.say(f"{self.name} died")
        if time.monotonic() - self._died < self._after:
            return
        if not self._restarts.allow():
            raise GaveUpError(f"{self.name} needed more than {LIMIT} restarts within {WINDOW_SECONDS:g} s")
        try:
            self._start()
        except (StoreError, *UNREACHABLE) as error:
            self._console.say(f"{self.name} could not be started again: {error}")
        else:
            self._console.say(f"{self.name} was started again")


class SingleStores:
    """One Valkey, one PostgreSQL, one cache."""

    kind = "single"
    ack_replicas = 0

    def __init__(self, folder: Path, console: Console) -> None:
        self._valkey = ValkeyServer(folder=folder / "valkey")
        self._cache = ValkeyServer(folder=folder / "cache", name="cache", cache=True)
        self._postgres = PostgresServer(folder=folder / "postgres")
        self._all = (self._valkey, self._cache, self._postgres)
        self._revivals = [revival(server, console) for server in self._all]

    @property
    def valkey_url(self) -> str:
        """Where carts and sessions are."""
        return self._valkey.url

    @property
    def cache_url(self) -> str:
        """Where the shop's cache is."""
        return self._cache.url

    @property
    def database_hosts(self) -> str:
        """The PostgreSQL server."""
        return self._postgres.hosts

    def start(self) -> None:
        """Starts all three at once."""
        together(*(server.start for server in self._all))
        make_databases(self._postgres)

    def tend(self) -> None:
        """Starts again what died."""
        for each in self._revivals:
            each.tend()

    def describe(self) -> list[str]:
        """A line a process."""
        return [server_line(server) for server in self._all]

    def stop(self) -> None:
        """Ends all in order."""
        together(*(server.stop for server in self._all))


def revival(server: ValkeyServer | PostgresServer, console: Console) -> Revival:
    """Starts a server again as it was."""
    return Revival(server.name, lambda: server.alive, server.start, console)


def together(*tasks: Callable[[], None]) -> None:
    """Runs all at the same time and waits for all; raises what the first failed one raised."""
    with ThreadPoolExecutor(max_workers=len(tasks)) as pool:
        for started in [pool.submit(task) for task in tasks]:
            started.result()


def make_databases(primary: PostgresServer) -> None:
    """The services' databases and roles, where they are missing."""
    have = {name for (name,) in primary.sql("SELECT datname FROM pg_database")}
    for name in DATABASES:
        if name not in have:
            primary.create_database(name, name)


def line(name: str, role: str, pid: int, port: int) -> str:
    """One process as a line of `describe`."""
    return f"{name:<12} {role:<8} pid {pid:<8} {HOST}:{port}"


def server_line(server: ValkeyServer | PostgresServer, role: str = "") -> str:
    """One server as a line of `describe`."""
    return line(server.name, role if server.alive else "down", server.process.pid, server.port)

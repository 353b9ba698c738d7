"""The stores with replicas, for trying failures by hand: a killed primary is replaced, a killed server comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_devshop.stores import Revival, line, make_databases, revival, server_line, together
from myclothes_stores.errors import StoreError
from myclothes_stores.postgres_cluster import PostgresCluster
from myclothes_stores.queries import UNREACHABLE
from myclothes_stores.valkey import ValkeyServer
from myclothes_stores.valkey_cluster import ValkeyCluster

if TYPE_CHECKING:
    from pathlib import Path

    from myclothes_devshop.console import Console
    from myclothes_stores.postgres import PostgresServer

# What died stays away about as long as a pod would: a primary that is back at once is no failover.
RETURN_SECONDS = 5.0


class ReplicatedStores:
    """Valkey and PostgreSQL with two replicas each, three Sentinels, one cache."""

    kind = "ha"
    ack_replicas = 1

    def __init__(self, folder: Path, console: Console) -> None:
        self._console = console
        self._valkey = ValkeyCluster(folder=folder / "valkey")
        self._postgres = PostgresCluster(folder=folder / "postgres")
        self._cache = ValkeyServer(folder=folder / "cache", name="cache", cache=True)
        self._revivals = [
            *(self._returning(node) for node in self._valkey.nodes),
            *(self._rejoining(node) for node in self._postgres.nodes),
            *(
                Revival(each.name, lambda each=each: each.alive, each.start, console)  # type: ignore[misc]
                for each in self._valkey.sentinels
            ),
            revival(self._cache, console),
        ]
        self._shown: tuple[str, str] | None = None

    def _returning(self, node: ValkeyServer) -> Revival:
        return Revival(node.name, lambda: node.alive, node.start, self._console, after=RETURN_SECONDS)

    def _rejoining(self, node: PostgresServer) -> Revival:
        return Revival(
            node.name, lambda: node.alive, lambda: self._postgres.rejoin(node), self._console, after=RETURN_SECONDS
        )

    @property
    def valkey_url(self) -> str:
        """Where carts and sessions are: by the Sentinels."""
        return self._valkey.sentinel_url

    @property
    def cache_url(self) -> str:
        """Where the shop's cache is."""
        return self._cache.url

    @property
    def database_hosts(self) -> str:
        """All three PostgreSQL servers."""
        return self._postgres.hosts

    def start(self) -> None:
        """Starts all at once."""
        together(self._valkey.start, self._postgres.start, self._cache.start)
        make_databases(self._postgres.primary())
        self._shown = self._primaries()

    def tend(self) -> None:
        """Replaces a dead primary of PostgreSQL (Sentinels replace Valkey's), then starts again what died."""
        self._promote()
        for each in self._revivals:
            each.tend()
        primaries = self._primaries()
        if primaries != self._shown:
            self._shown = primaries
            self._console.say("\n".join(["there is another primary:", *self.describe()]))

    def _promote(self) -> None:
        # Only with both replicas up: a commit waited for any one of them, so the further one is sure to have it.
        # Else the old primary comes back as what it was.
        if self._postgres.primary().alive or not all(node.alive for node in self._postgres.replicas()):
            return
        try:
            self._postgres.promote()
        except (StoreError, *UNREACHABLE) as error:
            self._console.say(f"no PostgreSQL replica could be promoted, trying again: {error}")

    def _primaries(self) -> tuple[str, str] | None:
        try:
            return self._valkey.primary().name, self._postgres.primary().name
        except StoreError:
            return self._shown  # no Sentinel answers just now

    def describe(self) -> list[str]:
        """A line a process, with its role."""
        primaries = self._primaries() or ()
        servers: list[ValkeyServer | PostgresServer] = [*self._valkey.nodes, *self._postgres.nodes]
        return [
            *(server_line(server, "primary" if server.name in primaries else "replica") for server in servers),
            *(line(each.name, "", each.process.pid, each.port) for each in self._valkey.sentinels),
            server_line(self._cache),
        ]

    def stop(self) -> None:
        """Ends all in order."""
        together(self._valkey.stop, self._postgres.stop, self._cache.stop)

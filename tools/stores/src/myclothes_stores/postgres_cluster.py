"""A PostgreSQL primary with streaming replicas; a commit waits for one of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from myclothes_stores.errors import StoreError
from myclothes_stores.folders import new_folder
from myclothes_stores.ports import HOST
from myclothes_stores.postgres import SUPERUSER, Database, PostgresServer, initialise, run_tool
from myclothes_stores.processes import wait_until
from myclothes_stores.queries import UNREACHABLE

if TYPE_CHECKING:
    from pathlib import Path

HEALTHY_SECONDS = 40.0
PROMOTE_SECONDS = 30
COPY_SECONDS = 120.0
FOLLOW_SECONDS = 10.0
SYNCHRONOUS = "ANY 1 (*)"


class PostgresCluster:
    """A primary with `replicas` replicas, synchronous with any one of them.

    Given `folder`, its data stays there between runs, on other ports; the last primary is primary again.
    `fsync=False` is quicker and for tests of logic only.
    """

    def __init__(
        self,
        *,
        replicas: int = 2,
        folder: Path | None = None,
        fsync: bool = True,
        settings: dict[str, str] | None = None,
    ) -> None:
        self._folder = folder or new_folder("postgres-cluster")
        settings = {"wal_retrieve_retry_interval": "200ms"} | (settings or {})
        self.nodes = [
            PostgresServer(
                folder=self._folder / f"node-{index}", name=f"postgres-{index}", fsync=fsync, settings=settings
            )
            for index in range(replicas + 1)
        ]
        self._index = self._last_primary()

    @property
    def hosts(self) -> str:
        """All servers as the services' settings take them; a client finds the primary among them."""
        return ",".join(node.hosts for node in self.nodes)

    def primary(self) -> PostgresServer:
        """The server that was made primary last, whether it is up or not."""
        return self.nodes[self._index]

    def replicas(self) -> list[PostgresServer]:
        """All other servers."""
        return [node for node in self.nodes if node is not self.primary()]

    def start(self) -> None:
        """Starts the primary, then the replicas, and waits until they all stream."""
        self._initialise()
        self.primary().start()
        for node in self.replicas():
            if _is_standby(node):
                self._follow_file(node)
                node.launch()
        for node in self.replicas():
            if _is_standby(node):
                node.wait_ready()
            else:
                self.rejoin(node)  # a primary of before, killed when another was promoted
        self.wait_healthy()

    def _initialise(self) -> None:
        """The first start: all begin with the same empty data, so no base backup is needed."""
        for node in self.nodes:
            if not (node.data / "PG_VERSION").exists():
                initialise(node.data, node.user)
                if node is not self.primary():
                    _write(node, "standby.signal", "")
        _write(self.primary(), "postgresql.auto.conf", f"synchronous_standby_names = '{SYNCHRONOUS}'\n")

    def _last_primary(self) -> int:
        try:
            return int((self._folder / "primary").read_text())
        except OSError:
            return 0

    def _follow_file(self, node: PostgresServer) -> None:
        text = f"synchronous_standby_names = '{SYNCHRONOUS}'\nprimary_conninfo = '{self._conninfo(node)}'\n"
        _write(node, "postgresql.auto.conf", text)

    def _conninfo(self, node: PostgresServer) -> str:
        return f"host={HOST} port={self.primary().port} user={SUPERUSER} application_name={node.name} connect_timeout=2"

    def create_database(self, name: str, owner: str) -> Database:
        """A new database that belongs to the role `owner`; reached through all hosts."""
        made = self.primary().create_database(name, owner)
        self.wait_replayed()
        return Database(self.hosts, made.name, made.user)

    def wait_replayed(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Waits until every replica that is up shows all that the primary shows now."""
        ((position,),) = self.primary().sql("SELECT pg_current_wal_lsn()::text")
        query = f"SELECT pg_last_wal_replay_lsn() >= '{position}'"
        live = [node for node in self.replicas() if node.alive]
        wait_until(lambda: all(node.sql(query) == [(True,)] for node in live), seconds, what="up to date everywhere")

    def pause_replay(self, index: int) -> None:
        """The server `nodes[index]` goes on receiving, and acknowledging, but shows nothing new."""
        node = self.nodes[index]
        node.sql("SELECT pg_wal_replay_pause()")
        wait_until(
            lambda: node.sql("SELECT pg_get_wal_replay_pause_state()") == [("paused",)],
            HEALTHY_SECONDS,
            node.process,
            what="paused",
        )

    def resume_replay(self, index: int) -> None:
        """Lets `nodes[index]` show what it has received meanwhile."""
        self.nodes[index].sql("SELECT pg_wal_replay_resume()")

    def most_advanced(self) -> int:
        """The index of the live replica that has received most: every acknowledged commit is on it.

        A commit waited for any one replica, so only the one that is furthest is sure to have it.
        """
        received = {}
        for index, node in enumerate(self.nodes):
            if node is not self.primary() and node.alive:
                query = "SELECT coalesce(pg_last_wal_receive_lsn(), '0/0') - '0/0', pg_last_wal_replay_lsn() - '0/0'"
                received[index] = max(node.sql(query)[0])
        if not received:
            raise StoreError("no replica of PostgreSQL is up")
        return max(received, key=lambda index: received[index])

    def promote(self, index: int | None = None) -> PostgresServer:
        """Makes `nodes[index]`, or the most advanced replica, the primary, and lets the other replicas follow it.

        The primary of before must be down: two would take writes. It comes back by `rejoin`.
        """
        if self.primary().alive:
            raise StoreError(f"{self.primary().name} is still up: stop or kill it first")
        chosen = self.most_advanced() if index is None else index
        promoted = self.nodes[chosen]
        if promoted.sql(f"SELECT pg_promote(true, {PROMOTE_SECONDS})") != [(True,)]:
            raise promoted.process.failure(f"not promoted within {PROMOTE_SECONDS} s")
        self._index = chosen
        (self._folder / "primary").write_text(str(chosen))
        for node in self.replicas():
            if node.alive:
                self._follow(node)
        return promoted

    def _follow(self, node: PostgresServer) -> None:
        """Points a running replica at the primary; one that has more than the primary is made anew."""
        node.sql(f"ALTER SYSTEM SET primary_conninfo = '{self._conninfo(node)}'")
        node.sql("SELECT pg_reload_conf()")
        try:
            wait_until(lambda: node.name in self._streaming(), FOLLOW_SECONDS, node.process, what="following")
        except StoreError:
            node.stop()
            self.rejoin(node)

    def rejoin(self, node: PostgresServer) -> None:
        """Brings back a server that is down as a replica of the primary: by pg_rewind, or else by a new copy."""
        if node is self.primary():
            node.start()
            return
        if not _is_standby(node):
            self._rewind(node)
        self._follow_file(node)
        node.start()
        try:
            wait_until(lambda: node.name in self._streaming(), FOLLOW_SECONDS, node.process, what="following")
        except StoreError:
            node.stop()
            self._copy(node)
            node.start()

    def _rewind(self, node: PostgresServer) -> None:
        source = f"host={HOST} port={self.primary().port} user={SUPERUSER} dbname={SUPERUSER}"
        # pg_rewind compares with the source's last checkpoint, which a fresh promotion has not written yet.
        self.primary().sql("CHECKPOINT")
        try:
            run_tool(node.user, "pg_rewind", "-D", str(node.data), "--source-server", source, seconds=COPY_SECONDS)
        except StoreError:
            self._copy(node)
        else:
            _write(node, "standby.signal", "")

    def _copy(self, node: PostgresServer) -> None:
        shutil.rmtree(node.data)
        node.data.mkdir(mode=0o700)
        if node.user is not None:
            node.user.own(node.data)
        options = ["-h", HOST, "-p", str(self.primary().port), "-U", SUPERUSER, "-c", "fast", "-X", "stream"]
        run_tool(node.user, "pg_basebackup", "-D", str(node.data), *options, seconds=COPY_SECONDS)
        _write(node, "standby.signal", "")
        self._follow_file(node)

    def wait_healthy(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Waits until the primary takes writes and every replica that is up streams from it."""
        wait_until(self.is_healthy, seconds, what="a healthy PostgreSQL cluster")

    def is_healthy(self) -> bool:
        """Whether the primary takes writes and every replica that is up streams from it."""
        expected = {node.name for node in self.replicas() if node.alive}
        return self.primary().alive and expected <= self._streaming()

    def _streaming(self) -> set[str]:
        query = "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming' AND NOT pg_is_in_recovery()"
        try:
            return {name for (name,) in self.primary().sql(query)}
        except UNREACHABLE:
            return set()

    def stop(self) -> None:
        """Ends all in order, the primary first: it sends its last records before it ends, so nobody has to rewind."""
        for node in [self.primary(), *self.replicas()]:
            node.stop()

    def kill(self) -> None:
        """Ends all at once (SIGKILL); the data stays."""
        for node in self.nodes:
            node.kill()


def _is_standby(node: PostgresServer) -> bool:
    return (node.data / "standby.signal").exists()


def _write(node: PostgresServer, name: str, text: str) -> None:
    path = node.data / name
    path.write_text(text)
    if node.user is not None:
        node.user.own(path)

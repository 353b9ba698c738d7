"""What is known of each host: who is primary, which replicas are fresh; kept by checking them all the time."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from myclothes_kit.positions import Position
from myclothes_kit.postgres.connections import NETWORK_ERRORS, Connection, connect, limit
from myclothes_kit.pressure import patience

if TYPE_CHECKING:
    from myclothes_kit.postgres.settings import DatabaseSettings, Endpoint
    from myclothes_kit.resolver import StaleResolver

log = structlog.get_logger()

# The receiver's columns are NULL to a role without pg_read_all_stats (pg_monitor): such a replica never counts.
_CHECK = """
SELECT pg_is_in_recovery() AS standby,
       CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8)
            ELSE to_hex(receiver.received_tli) END AS timeline,
       (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0')::bigint
         AS lsn,
       coalesce(receiver.status = 'streaming', false) AS streaming,
       receiver.pid IS NOT NULL AND receiver.status IS NULL AS hidden
FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver AS receiver ON true
"""


@dataclass(slots=True)
class Node:
    """The last check of one host."""

    endpoint: Endpoint
    checked_at: float = float("-inf")
    """When the last check began; -inf when it failed."""
    answered_at: float = float("-inf")
    """When a check was last answered, whatever has failed since: what silence is measured from."""
    trusted_from: float = float("-inf")
    """Until when it is doubted after a silence."""
    standby: bool = False
    streaming: bool = False
    position: Position = field(default_factory=Position)


class Nodes:
    """All hosts of one database, each checked every `database_check_seconds` on a connection of its own."""

    def __init__(self, settings: DatabaseSettings, service: str, resolver: StaleResolver) -> None:
        self._settings = settings
        self._service = service
        self._resolver = resolver
        self._nodes = [Node(endpoint) for endpoint in settings.database_endpoints]
        self._closing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._connections: dict[Endpoint, Connection] = {}
        self._marks: deque[tuple[float, Position]] = deque()  # where the primary was, and when
        self._turn = 0
        self.timeline = 0
        """The newest timeline on which a primary was seen: one on an older timeline has been deposed."""

    async def open(self) -> None:
        """Check every host once (bounded by the connect time-out), then go on in the background."""
        await asyncio.gather(*(self._check(node) for node in self._nodes))
        self._tasks = [asyncio.create_task(self._watch(node)) for node in self._nodes]

    async def close(self) -> None:
        """Stop checking."""
        self._closing.set()
        for connection in self._connections.values():
            connection.terminate()
        await asyncio.gather(*self._tasks)

    def primary(self) -> Endpoint | None:
        """The host that was primary when last checked, on the newest timeline; None while there is none."""
        primaries = [
            node
            for node in self._nodes
            if not node.standby
            and self._recent(node)
            and node.position.timeline >= self.timeline
            and not self.doubts(node.endpoint, node.position.timeline)
        ]
        return max(primaries, key=lambda node: node.position).endpoint if primaries else None

    def replicas(self) -> list[Endpoint]:
        """The replicas that stream and lag by `database_lag_seconds` at most, another one first each time."""
        mark = self._mark()
        return self._rotated(
            [n.endpoint for n in self._nodes if self._standby(n) and n.streaming and n.position >= mark]
        )

    def standbys(self) -> list[Endpoint]:
        """All replicas that answer, also those that stream from nobody: for reads while there is no primary."""
        return self._rotated([node.endpoint for node in self._nodes if self._standby(node)])

    def saw_primary(self, timeline: int) -> None:
        """Take note of a primary met on a connection."""
        self.timeline = max(self.timeline, timeline)

    def doubts(self, endpoint: Endpoint, timeline: int) -> bool:
        """Whether a primary may have been deposed in a silence: it is on the timeline that it was on before.

        Frozen for about its lease and back before every standby follows the successor, it could have a commit
        confirmed by one that does not, and the successor would never know. docs/adr/0016-silent-primaries.md
        """
        node = next(node for node in self._nodes if node.endpoint == endpoint)
        now = asyncio.get_running_loop().time()
        return timeline == node.position.timeline and (self._silent(node, now) or now < node.trusted_from)

    def _silent(self, node: Node, now: float) -> bool:
        return now - node.answered_at > self._settings.database_silence_seconds

    def _recent(self, node: Node) -> bool:
        longest = self._settings.database_check_seconds + patience(self._settings.database_connect_seconds)
        return asyncio.get_running_loop().time() - node.checked_at <= longest

    def _standby(self, node: Node) -> bool:
        return node.standby and self._recent(node)

    def _rotated(self, endpoints: list[Endpoint]) -> list[Endpoint]:
        self._turn += 1
        start = self._turn % len(endpoints) if endpoints else 0
        return endpoints[start:] + endpoints[:start]

    def _mark(self) -> Position:
        """Where the primary was `database_lag_seconds` ago, or when it was last seen before that."""
        edge = asyncio.get_running_loop().time() - self._settings.database_lag_seconds
        while len(self._marks) > 1 and self._marks[1][0] <= edge:
            self._marks.popleft()
        return self._marks[0][1] if self._marks and self._marks[0][0] <= edge else Position()

    async def _watch(self, node: Node) -> None:
        while not self._closing.is_set():
            try:
                await self._check(node)
            except Exception:
                log.exception("database_check_failed", host=str(node.endpoint))
                node.checked_at = float("-inf")
            try:
                async with asyncio.timeout(self._settings.database_check_seconds):
                    await self._closing.wait()
            except TimeoutError:
                continue

    async def _check(self, node: Node) -> None:
        started = asyncio.get_running_loop().time()
        try:
            connection = self._connections.get(node.endpoint)
            if connection is None or connection.is_closed():
                connection = await connect(self._settings, node.endpoint, self._service, self._resolver)
                self._connections[node.endpoint] = connection
                if self._closing.is_set():
                    connection.terminate()
            with limit(connection, patience(self._settings.database_connect_seconds)):
                row = await connection.fetchrow(_CHECK)
        except NETWORK_ERRORS as error:
            if node.checked_at > float("-inf"):
                log.warning("database_host_away", host=str(node.endpoint), error=type(error).__name__)
            node.checked_at = float("-inf")
            return
        self._update(node, row, started)

    def _update(self, node: Node, row: Any, started: float) -> None:
        if row["hidden"] and node.checked_at == float("-inf"):
            log.error("database_role_lacks_pg_monitor", host=str(node.endpoint), effect="no reads from this replica")
        node.standby, node.streaming, node.checked_at = row["standby"], row["streaming"], started
        # Without a receiver the timeline known before still holds: a node's timeline never goes back.
        timeline = int(row["timeline"], 16) if row["timeline"] else node.position.timeline
        now = asyncio.get_running_loop().time()
        if not node.standby and timeline == node.position.timeline and self._silent(node, now):
            log.warning("database_primary_was_silent", host=str(node.endpoint), timeline=timeline)
            node.trusted_from = now + self._settings.database_doubt_seconds
        node.answered_at = now
        node.position = Position(timeline, row["lsn"] or 0)
        if not node.standby and timeline >= self.timeline:
            if timeline > self.timeline:
                log.info("database_primary", host=str(node.endpoint), timeline=timeline)
            self.timeline = timeline
            self._marks.append((now, node.position))
            self._mark()

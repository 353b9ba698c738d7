"""The two ways to the database, chosen by the caller in the open: write (the primary), read (a fresh enough node)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from myclothes_kit.postgres import failures
from myclothes_kit.postgres.commits import commit
from myclothes_kit.postgres.connections import limit, position_of
from myclothes_kit.postgres.engines import Engines, driver_of
from myclothes_kit.postgres.errors import DatabaseAway, OutcomeUnknown, PositionNotReached
from myclothes_kit.postgres.metrics import READS, READS_PASSED_ON, WRITES
from myclothes_kit.postgres.nodes import Nodes
from myclothes_kit.resolver import StaleResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from myclothes_kit.positions import Position
    from myclothes_kit.postgres.settings import DatabaseSettings

T = TypeVar("T")

WRITE_TRIES = 3
"""How often a transaction is run that collided with another or lost its connection before its commit was sent.

Only within `database_transaction_seconds` of the first try, or a frozen primary would be waited for as often."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a transaction returned, and the position that has all it shows."""

    value: T
    position: Position


class Database:
    """One database on one primary and its replicas. Opened by `open_database`."""

    def __init__(self, settings: DatabaseSettings, nodes: Nodes, engines: Engines) -> None:
        self._settings = settings
        self._nodes = nodes
        self._engines = engines
        self._writes: set[asyncio.Task[Any]] = set()

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> Answer[T]:
        """Run `work` in a read-committed transaction on the primary and commit it.

        `work` gets the open connection, must not commit, and may be run up to WRITE_TRIES times: it touches nothing
        but the database. What it raises rolls everything back and is passed on. The transaction goes on to its end,
        within the settings' limits, also when the caller is cancelled: a commit is never cancelled.
        Raises DatabaseAway, DatabaseBusy (nothing was changed) or OutcomeUnknown (repeat under the same operation id).
        """
        task = asyncio.create_task(self._write(work))
        self._writes.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, or one whose caller has gone would be called forgotten

    async def await_primary(self) -> None:
        """Return as soon as there is a primary to write to; raises DatabaseAway before long.

        For writes that need something costly first, which would be done for nothing.
        """
        await self._engines.await_primary()

    async def read(
        self, work: Callable[[AsyncConnection], Awaitable[T]], at_least: Position | None = None
    ) -> Answer[T]:
        """Run `work` read-only on one snapshot of a replica that has reached `at_least`, else of the primary.

        A node that fails is passed over for the next, so `work` may be run several times. With no primary, any
        replica that has reached `at_least` serves. Raises PositionNotReached, DatabaseAway or DatabaseBusy.
        """
        return await self._first(work, at_least, self._candidates())

    async def read_newest(
        self, work: Callable[[AsyncConnection], Awaitable[T]], at_least: Position | None = None
    ) -> Answer[T]:
        """Run `work` read-only on the primary: for what must show every acknowledged write, whoever made it."""
        return await self._first(work, at_least, iter([("primary", self._engines.primary_reads)]))

    def _candidates(self) -> Iterator[tuple[str, AsyncEngine]]:
        fresh = self._nodes.replicas()
        for endpoint in fresh:
            yield "replica", self._engines.replicas[endpoint]
        if self._nodes.primary() is not None:
            yield "primary", self._engines.primary_reads
        for endpoint in self._nodes.standbys() if self._nodes.primary() is None else ():
            if endpoint not in fresh:
                yield "standby", self._engines.replicas[endpoint]
        if self._nodes.primary() is None:
            yield "primary", self._engines.primary_reads

    async def _first(
        self,
        work: Callable[[AsyncConnection], Awaitable[T]],
        at_least: Position | None,
        candidates: Iterator[tuple[str, AsyncEngine]],
    ) -> Answer[T]:
        refusal: Exception = DatabaseAway()
        behind: PositionNotReached | None = None
        for kind, engine in candidates:
            try:
                answer = await self._read(engine, work, at_least, replica=kind != "primary")
            except PositionNotReached as error:
                behind = error
                READS_PASSED_ON.labels("behind").inc()
                continue
            except DatabaseAway as error:
                refusal = error
            except failures.ERRORS as error:
                meaning = failures.problem(error)
                if meaning is None or failures.sqlstate(error) == failures.READ_ONLY:
                    raise
                refusal = meaning
            else:
                READS.labels(kind).inc()
                return answer
            READS_PASSED_ON.labels("failed").inc()
        raise behind or refusal

    async def _read(
        self,
        engine: AsyncEngine,
        work: Callable[[AsyncConnection], Awaitable[T]],
        at_least: Position | None,
        *,
        replica: bool,
    ) -> Answer[T]:
        async with engine.connect() as connection:
            driver = await driver_of(connection)
            with limit(driver, self._settings.database_read_seconds):
                try:
                    if at_least is not None:
                        # Before the transaction: its snapshot must be the later of the two.
                        here = await position_of(driver)
                        reached = at_least.reached_by_replica if replica else at_least.reached_by_primary
                        if not reached(here):
                            raise PositionNotReached
                    value = await work(connection)
                    # After the snapshot: it has all that the answer shows.
                    return Answer(value, await position_of(driver))
                except failures.ERRORS as error:
                    if failures.is_gone(error):
                        await connection.invalidate()
                    raise

    async def _write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> Answer[T]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.database_transaction_seconds
        for attempt in range(1, WRITE_TRIES + 1):
            try:
                answer = await self._transaction(work)
            except OutcomeUnknown:
                WRITES.labels("unknown").inc()
                raise
            except failures.ERRORS as error:
                again = failures.is_collision(error) or failures.is_gone(error)
                if again and attempt < WRITE_TRIES and loop.time() < deadline:
                    WRITES.labels("repeated").inc()
                    continue
                meaning = failures.problem(error)
                WRITES.labels("failed").inc()
                if meaning is None:
                    raise
                raise meaning from error
            except DatabaseAway:
                WRITES.labels("away").inc()
                raise
            else:
                WRITES.labels("committed").inc()
                return answer
        raise AssertionError("unreachable")

    async def _transaction(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> Answer[T]:
        async with self._engines.primary.connect() as connection:
            driver = await driver_of(connection)
            with limit(driver, self._settings.database_transaction_seconds):
                value = await work(connection)
            return Answer(value, await commit(connection, driver, self._settings.database_commit_seconds))

    async def close(self) -> None:
        """Let open transactions end within their limits, then close every connection."""
        if self._writes:
            await asyncio.wait(self._writes)
        await self._nodes.close()
        await self._engines.close()


@asynccontextmanager
async def open_database(service: str, settings: DatabaseSettings) -> AsyncIterator[Database]:
    """The database of `service` (named so in pg_stat_activity); it opens also while every host is away."""
    resolver = StaleResolver()
    nodes = Nodes(settings, service, resolver)
    await nodes.open()
    database = Database(settings, nodes, Engines(settings, nodes, service, resolver))
    try:
        yield database
    finally:
        await database.close()
        await resolver.close()

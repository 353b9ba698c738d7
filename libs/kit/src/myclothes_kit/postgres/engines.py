"""SQLAlchemy engines: one for the primary wherever it is, one for each host as a replica."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import structlog
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import create_async_engine

from myclothes_kit.postgres import failures
from myclothes_kit.postgres.connections import NETWORK_ERRORS, Connection, connect, limit, position_of
from myclothes_kit.postgres.errors import DatabaseAway
from myclothes_kit.pressure import patience

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from myclothes_kit.postgres.nodes import Nodes
    from myclothes_kit.postgres.settings import DatabaseSettings, Endpoint
    from myclothes_kit.resolver import StaleResolver

log = structlog.get_logger()

_URL = "postgresql+asyncpg://"
LOOK_SECONDS = 0.05
"""How often a new connection looks whether the checks have seen a primary."""


async def driver_of(connection: AsyncConnection) -> Connection:
    """The driver's connection under `connection`."""
    return cast("Connection", (await connection.get_raw_connection()).driver_connection)


class Engines:
    """The connection pools of one database."""

    def __init__(self, settings: DatabaseSettings, nodes: Nodes, service: str, resolver: StaleResolver) -> None:
        self._settings = settings
        self._nodes = nodes
        self._service = service
        self._resolver = resolver
        self.primary = self._engine(self._connect_primary, settings.database_pool_size)
        """Read-write, read committed."""
        self.primary_reads = self.primary.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        """The same connections, for read-only transactions on one snapshot."""
        self.replicas: dict[Endpoint, AsyncEngine] = {
            endpoint: self._engine(
                self._replica_connector(endpoint), settings.database_replica_pool_size, "REPEATABLE READ"
            )
            for endpoint in settings.database_endpoints
        }
        event.listen(self.primary.sync_engine, "checkout", self._refuse_deposed)
        event.listen(self.primary.sync_engine, "handle_error", _drop_read_only)

    async def close(self) -> None:
        """Close every connection."""
        for engine in (self.primary, *self.replicas.values()):
            await engine.dispose()

    def _engine(
        self, creator: Callable[[], Awaitable[Connection]], size: int, isolation_level: str = "READ COMMITTED"
    ) -> AsyncEngine:
        async def guarded() -> Connection:
            connection = await creator()
            # SQLAlchemy asks a new server some questions before it hands the connection out: bounded too.
            connection.alarm = asyncio.get_running_loop().call_later(
                patience(self._settings.database_connect_seconds), connection.terminate
            )
            return connection

        engine = create_async_engine(
            _URL,
            async_creator=guarded,
            isolation_level=isolation_level,
            pool_size=size,
            max_overflow=0,
            pool_timeout=self._settings.database_pool_seconds,
            pool_use_lifo=True,
        )
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
        return engine

    def _replica_connector(self, endpoint: Endpoint) -> Callable[[], Awaitable[Connection]]:
        async def creator() -> Connection:
            try:
                return await connect(
                    self._settings, endpoint, self._service, self._resolver, default_transaction_read_only="on"
                )
            except NETWORK_ERRORS as error:
                raise DatabaseAway from error

        return creator

    async def await_primary(self) -> Endpoint:
        """The primary that the checks see, or see within `database_connect_seconds`; raises DatabaseAway."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.database_connect_seconds
        while (known := self._nodes.primary()) is None:
            if loop.time() >= deadline:
                raise DatabaseAway
            await asyncio.sleep(LOOK_SECONDS)
        return known

    async def _connect_primary(self) -> Connection:
        """A connection to the primary that the checks see, or see soon.

        Nobody else is asked: a connection costs both sides more CPU than most queries, and while a primary hangs each
        write would open one to every other server, only to hear what the checks have just said.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.database_connect_seconds
        while True:
            connection = await self._primary_at(await self.await_primary())
            if connection is not None:
                return connection
            if loop.time() >= deadline:
                raise DatabaseAway
            await asyncio.sleep(LOOK_SECONDS)

    async def _primary_at(self, endpoint: Endpoint) -> Connection | None:
        """A connection to `endpoint` if it is a primary, neither deposed nor in doubt."""
        try:
            connection = await connect(self._settings, endpoint, self._service, self._resolver)
        except NETWORK_ERRORS:
            return None
        try:
            with limit(connection, patience(self._settings.database_connect_seconds)):
                if not await connection.fetchval("SELECT pg_is_in_recovery()"):
                    connection.timeline = (await position_of(connection)).timeline
        except NETWORK_ERRORS:
            connection.terminate()
            return None
        if connection.timeline == 0 or self._may_be_deposed(connection):
            connection.terminate()
            return None
        self._nodes.saw_primary(connection.timeline)
        return connection

    def _refuse_deposed(self, dbapi_connection: Any, _record: object, _proxy: object) -> None:
        """Replace a pooled connection to a primary that has a successor, or may have one."""
        if self._may_be_deposed(dbapi_connection.driver_connection):
            raise DisconnectionError("a newer primary was seen, or this one was silent")

    def _may_be_deposed(self, connection: Connection) -> bool:
        newest = self._nodes.timeline
        return connection.timeline < newest or self._nodes.doubts(connection.endpoint, connection.timeline)


def _refuse_closed(dbapi_connection: Any, _record: object, _proxy: object) -> None:
    """Replace a pooled connection that the server has closed meanwhile: seen without a round trip."""
    dbapi_connection.driver_connection.alarm.cancel()
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError("closed by the server")


def _drop_read_only(context: ExceptionContext) -> None:
    """A primary that has become read-only is one no more: forget the connection and the whole pool with it."""
    if failures.sqlstate(context.original_exception) == failures.READ_ONLY:
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = True

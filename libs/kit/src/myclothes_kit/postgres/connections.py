"""One connection to one host, and hard limits on what it is used for."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg  # type: ignore[import-untyped]  # it has no types

from myclothes_kit.positions import Position
from myclothes_kit.pressure import patience
from myclothes_kit.settings import read_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from myclothes_kit.postgres.settings import DatabaseSettings, Endpoint
    from myclothes_kit.resolver import StaleResolver

NETWORK_ERRORS = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # cut off between two steps of one query
)
"""What the driver raises when a host is away, starting, stopping or refusing, or its connection was cut off."""

# pg_walfile_name's first 8 digits are the primary's timeline, which pg_control_checkpoint() learns only later.
# A replica's receiver may be gone with its primary: the control file's timeline is then a lower bound.
_POSITION = """
SELECT CASE WHEN pg_is_in_recovery()
            THEN to_hex(greatest((SELECT received_tli FROM pg_stat_wal_receiver),
                                 (SELECT timeline_id FROM pg_control_checkpoint())))
            ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END,
       (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0')::bigint
"""


class Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types for its base
    """A driver connection that knows its host and, on a primary, the timeline it was opened on (else 0)."""

    __slots__ = ("alarm", "endpoint", "timeline")
    alarm: asyncio.TimerHandle
    endpoint: Endpoint
    timeline: int
    _protocol: Any  # a slot of the base

    def terminate(self) -> None:
        """Cut it off at once.

        The driver would also drop its protocol, and a query that is between two of its steps would then fail with an
        AttributeError, a mistake of ours by its looks; with the protocol it fails as on any closed connection.
        """
        protocol = self._protocol
        super().terminate()
        self._protocol = protocol


async def connect(
    settings: DatabaseSettings, endpoint: Endpoint, service: str, resolver: StaleResolver, **server: str
) -> Connection:
    """A new connection to `endpoint` within `database_connect_seconds`, with patience; raises one of NETWORK_ERRORS.

    `server` are further run-time parameters. The driver is given an address, so that it never waits for a name.
    There is deliberately no client_connection_check_interval: a commit whose client has gone must go on waiting for
    its replication.
    """

    async def connect_to(address: str) -> Connection:
        connection: Connection = await asyncpg.connect(
            host=address,
            port=endpoint.port,
            user=settings.database_user,
            database=settings.database_name,
            password=read_secret(settings.database_password_file),
            ssl=settings.database_tls(endpoint.host) or False,
            connection_class=Connection,
            server_settings={
                "application_name": f"myclothes-{service}",
                "statement_timeout": _milliseconds(settings.database_statement_seconds),
                "lock_timeout": _milliseconds(settings.database_lock_seconds),
                "idle_in_transaction_session_timeout": _milliseconds(2 * settings.database_transaction_seconds),
                "default_transaction_isolation": "read committed",
                "jit": "off",
                **server,
            },
        )
        return connection

    attempt: asyncio.Task[Connection] = asyncio.create_task(
        connect_to(endpoint.host) if endpoint.is_socket else resolver.dial(*endpoint, connect_to)
    )
    try:
        done, _ = await asyncio.wait({attempt}, timeout=patience(settings.database_connect_seconds))
    except asyncio.CancelledError:
        _give_up(attempt)
        raise
    if not done:
        _give_up(attempt)
        raise TimeoutError
    connection = attempt.result()
    connection.endpoint, connection.timeline = endpoint, 0
    return connection


@contextmanager
def limit(connection: asyncpg.Connection[Any], seconds: float) -> Iterator[None]:
    """Within this block the connection is cut off hard after `seconds`, failing what runs on it.

    Never by cancelling: the driver would then ask the server to cancel, and a cancelled COMMIT that waits for its
    synchronous replication shows its rows although no replica has them.
    """
    alarm = asyncio.get_running_loop().call_later(seconds, connection.terminate)
    try:
        yield
    finally:
        alarm.cancel()


async def position_of(connection: asyncpg.Connection[Any]) -> Position:
    """How far the connected node is now: a primary's own log, or what a replica has replayed."""
    timeline, lsn = await connection.fetchrow(_POSITION)
    return Position(int(timeline, 16), lsn or 0)


def _give_up(attempt: asyncio.Task[Connection]) -> None:
    """Stop connecting; the driver's own time-out would lose, unclosed, a connection made at the last moment."""
    attempt.cancel()
    attempt.add_done_callback(_close_late)


def _close_late(attempt: asyncio.Task[Connection]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().terminate()


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))

"""What an error of the driver means: try again, busy, away, or a mistake of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped]  # it has no types
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from myclothes_kit.postgres.connections import NETWORK_ERRORS
from myclothes_kit.postgres.errors import DatabaseAway, DatabaseBusy

if TYPE_CHECKING:
    from myclothes_kit.problems import Problem

READ_ONLY = "25006"
_COLLISIONS = frozenset({"40001", "40P01"})  # serialization_failure (also a replica's recovery conflict), deadlock
_BUSY = frozenset({"55P03", "57014"})  # lock_not_available, query_canceled by statement_timeout
_GONE_CLASSES = ("08", "57P")  # connection exceptions; shutting down, crashed, starting up
_SHORT_CLASS = "53"  # too many connections, disk full, out of memory
_REFUSED_AT_COMMIT = "23"  # a deferred constraint

ERRORS = (DBAPIError, PoolTimeoutError, *NETWORK_ERRORS)
_CUT_OFF = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError)


def sqlstate(error: BaseException) -> str:
    """The error's SQLSTATE, empty if it has none."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(origin, "sqlstate", None) or "")


def is_collision(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when run again."""
    return sqlstate(error) in _COLLISIONS


def is_gone(error: BaseException) -> bool:
    """Whether the connection or its server is gone, or no longer a primary."""
    state = sqlstate(error)
    if state:
        return state.startswith(_GONE_CLASSES) or state == READ_ONLY
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error.orig, OSError) or _closed(error.orig)
    return isinstance(error, _CUT_OFF)


def is_refused(error: BaseException) -> bool:
    """Whether the server itself said that a COMMIT did not happen."""
    return is_collision(error) or sqlstate(error).startswith(_REFUSED_AT_COMMIT)


def problem(error: BaseException) -> Problem | None:
    """What to tell the caller when nothing more is tried; None when the error is a mistake of ours."""
    state = sqlstate(error)
    if isinstance(error, PoolTimeoutError) or state in _BUSY | _COLLISIONS or state.startswith(_SHORT_CLASS):
        return DatabaseBusy()
    return DatabaseAway() if is_gone(error) else None


def _closed(origin: BaseException | None) -> bool:
    cause = getattr(origin, "__cause__", None) or getattr(origin, "driver_exception", None)
    return isinstance(cause, _CUT_OFF)

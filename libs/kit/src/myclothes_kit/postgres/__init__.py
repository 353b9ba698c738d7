"""Postgres with one primary and replicas: writes with a known outcome, reads that never go back in time.

database = await stack.enter_async_context(postgres.open_database("users", settings))
answer = await database.write(work)            # work(connection) on the primary, committed and replicated
answer = await database.read(work, position)   # on a replica that has reached `position`, else on the primary
answer.value, answer.position
"""

from myclothes_kit.positions import HEADER, PATTERN, Position
from myclothes_kit.postgres.arrays import any_of
from myclothes_kit.postgres.database import Answer, Database, open_database
from myclothes_kit.postgres.errors import (
    DatabaseAway,
    DatabaseBusy,
    OperationIdReused,
    OutcomeUnknown,
    PositionInvalid,
    PositionNotReached,
)
from myclothes_kit.postgres.operations import Stored, fingerprint, once, operations_table, purge
from myclothes_kit.postgres.positions import requested
from myclothes_kit.postgres.settings import DatabaseSettings, Endpoint

__all__ = [
    "HEADER",
    "PATTERN",
    "Answer",
    "Database",
    "DatabaseAway",
    "DatabaseBusy",
    "DatabaseSettings",
    "Endpoint",
    "OperationIdReused",
    "OutcomeUnknown",
    "Position",
    "PositionInvalid",
    "PositionNotReached",
    "Stored",
    "any_of",
    "fingerprint",
    "once",
    "open_database",
    "operations_table",
    "purge",
    "requested",
]

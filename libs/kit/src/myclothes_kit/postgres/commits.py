"""Commits with a known outcome, or one that says it is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_kit.postgres import failures
from myclothes_kit.postgres.connections import Connection, limit, position_of
from myclothes_kit.postgres.errors import OutcomeUnknown

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_kit.positions import Position


async def commit(connection: AsyncConnection, driver: Connection, seconds: float) -> Position:
    """Commit, and answer the position that has it. Not to be cancelled.

    Raises OutcomeUnknown after `seconds` or a lost connection, and when the server gave up waiting for replication;
    the errors of `failures.is_refused` and those before COMMIT is sent mean that nothing was changed.
    """
    warnings: list[object] = []

    def heard(_connection: object, message: object) -> None:
        if getattr(message, "severity_en", None) == "WARNING":
            warnings.append(message)

    with limit(driver, seconds):
        # Fails in an aborted transaction, whose COMMIT would quietly be a ROLLBACK.
        await connection.exec_driver_sql("SELECT 1")
        driver.add_log_listener(heard)
        try:
            await connection.commit()
            position = await position_of(driver)
        except failures.ERRORS as error:
            if failures.is_refused(error):
                raise
            await connection.invalidate()
            raise OutcomeUnknown from error
        finally:
            driver.remove_log_listener(heard)
    if warnings:
        # "canceling wait for synchronous replication": an operator cancelled it; committed here, perhaps nowhere else.
        await connection.invalidate()
        raise OutcomeUnknown
    return position

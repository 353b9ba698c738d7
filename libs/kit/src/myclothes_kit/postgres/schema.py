"""The check that the database's schema is at least the one that this release needs, before requests are served."""

from __future__ import annotations

import ast
import asyncio
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from myclothes_kit.problems import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_kit.health import Readiness
    from myclothes_kit.postgres.database import Database

log = structlog.get_logger()

CHECK_SECONDS = 1.0
"""Between two checks for an outdated schema."""
UNCHECKED = "schema_unchecked"
OUTDATED = "schema_outdated"


async def watch(database: Database, folder: Path, readiness: Readiness) -> None:
    """Keep `readiness` blocked until the schema in the database is at least the one of the alembic `folder`.

    For a task in the service's lifespan. It returns once the schema is there; a revision that this release does not
    know is a newer one, which the release before must serve too.
    """
    readiness.block(UNCHECKED)
    before = _revisions(folder)
    (head,) = before.keys() - set(before.values())
    while True:
        try:
            applied = (await database.read(_applied)).value
        except Unavailable:
            pass
        else:
            if applied == head or (applied is not None and applied not in before):
                readiness.unblock(OUTDATED)
                readiness.unblock(UNCHECKED)
                return
            readiness.block(OUTDATED)
            readiness.unblock(UNCHECKED)
            log.warning("schema_outdated", applied=applied, needed=head)
        await asyncio.sleep(CHECK_SECONDS)


def _revisions(folder: Path) -> dict[str, str | None]:
    """Each revision in `folder` and the one before it, read from the scripts: alembic itself costs 10 MiB a process."""
    found: dict[str, str | None] = {}
    for script in (folder / "versions").glob("*.py"):
        names = {
            target.id: ast.literal_eval(statement.value)
            for statement in ast.parse(script.read_text(encoding="utf-8")).body
            if isinstance(statement, ast.Assign)
            and isinstance(target := statement.targets[0], ast.Name)
            and target.id in ("revision", "down_revision")
        }
        found[names["revision"]] = names["down_revision"]
    return found


async def _applied(connection: AsyncConnection) -> str | None:
    if await connection.scalar(sa.text("SELECT to_regclass('alembic_version') IS NULL")):
        return None
    revision: str | None = await connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return revision

"""Schema changes, in a command of their own.

A service ships an alembic folder as package data. Its env.py is one call: `run_migrations(METADATA)`. Serving processes
do not import this module, and so not alembic: see `schema` for their check.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from myclothes_kit.postgres import failures
from myclothes_kit.postgres.connections import limit
from myclothes_kit.postgres.engines import Engines, driver_of
from myclothes_kit.postgres.nodes import Nodes
from myclothes_kit.problems import Unavailable
from myclothes_kit.resolver import StaleResolver

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from myclothes_kit.postgres.settings import DatabaseSettings

log = structlog.get_logger()

LOCK_SECONDS = 4
STATEMENT_SECONDS = 5
MIGRATE_SECONDS = 120.0
"""One try of a migration, all of its statements."""
MIGRATE_TRIES = 10
MIGRATE_PAUSE_SECONDS = 2.0
_ADVISORY_LOCK = 0x6D79_636C  # one migration at a time in a database


def config(folder: Path, connection: Connection | None = None) -> Config:
    """Alembic's settings for the scripts in `folder`, to run on `connection`."""
    made = Config()
    made.set_main_option("script_location", str(folder))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def run_migrations(metadata: sa.MetaData) -> None:
    """The whole of a service's env.py: all pending migrations in one transaction, with short lock and statement limits.

    A migration that would block the serving release fails instead, and is tried again.
    """
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is None:
        raise SystemExit("Use the service's own command: python -m myclothes_<service> migrate")
    context.configure(connection=connection, target_metadata=metadata, compare_type=True, compare_server_default=True)
    with context.begin_transaction():
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        connection.execute(sa.text(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'"))
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
        context.run_migrations()


async def migrate(service: str, settings: DatabaseSettings, folder: Path) -> None:
    """Apply what is pending in `folder` to the primary; repeats while the primary is away or a lock is held.

    A newer schema than the folder's is left as it is: a rollback runs the older release's migrations again, and that
    release serves the newer schema. Raises the last failure after MIGRATE_TRIES.
    """
    resolver = StaleResolver()
    nodes = Nodes(settings, service, resolver)
    await nodes.open()
    engines = Engines(settings, nodes, service, resolver)
    try:
        for attempt in range(1, MIGRATE_TRIES + 1):
            try:
                async with engines.primary.connect() as connection:
                    with limit(await driver_of(connection), MIGRATE_SECONDS):
                        revision = await connection.run_sync(lambda sync: _upgrade(folder, sync))
                        await connection.commit()
            except (DBAPIError, Unavailable) as error:
                busy = isinstance(error, Unavailable) or failures.problem(error) is not None
                if not busy or attempt == MIGRATE_TRIES:
                    raise
                log.warning("migration_repeated", attempt=attempt, sqlstate=failures.sqlstate(error))
                await asyncio.sleep(MIGRATE_PAUSE_SECONDS)
            else:
                log.info("migrated", revision=revision)
                return
    finally:
        await nodes.close()
        await engines.close()
        await resolver.close()


def _upgrade(folder: Path, connection: Connection) -> str | None:
    """The revision that the schema has afterwards."""
    alembic = config(folder, connection)
    scripts = ScriptDirectory.from_config(alembic)
    applied = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()  # the migration's transaction is its own
    if applied is not None and applied not in {script.revision for script in scripts.walk_revisions()}:
        return applied
    command.upgrade(alembic, "head")
    return scripts.get_current_head()

"""Migrations in a command of their own, and readiness that waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import textwrap

import pytest
import sqlalchemy as sa

from myclothes_kit.health import Readiness
from myclothes_kit.postgres import migrations, open_database, schema

from .conftest import settings_for

PATIENCE = 20.0


@pytest.fixture
def folder(tmp_path):
    """An alembic folder with one migration."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(
        "import sqlalchemy as sa\nfrom myclothes_kit.postgres.migrations import run_migrations\n"
        "run_migrations(sa.MetaData())\n"
    )
    add_migration(tmp_path, "0001", None, "op.create_table('things', sa.Column('id', sa.Integer))")
    return tmp_path


def add_migration(folder, revision, down, body):
    (folder / "versions" / f"{revision}.py").write_text(
        textwrap.dedent(f"""
            import sqlalchemy as sa
            from alembic import op
            revision = {revision!r}
            down_revision = {down!r}
            def upgrade():
                {body}
        """)
    )


@pytest.fixture
def settings(single):
    return settings_for(single.hosts, single.name, single.user)


@contextlib.asynccontextmanager
async def watching(settings, folder):
    readiness = Readiness()
    async with open_database("kit", settings) as db:
        task = asyncio.create_task(schema.watch(db, folder, readiness))
        await asyncio.sleep(0)
        yield readiness, task
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def reasons(readiness, wanted):
    async with asyncio.timeout(PATIENCE):
        while readiness.reasons != wanted:  # noqa: ASYNC110 - Readiness has no event
            await asyncio.sleep(0.02)


async def test_an_outdated_schema_blocks_readiness_until_it_is_migrated(settings, folder):
    async with watching(settings, folder) as (readiness, task):
        assert readiness.reasons == (schema.UNCHECKED,)
        await reasons(readiness, (schema.OUTDATED,))
        await migrations.migrate("kit", settings, folder)
        await reasons(readiness, ())
        await asyncio.wait_for(task, PATIENCE)
    add_migration(folder, "0002", "0001", "op.add_column('things', sa.Column('more', sa.Integer))")
    async with watching(settings, folder) as (readiness, _):
        await reasons(readiness, (schema.OUTDATED,))


async def test_a_newer_schema_serves_the_release_before(settings, folder):
    await migrations.migrate("kit", settings, folder)
    async with open_database("kit", settings) as db:
        await db.write(lambda c: c.execute(sa.text("UPDATE alembic_version SET version_num = '0002'")))
    async with watching(settings, folder) as (readiness, task):
        await asyncio.wait_for(task, PATIENCE)
        assert readiness.ready


async def test_the_migrations_of_the_release_before_leave_a_newer_schema_alone(settings, folder, single, postgres):
    add_migration(folder, "0002", "0001", "op.add_column('things', sa.Column('more', sa.Integer))")
    await migrations.migrate("kit", settings, folder)
    (folder / "versions" / "0002.py").unlink()
    await migrations.migrate("kit", settings, folder)
    assert postgres.sql("SELECT version_num FROM alembic_version", database=single.name) == [("0002",)]


async def test_a_migration_that_fails_leaves_nothing_and_one_that_finds_a_lock_waits(
    settings, folder, single, postgres, monkeypatch
):
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 1)
    await migrations.migrate("kit", settings, folder)
    add_migration(folder, "0002", "0001", "op.add_column('things', sa.Column('more', sa.Integer))")
    async with open_database("kit", settings) as db:

        async def holds(connection):
            await connection.execute(sa.text("SELECT count(*) FROM things"))
            migration = asyncio.create_task(migrations.migrate("kit", settings, folder))
            await asyncio.wait({migration}, timeout=1.5)
            assert not migration.done()
            return migration

        await (await db.write(holds)).value
    add_migration(
        folder, "0003", "0002", "op.create_table('half', sa.Column('id', sa.Integer)); op.execute('SELECT 1/0')"
    )
    with pytest.raises(sa.exc.StatementError):
        await migrations.migrate("kit", settings, folder)
    assert postgres.sql("SELECT to_regclass('half')::text", database=single.name) == [(None,)]

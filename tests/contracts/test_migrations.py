"""Each revision of a schema only adds to the one before, so that the release before goes on with it.

It serves while the pods are replaced, and after a rollback. What a revision changes is seen in a real database: what
it does by plain SQL too, but for checks and triggers. A constraint on columns that were there would refuse what the
release before writes.
"""

from __future__ import annotations

import textwrap

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from myclothes_kit.postgres import migrations
from myclothes_shop.commands import ALEMBIC as SHOP
from myclothes_users.app import MIGRATIONS as USERS

FIRST = "op.create_table('things', sa.Column('name', sa.Text), sa.Column('size', sa.Integer, server_default='1'))"
ADDING = """
    op.add_column('things', sa.Column('colour', sa.Text))
    op.add_column('things', sa.Column('weight', sa.Integer, nullable=False, server_default='0'))
    op.create_index('things_name', 'things', ['name'])
    op.create_unique_constraint('things_colour_key', 'things', ['colour'])
    op.create_table('others', sa.Column('id', sa.Integer, primary_key=True), sa.Column('key', sa.Text, unique=True))
    op.add_column('things', sa.Column('other', sa.Integer, sa.ForeignKey('others.id')))
"""
HARMS = {
    "a table is dropped": "op.drop_table('things')",
    "a column is dropped": "op.drop_column('things', 'name')",
    "a column is dropped by plain SQL": "op.execute('ALTER TABLE things DROP COLUMN name')",
    "a column is renamed": "op.alter_column('things', 'name', new_column_name='title')",
    "a type is changed": "op.alter_column('things', 'size', type_=sa.BigInteger)",
    "what was optional is asked for": "op.alter_column('things', 'name', nullable=False)",
    "a default goes": "op.alter_column('things', 'size', server_default=None)",
    "what nobody fills is asked for": "op.add_column('things', sa.Column('more', sa.Text, nullable=False))",
    "what may be there twice may not": "op.create_unique_constraint('things_name_key', 'things', ['name'])",
}


def _is_addition(change: tuple | list, before: sa.MetaData) -> bool:
    """Whether a change, of those that would bring the schema back to `before`, takes away what is merely new."""
    match change:
        case ("remove_table", _):
            return True
        case ("remove_column", _, _, column):
            return column.nullable or column.server_default is not None or column.identity is not None
        case ("remove_index" | "remove_constraint" | "remove_fk", one):
            known = before.tables.get(one.table.name)
            refuses = getattr(one, "unique", True)
            return known is None or not refuses or not any(column.name in known.columns for column in one.columns)
    return False


async def _harm(database, folder) -> list:
    """What the revisions in a folder change and do not add, each with its number, after all were applied."""
    found = []

    def apply(connection: sa.Connection) -> None:
        config = migrations.config(folder, connection)
        for script in reversed(list(ScriptDirectory.from_config(config).walk_revisions())):
            before = sa.MetaData()
            before.reflect(connection, only=lambda name, _: name != "alembic_version")
            command.upgrade(config, script.revision)
            options = {"compare_type": True, "compare_server_default": True}
            changes = compare_metadata(MigrationContext.configure(connection, opts=options), before)
            found.extend((script.revision, change) for change in changes if not _is_addition(change, before))

    engine = create_async_engine(database.dsn.replace("postgresql", "postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            await connection.run_sync(apply)
    finally:
        await engine.dispose()
    return found


def _revisions(folder, *bodies: str):
    """An alembic folder of these."""
    (folder / "versions").mkdir()
    (folder / "env.py").write_text(
        "import sqlalchemy as sa\nfrom myclothes_kit.postgres.migrations import run_migrations\n"
        "run_migrations(sa.MetaData())\n"
    )
    for number, body in enumerate(bodies, 1):
        (folder / "versions" / f"{number}.py").write_text(
            f"import sqlalchemy as sa\nfrom alembic import op\nrevision = '{number}'\n"
            f"down_revision = {str(number - 1) if number > 1 else None!r}\n"
            f"def upgrade():\n{textwrap.indent(textwrap.dedent(body), '    ')}\n"
        )
    return folder


@pytest.mark.parametrize(("name", "folder"), [("shop", SHOP), ("users", USERS)])
async def test_a_revision_only_adds(database, name, folder):
    assert await _harm(database(name), folder) == []


async def test_what_is_added_in_any_way_is_no_harm(database, tmp_path):
    assert await _harm(database("adding"), _revisions(tmp_path, FIRST, ADDING)) == []


@pytest.mark.parametrize("body", HARMS.values(), ids=HARMS)
async def test_what_the_release_before_would_miss_is_seen(database, tmp_path, body):
    (first, *_) = await _harm(database("harm"), _revisions(tmp_path, FIRST, ADDING, body))
    assert first[0] == "3"

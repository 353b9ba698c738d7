"""A small service's database: one table, its operations, on a single server."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from myclothes_kit.postgres import DatabaseSettings, open_database, operations_table

METADATA = sa.MetaData()
NOTES = sa.Table("notes", METADATA, sa.Column("id", sa.Text, primary_key=True), sa.Column("n", sa.Integer))
OPERATIONS = operations_table(METADATA)


def settings_for(hosts, name, user, **values):
    return DatabaseSettings(port=8000, database_hosts=hosts, database_name=name, database_user=user, **values)


@pytest.fixture
def single(database):
    """A fresh database of one server: its settings' values."""
    return database("kit", owner="kit")


@pytest.fixture
async def db(single):
    """An open database with the tables of this suite."""
    async with open_database("kit", settings_for(single.hosts, single.name, single.user)) as opened:
        await opened.write(lambda connection: connection.run_sync(METADATA.create_all))
        yield opened

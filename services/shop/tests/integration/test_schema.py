"""The schema, and what it refuses by itself."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from myclothes_kit.postgres import migrations
from myclothes_shop.commands import ALEMBIC


async def test_tables_and_migrations_say_the_same(shop_database):
    engine = create_async_engine(shop_database.dsn.replace("postgresql", "postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: command.check(migrations.config(ALEMBIC, sync)))
    finally:
        await engine.dispose()


async def test_stock_changes_by_movements_only_and_never_below_zero(inside, kit):
    await inside.put(kit.listing(variants=[("S", 5)]))
    for statement in (
        "UPDATE stock SET available = 9",
        "DELETE FROM stock",
        "UPDATE stock_movements SET quantity = 9",
        "DELETE FROM stock_movements",
    ):
        with pytest.raises(DBAPIError, match="changes by a row in stock_movements"):
            await inside.execute(statement)
    with pytest.raises(IntegrityError, match="stock_available_check"):
        await inside.execute("INSERT INTO stock_movements (sku, kind, quantity) VALUES ('tee-S', 'corrected', -6)")
    await inside.execute("INSERT INTO stock_movements (sku, kind, quantity) VALUES ('tee-S', 'corrected', -5)")
    assert await inside.available() == {"tee-S": 0}


async def test_the_books_would_show_a_stock_that_was_tampered_with(inside, kit, postgres, shop_database):
    await inside.put(kit.listing(variants=[("S", 5)]))
    postgres.sql("ALTER TABLE stock DISABLE TRIGGER ALL", database=shop_database.name)
    await inside.execute("UPDATE stock SET available = 4")
    assert await inside.off_balance() == [("tee-S", 4, 5)]
    await inside.execute("UPDATE stock SET available = 5")


async def test_a_replica_is_unready_until_the_schema_is_there(database, serve, kit):
    settings = kit.settings_for(database("shop", owner="shop"))

    async def reasons():
        async with replica.session.get("/readyz") as response:
            return await response.text()

    async with serve(settings, wait=False) as replica:
        await kit.eventually(lambda: _is(reasons, "schema_outdated"), "found out that there is no schema")
        assert (await replica("GET", "/livez", headers={})).status == 200
        await migrations.migrate("shop", settings, ALEMBIC)
        await kit.eventually(lambda: _is(reasons, "ok"), "ready once the schema is there")


async def _is(reasons, wanted):
    return await reasons() == wanted

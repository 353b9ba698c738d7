"""The fixtures every package's tests use."""

import asyncpg


def test_valkey_is_empty_and_durable(valkey, valkey_url):
    assert valkey_url == valkey.url
    assert valkey.call("DBSIZE") == 0
    assert valkey.call("CONFIG", "GET", "appendonly") == {"appendonly": "yes"}
    valkey.call("SET", "left", "behind")


def test_valkey_is_empty_again(valkey):
    assert valkey.call("DBSIZE") == 0


async def test_databases_are_apart(database):
    first, second = database("shop"), database("shop")
    assert first.name != second.name
    for each in (first, second):
        connection = await asyncpg.connect(each.dsn)
        await connection.execute("CREATE EXTENSION pg_trgm")
        await connection.execute("CREATE EXTENSION unaccent")
        await connection.execute("CREATE TABLE only_once (id int)")
        await connection.close()


async def test_a_database_can_be_copied(database):
    template = database("users")
    connection = await asyncpg.connect(template.dsn)
    await connection.execute("CREATE TABLE migrated AS SELECT 1 AS id")
    await connection.close()
    copy = database("users", template=template.name)
    connection = await asyncpg.connect(copy.dsn)
    assert await connection.fetchval("SELECT id FROM migrated") == 1
    await connection.close()

"""What a session has seen it does not see undone, whichever replica answers; browsing may be behind."""

from __future__ import annotations

import asyncio

import pytest

from myclothes_kit.postgres import migrations, open_database
from myclothes_shop.commands import ALEMBIC
from myclothes_stores.postgres_cluster import PostgresCluster


@pytest.fixture(scope="module")
def cluster():
    made = PostgresCluster()
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def many(cluster, kit):
    """Settings for a database on all nodes, migrated."""
    database = cluster.create_database("shop", "shop")
    # without it no replica's lag can be seen, and none is read from
    settings = kit.settings_for(database, database_lag_seconds=60.0, database_read_seconds=5.0)
    await migrations.migrate("shop", settings, ALEMBIC)
    return settings


@pytest.mark.timeout(300)
async def test_orders_are_never_older_than_the_session_has_seen(cluster, many, kit, serve, carts):
    settings = many.model_copy(update={"cart_url": carts.url})
    async with open_database("test", settings) as database, serve(settings) as call:
        inside = kit.inside(database, settings)
        await inside.put(kit.listing(variants=[("S", 100)]))
        await asyncio.to_thread(cluster.wait_replayed)
        for index in range(1, len(cluster.nodes)):
            await asyncio.to_thread(cluster.pause_replay, index)
        try:
            # writes are acknowledged by what replicas have received, so they go on; reads must not fall behind them
            placed = await call("POST", "/v1/orders", kit.wish())
            assert placed.status == 201
            number = placed.body["number"]
            for _ in range(10):
                seen = await call("GET", f"/v1/orders/{number}?owner={kit.owner()}", position=placed.position)
                assert seen.body == placed.body
                listed = await call("GET", f"/v1/orders?owner={kit.owner()}", position=seen.position)
                assert [order["number"] for order in listed.body["items"]] == [number]
            unaware = [await call("GET", f"/v1/orders?owner={kit.owner()}") for _ in range(20)]
            assert any(answer.body["items"] == [] for answer in unaware), "the control: replicas are behind"
        finally:
            for index in range(1, len(cluster.nodes)):
                await asyncio.to_thread(cluster.resume_replay, index)
        bad = await call("GET", f"/v1/orders?owner={kit.owner()}", position="yesterday")
        assert (bad.status, bad.fields) == (400, ["Myclothes-Position"])

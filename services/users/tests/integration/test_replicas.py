"""No session sees an older state of its account than it has seen: replay paused on a replica, then no primary."""

from __future__ import annotations

import asyncio

import pytest

from myclothes_kit.postgres import migrations
from myclothes_users.app import MIGRATIONS, SERVICE

from .conftest import ADA, HOME, PASSWORD, serving, settings_for

SECONDS = 30.0


@pytest.fixture
async def cluster(postgres_cluster):
    made = postgres_cluster.create_database("users", "users")
    await migrations.migrate(SERVICE, settings_for(made), MIGRATIONS)
    postgres_cluster.wait_replayed()
    # a loaded machine is slow, and these tests are of order, not of time
    postgres_cluster.settings = settings_for(made, database_connect_seconds=3, database_read_seconds=10)
    return postgres_cluster


async def test_reads_show_what_was_written_with_replay_paused_on_one_replica(cluster):
    async with serving(cluster.settings) as call:
        ada = await call("POST", "/v1/accounts", ADA)
        path = f"/v1/accounts/{ada.body['id']}"
        cluster.wait_replayed()
        cluster.pause_replay(1)
        for n in range(20):
            written = await call("PATCH", path, {"name": f"Ada {n}"})
            first = await call("GET", path, position=written.position)
            assert first.body["name"] == f"Ada {n}"
            # monotonic: what one read has shown, the next one has too
            again = await call("GET", path, position=first.position)
            assert again.body["name"] == f"Ada {n}"
        changed = await call("PATCH", path, {"password": "quite another one", "current_password": PASSWORD})
        assert changed.status == 200
        login = {"email": ADA["email"], "password": PASSWORD}
        assert (await call("POST", "/v1/logins", login)).status == 401
        # the control: the paused replica still has the first name, and is asked by who has seen nothing
        ((name,),) = cluster.nodes[1].sql("SELECT name FROM accounts", database="users")
        assert name == ADA["name"]


async def test_with_the_primary_gone_reads_go_on_writes_are_503_and_come_back(cluster):
    async with serving(cluster.settings) as call:
        ada = await call("POST", "/v1/accounts", ADA)
        path = f"/v1/accounts/{ada.body['id']}"
        cluster.wait_replayed()
        cluster.primary().kill()
        for _ in range(20):
            shown = await call("GET", path, position=ada.position)
            assert (shown.status, shown.body) == (200, ada.body)
        refused = await call("POST", f"{path}/addresses", HOME, key="add-address-1")
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "1"
        await asyncio.to_thread(cluster.promote)
        async with asyncio.timeout(SECONDS):
            while (added := await call("POST", f"{path}/addresses", HOME, key="add-address-1")).status == 503:  # noqa: ASYNC110 - polls a failover
                await asyncio.sleep(0.1)
        assert added.status == 201
        assert added.position.startswith("2/")
        kept = await call("GET", f"{path}/addresses", position=added.position)
        assert kept.body["items"] == [added.body]

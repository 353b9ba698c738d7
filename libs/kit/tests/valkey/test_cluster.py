"""The store's client on a primary with two replicas and three Sentinels, one of which fails."""

from __future__ import annotations

import asyncio
import time

import pytest
import redis

from myclothes_kit.valkey import NotAcknowledged, Script, StoreUnavailable, open_store
from myclothes_kit.valkey.discovery import look
from myclothes_kit.valkey.guard import HOLD_SECONDS
from myclothes_kit.valkey.nodes import Dialler, parse
from myclothes_stores.sentinels import PRIMARY_NAME
from myclothes_stores.valkey_cluster import ValkeyCluster

pytestmark = [pytest.mark.failover, pytest.mark.timeout(300)]

COUNT = Script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
LIMIT_SECONDS = 30.0


@pytest.fixture(scope="module")
def cluster():
    made = ValkeyCluster()
    made.start()
    yield made
    made.kill()


@pytest.fixture
async def store(cluster):
    await asyncio.to_thread(cluster.wait_healthy)
    async with await open_store(cluster.sentinel_url, name="test") as opened:
        await acknowledged(opened)
        yield opened


async def acknowledged(store):
    """Write until a write is acknowledged; how long that took."""
    began = time.monotonic()
    while True:
        try:
            await store.write(COUNT, ["n"], [1])
        except (NotAcknowledged, StoreUnavailable):
            assert time.monotonic() - began < LIMIT_SECONDS, "writes are refused for good"
            await asyncio.sleep(0.02)
        else:
            return time.monotonic() - began


async def calm(store):
    """Wait until the store has known its primary for long enough to trust a dead replica to be just that."""
    limit = time.monotonic() + LIMIT_SECONDS
    while store._loop.time() < store._guard._calm_from:
        assert time.monotonic() < limit
        await asyncio.sleep(0.05)


async def test_what_is_acknowledged_is_on_all_replicas(store, cluster):
    total = await store.write(COUNT, ["all"], [3])
    held = [int(node.call("GET", "all")) for node in cluster.replicas()]
    assert held == [total, total]


async def test_a_dead_replica_costs_nothing(store, cluster):
    await calm(store)
    replica = cluster.replicas()[0]
    replica.kill()
    try:
        took = await acknowledged(store)
        assert took < HOLD_SECONDS, "a replica without a process need not be waited for"
        await asyncio.gather(*(store.write(COUNT, ["n"], [1]) for _ in range(100)))
    finally:
        await asyncio.to_thread(replica.start)


async def test_a_frozen_replica_holds_writes_back_and_then_no_more(store, cluster):
    replica = cluster.replicas()[0]
    await asyncio.to_thread(replica.freeze)
    try:
        with pytest.raises(NotAcknowledged):
            await store.write(COUNT, ["n"], [1])
        assert await acknowledged(store) < LIMIT_SECONDS
        await asyncio.gather(*(store.write(COUNT, ["n"], [1]) for _ in range(100)))
    finally:
        await asyncio.to_thread(replica.thaw)


async def test_without_sentinels_writes_go_on(store, cluster):
    for sentinel in cluster.sentinels:
        sentinel.kill()
    try:
        await store.write(COUNT, ["n"], [1])
    finally:
        for sentinel in cluster.sentinels:
            await asyncio.to_thread(sentinel.start)


async def test_a_hand_over_is_followed(store, cluster):
    before = cluster.primary_port()
    for sentinel in cluster.sentinels:
        sentinel.call("SENTINEL", "SET", PRIMARY_NAME, "failover-timeout", "3000")
    total = await store.write(COUNT, ["kept"], [1])
    await asyncio.to_thread(cluster.failover)
    assert cluster.primary_port() != before
    await acknowledged(store)
    assert await store.read(("GET", "kept")) == [str(total).encode()]


async def test_a_sentinel_that_asks_for_a_password_is_told_it(cluster, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("open-sesame")
    sentinel = cluster.sentinels[0]
    target = parse(f"sentinel://127.0.0.1:{sentinel.port}/{PRIMARY_NAME}")
    sentinel.call("ACL", "SETUSER", "default", "resetpass", ">open-sesame")
    try:
        view = await look(target, Dialler(password_file=secret))
        assert view.primary.address.port == cluster.primary_port()
        assert await look(target, Dialler()) is None
    finally:
        with redis.Redis(port=sentinel.port, password="open-sesame") as client:
            client.execute_command("ACL", "SETUSER", "default", "nopass")
    assert (await look(target, Dialler())) == view

"""The cache is speed and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
import sqlalchemy as sa
import uvloop

from myclothes_kit.valkey.nodes import Address, Dialler
from myclothes_shop.metrics import CACHE
from myclothes_shop.store.cache import FAILURES_TO_OPEN, SILENT_SECONDS, Kept, ValkeyCache
from myclothes_stores.valkey import ValkeyServer

# ten times what the cache may take, for a busy machine: a request that waited for the cache without limit takes longer
PATIENCE_SECONDS = 10.0
STALE_SECONDS = 60


@pytest.fixture
def valkey_of_its_own():
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def cached(inside, kit, serve, configure, valkey_of_its_own):
    await inside.put(kit.listing(variants=[("S", 5)]))
    settings = configure(cache_url=valkey_of_its_own.url, cache_ttl_seconds=60, cache_stale_seconds=STALE_SECONDS)
    async with serve(settings) as call:
        yield call


def product_keys(valkey):
    return [key for key in valkey.call("KEYS", "*") if ":product:" in key]


async def title(call, handle="tee"):
    started = time.monotonic()
    answer = await call("GET", f"/v1/products/{handle}")
    assert answer.status == 200
    assert time.monotonic() - started < PATIENCE_SECONDS
    return answer.body["title"]


async def test_a_page_is_kept_for_a_while(cached, inside, valkey_of_its_own, kit):
    assert await title(cached) == "Tee"
    await inside.execute("UPDATE products SET title = 'New'")
    assert await title(cached) == "Tee"
    [key] = product_keys(valkey_of_its_own)
    assert 0 < valkey_of_its_own.call("PTTL", key) <= 60_000 + STALE_SECONDS * 1000
    valkey_of_its_own.flush()
    assert await title(cached) == "New"


async def test_nobody_waits_while_an_answer_is_renewed(inside, kit, serve, configure, valkey_of_its_own):
    await inside.put(kit.listing(variants=[("S", 5)]), kit.listing("shirt", variants=[("S", 5)]))
    settings = configure(
        cache_url=valkey_of_its_own.url, cache_ttl_seconds=0.02, cache_stale_seconds=STALE_SECONDS, database_pool_size=4
    )
    async with serve(settings) as call:

        async def is_kept():
            await title(call)
            return bool(product_keys(valkey_of_its_own))

        await kit.eventually(is_kept, "the first load is kept")
        [key] = product_keys(valkey_of_its_own)

        async def is_due():
            return valkey_of_its_own.call("PTTL", key) <= STALE_SECONDS * 1000

        async with held(inside, "UPDATE products SET title = 'New'", "LOCK TABLE products") as release:
            await kit.eventually(is_due, "the kept answer is due")
            assert set(await asyncio.gather(*(title(call) for _ in range(50)))) == {"Tee"}
            first_load = asyncio.create_task(title(call, "shirt"))
            await kit.eventually(lambda: waiting_for_a_lock(inside, 2), "the renewal and the first load wait")
            assert {await title(call) for _ in range(5)} == {"Tee"}
            assert await waiting_for_a_lock(inside, 2), "one query renews, however many ask"
            assert not first_load.done(), "what the cache does not have is waited for"
            release()
            await first_load

        async def is_new():
            return await title(call) == "New"

        await kit.eventually(is_new, "the renewed answer is shown")


@contextlib.asynccontextmanager
async def held(inside, *statements):
    """`statements` in a transaction that ends when the yielded function is called."""
    released, ready = asyncio.Event(), asyncio.Event()

    async def work(connection):
        for statement in statements:
            await connection.execute(sa.text(statement))
        ready.set()
        await released.wait()

    holding = asyncio.create_task(inside.database.write(work))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await ready.wait()
        yield released.set
    finally:
        released.set()
        await holding


async def waiting_for_a_lock(inside, number):
    rows = await inside.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    return rows == [(number,)]


async def test_orders_never_come_from_the_cache(cached, inside, kit, valkey_of_its_own):
    await title(cached)
    await inside.execute("UPDATE variants SET price = 2500")
    assert (await cached("POST", "/v1/orders", kit.wish())).code == "checkout_conflict"
    order = await cached("POST", "/v1/orders", kit.wish(kit.line(amount=2500)))
    assert order.status == 201
    await cached("GET", f"/v1/orders?owner={kit.owner()}")
    kept = "".join(valkey_of_its_own.call("GET", key) for key in valkey_of_its_own.call("KEYS", "*"))
    assert "ada@example.org" not in kept
    assert "MC-" not in kept


@pytest.mark.parametrize("harm", ["freeze", "kill"])
async def test_a_cache_that_fails_changes_nothing_but_speed(cached, inside, harm, valkey_of_its_own, kit):
    assert await title(cached) == "Tee"
    await inside.execute("UPDATE products SET title = 'New'")
    getattr(valkey_of_its_own, harm)()
    try:
        assert {await title(cached) for _ in range(10)} == {"New"}
        assert set(await asyncio.gather(*(title(cached) for _ in range(30)))) == {"New"}
    finally:
        valkey_of_its_own.thaw() if harm == "freeze" else valkey_of_its_own.start()
    valkey_of_its_own.flush()

    async def kept_again():
        await title(cached)
        return bool(product_keys(valkey_of_its_own))

    await kit.eventually(kept_again, "the cache is used again")


async def test_a_full_cache_that_refuses_to_keep_is_a_miss(cached, valkey_of_its_own):
    valkey_of_its_own.call("CONFIG", "SET", "maxmemory-policy", "noeviction")
    valkey_of_its_own.call("CONFIG", "SET", "maxmemory", "1")
    assert await title(cached) == "Tee"
    assert await title(cached) == "Tee"


async def test_without_a_cache_everything_works(inside, kit, call):
    await inside.put(kit.listing())
    assert await title(call) == "Tee"


@contextlib.asynccontextmanager
async def cache_of(valkey, seconds=5.0):
    cache = ValkeyCache(Address("127.0.0.1", valkey.port), Dialler(), timeout=seconds, ttl=60, stale=STALE_SECONDS)
    try:
        yield cache
    finally:
        await cache.close()


async def keep(cache, kit):
    async def kept():
        await cache.put("key", b"value")
        return await cache.get("key") == Kept(b"value", fresh=True)

    await kit.eventually(kept, "the cache keeps")


def test_a_process_that_is_late_itself_holds_nothing_against_the_cache(valkey_of_its_own, kit):
    async def be_late():
        async with cache_of(valkey_of_its_own) as cache:
            await keep(cache, kit)
            for _ in range(FAILURES_TO_OPEN + 1):
                asked = [asyncio.create_task(cache.get("key")) for _ in range(20)]
                await asyncio.sleep(0)
                time.sleep(SILENT_SECONDS * 1.5)  # noqa: ASYNC251 - the loop is to be late
                assert set(await asyncio.gather(*asked)) == {Kept(b"value", fresh=True)}

    # on the loop that the services run on
    uvloop.run(be_late())


async def test_a_frozen_cache_is_a_miss_within_its_time_and_then_left_alone(valkey_of_its_own, kit):
    async with cache_of(valkey_of_its_own, seconds=0.05) as cache:
        await keep(cache, kit)
        valkey_of_its_own.freeze()
        try:
            started = time.monotonic()
            assert await cache.get("key") is None
            assert time.monotonic() - started < PATIENCE_SECONDS

            async def is_left_alone():
                assert await cache.get("key") is None
                return skipped() > before

            before = skipped()
            await kit.eventually(is_left_alone, "the breaker is open")
        finally:
            valkey_of_its_own.thaw()
        await keep(cache, kit)


def skipped():
    return CACHE.labels("skipped")._value.get()

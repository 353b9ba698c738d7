"""On the real shop: what it keeps is found kept through failures, and what somebody takes away is found lost."""

import asyncio
import re

import asyncpg
import pytest
import redis

from myclothes_ledger import Ledger, LedgerError
from myclothes_ledger.history import NAME, Ended, read
from myclothes_stores.ports import HOST
from myclothes_stores.processes import wait_until

pytestmark = [pytest.mark.failover, pytest.mark.proof, pytest.mark.timeout(300)]
RATE = 20.0
SHOPPING_SECONDS = 90.0
SETTLED_SECONDS = 5.0
"""The catalogue's cache is older than that never."""
FROZEN_SECONDS = 2.5
"""Longer than a failover takes, so that there are two primaries for a moment."""
NOBODY = 1
"""A port that nobody listens at."""


ACKNOWLEDGED = re.compile(rb'"(?:add|set|remove)",200,"ok"')


def writes(ledger):
    """Acknowledged writes of carts so far, counted without reading the whole history as records."""
    return len(ACKNOWLEDGED.findall((ledger.folder / NAME).read_bytes()))


def shop_on(ledger, more=30):
    """Wait until so many more writes have been acknowledged."""
    wanted = writes(ledger) + more
    wait_until(lambda: writes(ledger) >= wanted, SHOPPING_SECONDS, what=f"{more} acknowledged writes")


def order_on(ledger):
    """Wait until orders are placed again."""
    placed = ledger.report()["kinds"]["order_writes"]["ok"]
    wait_until(lambda: ledger.report()["kinds"]["order_writes"]["ok"] > placed, SHOPPING_SECONDS, what="an order")


def promises(ledger):
    with pytest.raises(LedgerError) as error:
        ledger.check(settle_seconds=SETTLED_SECONDS)
    return {line.split(",")[0][-1] for line in str(error.value).splitlines() if line.startswith("promise ")}


def test_nothing_is_lost_when_primaries_are_killed_and_frozen_and_the_ledger_is_killed(shop, tmp_path):
    with Ledger(shop.url, tmp_path, rate=RATE) as ledger:
        shop_on(ledger)
        ledger.mark("valkey's primary killed")
        shop.kill_primary("valkey")
        shop_on(ledger)
        ledger.mark("valkey's primary frozen")
        shop.freeze_primary("valkey", FROZEN_SECONDS)
        shop_on(ledger)
        ledger.kill()
        ledger.start()
        ledger.mark("postgres' primary killed")
        shop.kill_primary("postgres")
        shop_on(ledger)
        order_on(ledger)
    verdict = ledger.check()
    assert verdict.counts["acknowledged writes"] > 100
    report = ledger.report()
    assert [mark["text"].split()[-1] for mark in report["marks"]] == ["killed", "frozen", "killed"]
    assert all(mark["kinds"]["cart_writes"]["gap_s"] for mark in report["marks"])
    assert isinstance(list(read(tmp_path))[-1], Ended)

    # what is taken away behind the shop's back is found, in either store
    _, port = shop.primary("valkey")
    with redis.Redis(HOST, port) as valkey:
        keys = [key for key in valkey.scan_iter(b"cart:guest-*") if not key.endswith(b":ops")]
        full = next(key for key in keys if any(not field.startswith(b":") for field in valkey.hkeys(key)))
        before = valkey.hgetall(full)
        valkey.delete(full)
        assert promises(ledger) == {"a"}
        valkey.hset(full, mapping=before)
        valkey.hset(full, mapping={"NEVER": "1:99", ":v": int(before[b":v"]) + 1})
        assert promises(ledger) <= {"b", "c"}
        valkey.delete(full)
        valkey.hset(full, mapping=before)
    ledger.check(settle_seconds=SETTLED_SECONDS)  # put back as it was, it is right again
    asyncio.run(steal_an_order(shop.primary("postgres")[1]))
    assert promises(ledger) >= {"f"}


async def steal_an_order(port):
    shop = await asyncpg.connect(host=HOST, port=port, database="shop", user="shop")
    try:
        changed = await shop.execute(
            "UPDATE orders SET owner = 'guest-' || repeat('0', 32) WHERE number = (SELECT min(number) FROM orders)"
        )
        assert changed == "UPDATE 1"
    finally:
        await shop.close()


def test_carts_in_the_memory_of_two_gateways_are_found_lost(another, tmp_path):
    urls = [another("gateway", carts="memory"), another("gateway", carts="memory")]
    with Ledger(urls, tmp_path / "two", rate=2 * RATE, only="carts") as ledger:
        shop_on(ledger, 80)
    assert promises(ledger) & {"a", "f"}
    with Ledger(urls[0], tmp_path / "one", rate=2 * RATE, only="carts") as ledger:  # the control: one keeps them
        shop_on(ledger, 80)
    ledger.check()


def test_what_a_primary_acknowledges_alone_is_found_lost(shop, another, tmp_path):
    """The control of the first test's failures: a cart service and a store that wait for no replica."""
    cart = another("cart", ack_replicas=0)
    with Ledger(another("gateway", cart_url=cart), tmp_path, rate=2 * RATE, only="carts") as ledger:
        shop_on(ledger, 20)
        _, port = shop.primary("valkey")
        with redis.Redis(HOST, port, decode_responses=True) as primary:
            primary.config_set("min-replicas-to-write", 0)
            replicas = [each["port"] for each in primary.info("replication").values() if isinstance(each, dict)]
        assert len(replicas) == 2
        for replica in replicas:
            with redis.Redis(HOST, replica) as detached:
                detached.replicaof(HOST, NOBODY)
        shop_on(ledger, 20)
        shop.kill_primary("valkey")
        shop_on(ledger, 20)
    assert promises(ledger) & {"a", "b", "f"}

"""The cache of variants and a cart's prices."""

from __future__ import annotations

import asyncio

import pytest

from myclothes_gateway import catalogue
from myclothes_gateway.basket import priced
from myclothes_gateway.catalogue import FRESH_SECONDS, LOOKUP_SKUS, SHOWN_SECONDS, STALE_SECONDS, Variants
from myclothes_gateway.models import Cart, CartVariant, CartVariants, Line, Money
from myclothes_kit.problems import Unavailable


def variant(sku, amount=100, currency="EUR", **more):
    return CartVariant(sku, {}, Money(amount, currency), 5, sku, sku.title(), None, more.pop("gone", False))


class Shop:
    """A peer that knows the skus that begin with a letter."""

    def __init__(self):
        self.asked = []
        self.away = False
        self.price = 100
        self.slow = None

    async def ask(self, shape, path, session=None):  # noqa: ARG002 - Peer
        assert shape is CartVariants
        skus = [pair.removeprefix("sku=") for pair in path.partition("?")[2].split("&")]
        self.asked.append(skus)
        if self.slow:
            await self.slow.wait()
        if self.away:
            raise Unavailable
        return CartVariants([variant(sku, self.price) for sku in skus if sku[0].isalpha()])


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def shop():
    return Shop()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def variants(shop, clock):
    return Variants(shop, clock=clock)


async def test_a_variant_is_asked_for_once_while_it_is_fresh(shop, clock, variants):
    first = await variants.find(["a", "0"])
    assert first == {"a": variant("a"), "0": None}
    assert await variants.find(["a", "0"]) == first
    assert shop.asked == [["a", "0"]]
    clock.now = FRESH_SECONDS
    shop.price = 200
    assert (await variants.find(["a"], age_seconds=FRESH_SECONDS))["a"].price.amount == 200


async def test_a_cart_shows_what_is_a_little_old_at_once_and_all_of_it_is_renewed_in_one_lookup(
    shop, clock, variants, monkeypatch
):
    monkeypatch.setattr(catalogue, "GATHER_SECONDS", 0.01)
    await variants.find(["a", "b", "0"])
    shop.price = 200
    clock.now = FRESH_SECONDS
    for skus in (["a"], ["b"], ["a", "b"]):
        assert await variants.find(skus) == {sku: variant(sku) for sku in skus}
    assert shop.asked == [["a", "b", "0"]]
    await asyncio.sleep(0.05)
    assert shop.asked[1:] == [["a", "b"]]
    assert await variants.find(["a"]) == {"a": variant("a", 200)}
    assert await variants.find(["0"]) == {"0": None}  # asked for anew: it may be sold by now
    assert shop.asked[2:] == [["0"]]
    clock.now = FRESH_SECONDS + SHOWN_SECONDS
    await variants.find(["a"])
    assert shop.asked[3:] == [["a"]]
    await variants.close()


async def test_what_is_forgotten_is_asked_for_anew(shop, variants):
    await variants.find(["a", "b"])
    variants.forget(["a", "c"])
    await variants.find(["a", "b"])
    assert shop.asked == [["a", "b"], ["a"]]


async def test_old_answers_stand_in_while_the_shop_is_away(shop, clock, variants):
    await variants.find(["a", "0"])
    shop.away = True
    clock.now = STALE_SECONDS - 1
    assert await variants.find(["a", "0", "b"]) == {"a": variant("a"), "0": None}
    clock.now = STALE_SECONDS
    assert await variants.find(["a"]) == {}


async def test_many_who_ask_at_once_are_one_lookup(shop, variants):
    shop.slow = asyncio.Event()
    asking = [asyncio.create_task(variants.find(["a"])) for _ in range(10)]
    await asyncio.sleep(0)
    both = asyncio.create_task(variants.find(["a", "b"]))
    await asyncio.sleep(0)
    shop.slow.set()
    assert all(found == {"a": variant("a")} for found in await asyncio.gather(*asking))
    assert set(await both) == {"a", "b"}
    assert shop.asked == [["a"], ["b"]]


async def test_patience_ends_but_not_the_lookup(shop, variants):
    shop.slow = asyncio.Event()
    assert await variants.find(["a"], patience_seconds=0.01) == {}
    shop.slow.set()
    assert set(await variants.find(["a"])) == {"a"}
    assert shop.asked == [["a"]]
    await variants.close()


async def test_many_skus_are_asked_for_in_batches(shop, variants):
    skus = [f"s{number}" for number in range(LOOKUP_SKUS + 1)]
    assert set(await variants.find(skus)) == set(skus)
    assert [len(asked) for asked in shop.asked] == [LOOKUP_SKUS, 1]


async def test_the_cache_is_bounded(shop, variants, monkeypatch):
    monkeypatch.setattr(catalogue, "MAX_VARIANTS", 2)
    for sku in ("a", "b", "c"):
        await variants.find([sku])
    await variants.find(["b", "c"])
    assert len(shop.asked) == 3
    await variants.find(["a"])
    assert len(shop.asked) == 4


def test_a_total_is_of_what_can_be_bought_and_known():
    cart = Cart("guest-1", 7, [Line("a", 2), Line("b", 1)])
    assert priced(cart, {"a": variant("a"), "b": variant("b", 50)}).total == Money(250, "EUR")
    assert priced(cart, {"a": variant("a"), "b": None}).total == Money(200, "EUR")
    assert priced(cart, {"a": variant("a"), "b": variant("b", gone=True)}).total == Money(200, "EUR")
    assert priced(cart, {"a": variant("a")}).total is None
    assert priced(cart, {"a": variant("a"), "b": variant("b", currency="SEK")}).total is None
    assert [line.gone for line in priced(cart, {"a": None}).lines] == [True, False]

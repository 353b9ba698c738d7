"""What the service decides, with a store that answers as told."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from myclothes_cart.domain import Add, Cart
from myclothes_cart.errors import CartLineLimit, CartQuantityLimit, ForwardChain, OperationReused, TooManyChanges
from myclothes_cart.service import MAX_FORWARDS, CartService
from myclothes_cart.settings import CartSettings
from myclothes_cart.store import Forward, Refused
from myclothes_kit.problems import Unavailable

OPERATION = "operation-1"


class Answers:
    """A store whose reads, confirmations and changes are given beforehand, by cart."""

    def __init__(self, reads=None, confirmed=None, changes=None):
        self.given = {"read": reads or {}, "confirm": confirmed or {}, "change": changes or {}}
        self.asked = []

    def _give(self, call, cart_id):
        self.asked.append((call, cart_id))
        answer = self.given[call][cart_id]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def read(self, cart_id):
        return self._give("read", cart_id)

    async def confirm(self, cart_id):
        return self._give("confirm", cart_id)

    async def change(self, cart_id, change, operation):  # noqa: ARG002 - the store decides, not the change
        assert operation == OPERATION
        return self._give("change", cart_id)


def service(**answers):
    store = Answers(**answers)
    return CartService(store, CartSettings()), store


def older_than_seen():
    return REGISTRY.get_sample_value("cart_older_than_seen_total")


async def test_a_read_that_is_new_enough_is_not_confirmed():
    carts, store = service(reads={"a": Cart("a", 5)})
    assert await carts.read("a", 5) == Cart("a", 5)
    assert store.asked == [("read", "a")]


async def test_an_older_read_is_confirmed():
    before = older_than_seen()
    carts, store = service(reads={"a": Cart("a", 4)}, confirmed={"a": Cart("a", 5)})
    assert await carts.read("a", 5) == Cart("a", 5)
    assert store.asked == [("read", "a"), ("confirm", "a")]
    assert older_than_seen() == before


async def test_what_is_confirmed_is_the_truth_and_counted_when_it_is_older():
    before = older_than_seen()
    carts, _ = service(reads={"a": Cart("a", 4)}, confirmed={"a": Cart("a", 4)})
    assert await carts.read("a", 5) == Cart("a", 4)
    assert older_than_seen() == before + 1


async def test_what_cannot_be_confirmed_is_not_shown():
    carts, _ = service(reads={"a": Cart("a", 4)}, confirmed={"a": Unavailable()})
    with pytest.raises(Unavailable):
        await carts.read("a", 5)


async def test_forwards_are_followed_so_far():
    chain = {str(n): Forward(str(n + 1)) for n in range(MAX_FORWARDS)} | {str(MAX_FORWARDS): Cart("end", 1)}
    carts, _ = service(reads=chain, changes=chain)
    assert await carts.read("0", 0) == Cart("end", 1)
    assert await carts.change("0", Add("x", 1), OPERATION) == Cart("end", 1)
    ring = {"a": Forward("b"), "b": Forward("a")}
    carts, store = service(reads=ring)
    with pytest.raises(ForwardChain):
        await carts.read("a", 0)
    assert len(store.asked) == MAX_FORWARDS + 1


async def test_an_erasure_is_not_forwarded():
    carts, store = service(changes={"a": Cart("a", 9)})
    await carts.erase("a", OPERATION)
    assert store.asked == [("change", "a")]


@pytest.mark.parametrize(
    ("refused", "failure"),
    [
        (Refused("line_limit"), CartLineLimit),
        (Refused("quantity_limit", 98), CartQuantityLimit),
        (Refused("reused"), OperationReused),
        (Refused("too_many_changes"), TooManyChanges),
    ],
)
async def test_refusals_become_failures(refused, failure):
    carts, _ = service(changes={"a": refused})
    with pytest.raises(failure):
        await carts.change("a", Add("x", 1), OPERATION)
    carts, _ = service(changes={"a": Refused("reused")})
    with pytest.raises(OperationReused):
        await carts.erase("a", OPERATION)


def test_the_quantity_limit_says_what_is_there():
    failure = CartService(Answers(), CartSettings())._failure(Refused("quantity_limit", 98))
    assert failure.document("r")["quantity"] == 98
    assert failure.document("r")["limit"] == 99


def test_settings_refuse_what_cannot_be():
    assert CartSettings(valkey_url="sentinel://a:1,b:2/carts").valkey_url == "sentinel://a:1,b:2/carts"
    for wrong in ({"valkey_url": "redis://a"}, {"ack_replicas": -1}, {"change_memory_seconds": 60}, {"nonsense": 1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            CartSettings(**wrong)

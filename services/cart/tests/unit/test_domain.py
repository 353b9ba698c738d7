"""What a cart is, without a store."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from myclothes_cart.domain import Add, Cart, Erase, Line, Merge, Set, Take, cart_of, is_cart_id, is_guest, is_sku

GUEST = "guest-" + "0" * 32
SKUS = st.from_regex(r"\A[A-Za-z0-9._-]{1,64}\Z")


def test_lines_come_in_the_order_of_first_adding():
    cart = cart_of(GUEST, {"b": "2:10", ":v": "7", "a": "1:9", ":n": "10", ":w": "3"})
    assert cart == Cart(GUEST, 7, (Line("a", 1), Line("b", 2)))
    assert cart.etag == f'"{GUEST}.7"'


def test_a_cart_that_is_not_there():
    assert cart_of(GUEST, {}) == Cart(GUEST, 0, ())


@given(SKUS)
def test_skus(sku):
    assert is_sku(sku, 64)
    assert is_sku(sku, len(sku))
    assert not is_sku(sku, len(sku) - 1)
    for wrong in ("", sku + "\n", ":" + sku, sku + "/", sku + "é"):
        assert not is_sku(wrong, 100)


def test_cart_ids():
    account = "account-" + "f" * 32
    assert is_cart_id(GUEST)
    assert is_cart_id(account)
    assert is_guest(GUEST)
    assert not is_guest(account)
    for wrong in ("", GUEST[:-1], GUEST + "0", GUEST + "\n", GUEST.upper(), "order-" + "0" * 32):
        assert not is_cart_id(wrong)


def test_every_change_has_a_fingerprint_of_its_own():
    changes = [
        Add("a", 1),
        Add("a", 2),
        Add("b", 1),
        Set("a", 1),
        Set("a", 0),
        Take((Line("a", 1),)),
        Take((Line("a", 1), Line("b", 1))),
        Take((Line("b", 1), Line("a", 1))),
        Merge(GUEST),
        Merge("account-" + "0" * 32),
        Erase(),
    ]
    assert len({change.fingerprint for change in changes}) == len(changes)
    assert Add("a", 1).fingerprint == Add("a", 1).fingerprint

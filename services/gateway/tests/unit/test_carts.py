"""The cart's rules without a cart service, in memory and in a cookie."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myclothes_gateway.carts import domain
from myclothes_gateway.carts.cookie import MAX_COOKIE_BYTES, CartCookieCodec, CookieCarts
from myclothes_gateway.carts.domain import KeptCart, Rules
from myclothes_gateway.carts.memory import MemoryCarts
from myclothes_gateway.errors import CartCookieFull, CartCookieRefused, CartLineLimit, CartQuantityLimit
from myclothes_gateway.models import Line
from myclothes_gateway.sessions import Session
from myclothes_gateway.sessions.keyring import Keyring

RULES = Rules(lines=3, quantity=5, operations=4)
ANN, BOB = b"a" * 16, b"b" * 16
skus = st.text("ABCabc019._-", min_size=1, max_size=64)
carts = st.builds(
    lambda version, lines, operations: KeptCart(
        version,
        tuple(Line(sku, quantity) for sku, quantity in lines.items()),
        tuple(domain.digest(each) for each in operations),
    ),
    st.integers(0, 2**64 - 1),
    st.dictionaries(skus, st.integers(1, 65_535), max_size=30),
    st.lists(st.text(max_size=8), max_size=8),
)


@pytest.fixture(scope="module")
def keyring(tmp_path_factory):
    path = tmp_path_factory.mktemp("ring") / "keys"
    path.write_text("k" * 32)
    return Keyring(path)


@pytest.fixture(scope="module")
def codec(keyring):
    return CartCookieCodec(keyring, 30, 100)


@given(cart=carts)
def test_a_cart_that_fits_comes_back_as_it_went(codec, cart):
    try:
        value = codec.write(cart, ANN)
    except CartCookieFull:
        assert sum(len(line.sku) for line in cart.lines) > 500
        return
    assert len(value) + 100 <= MAX_COOKIE_BYTES
    assert codec.read(value, ANN) == cart


@given(text=st.text(max_size=200))
def test_what_was_not_signed_is_refused(codec, text):
    with pytest.raises(CartCookieRefused):
        codec.read(text, ANN)


def test_an_altered_foreign_or_expired_cart_is_refused(keyring, tmp_path):
    now = [1_000_000_000.0]
    codec = CartCookieCodec(keyring, 30, 100, clock=lambda: now[0])
    value = codec.write(KeptCart(1, (Line("tee", 2),)), ANN)
    assert codec.read(value, ANN).lines == (Line("tee", 2),)
    for place in range(len(value) - 1):
        altered = value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]
        with pytest.raises(CartCookieRefused):
            codec.read(altered, ANN)
    for session_id in (BOB, None):
        with pytest.raises(CartCookieRefused):
            codec.read(value, session_id)
    with pytest.raises(CartCookieRefused, match="larger"):
        codec.read("A" * 5000, ANN)
    other = tmp_path / "keys"
    other.write_text("o" * 32)
    with pytest.raises(CartCookieRefused):
        CartCookieCodec(Keyring(other), 30, 100).read(value, ANN)
    now[0] += 30 * 86_400
    assert codec.read(value, ANN)
    now[0] += 1
    with pytest.raises(CartCookieRefused, match="expired"):
        codec.read(value, ANN)


async def test_what_has_no_room_is_refused_and_what_fits_stays(codec):
    session = Session(id=ANN)
    kept = CookieCarts(codec, Rules(lines=1000))
    incompressible = [domain.digest(str(number)).hex() * 5 for number in range(1000)]
    added = 0
    with contextlib.suppress(CartCookieFull):
        for sku in incompressible:
            await kept.add(session, sku, 1, f"operation-{added}")
            added += 1
    assert 30 < added < len(incompressible)
    assert len(codec.read(codec.write(session.cart, ANN), ANN).lines) == added
    await kept.remove(session, session.cart.lines[0].sku, "operation-x")
    assert len(session.cart.lines) == added - 1


def test_adds_are_limited_but_never_a_lowering():
    cart = KeptCart(1, (Line("a", 9), Line("b", 5), Line("c", 1)))
    with pytest.raises(CartLineLimit):
        domain.added(cart, "d", 1, RULES)
    with pytest.raises(CartQuantityLimit):
        domain.added(cart, "b", 1, RULES)
    with pytest.raises(CartQuantityLimit):
        domain.with_quantity(cart, "a", 10, RULES)
    assert domain.with_quantity(cart, "a", 8, RULES)[0] == Line("a", 8)
    assert domain.added(cart, "c", 4, RULES)[2] == Line("c", 5)
    assert domain.with_quantity(cart, "d", 0, RULES) == list(cart.lines)


@given(mine=carts, theirs=carts)
def test_a_merge_loses_nothing(mine, theirs):
    both = {line.sku: line.quantity for line in domain.merged(mine, theirs)}
    for sku in {line.sku for line in (*mine.lines, *theirs.lines)}:
        quantities = [line.quantity for line in (*mine.lines, *theirs.lines) if line.sku == sku]
        assert both[sku] == min(sum(quantities), domain.MAX_QUANTITY)


@given(cart=carts, ordered=st.dictionaries(skus, st.integers(1, 100), max_size=5))
def test_a_take_leaves_what_was_not_ordered(cart, ordered):
    left = {line.sku: line.quantity for line in domain.taken(cart, [Line(*each) for each in ordered.items()])}
    for line in cart.lines:
        assert left.get(line.sku, 0) == max(0, line.quantity - ordered.get(line.sku, 0))
    assert set(left) <= {line.sku for line in cart.lines}


@given(cart=carts, now=st.integers(0, 2**63))
def test_a_version_always_grows(cart, now):
    after = cart.after("operation", cart.lines, now, RULES)
    assert after.version > cart.version
    assert after.knows("operation")
    assert len(after.operations) <= RULES.operations


async def test_memory_keeps_a_bounded_number_of_carts():
    kept = MemoryCarts(2, RULES)
    shoppers = [Session(id=bytes([number]) * 16) for number in range(3)]
    for number, each in enumerate(shoppers[:2]):
        await kept.add(each, "a", 1, f"operation-{number}")
    await kept.read(shoppers[0])
    await kept.add(shoppers[2], "a", 1, "operation-2")
    assert [len((await kept.read(each)).lines) for each in shoppers] == [1, 0, 1]


async def test_memory_forwards_a_merged_cart():
    kept = MemoryCarts(10, RULES)
    guest = Session(id=ANN)
    await kept.add(guest, "a", 2, "operation-1")
    for _ in range(2):
        merged = await kept.merge(guest, guest.owner, "account-1", "merge:1")
        assert (merged.id, merged.lines) == ("account-1", [Line("a", 2)])
    await kept.add(guest, "a", 1, "operation-2")
    account = Session(id=BOB, account_id="1")
    assert (await kept.read(account)).lines == [Line("a", 3)]
    await kept.erase("account-1", "erase:1")
    assert (await kept.read(account)).lines == []

"""No legal history is rejected, whatever its luck; one with a single untruth in it always is."""

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from myclothes_ledger.checking import FinalCart, courses, decide
from myclothes_ledger.checking.stories import tell
from myclothes_ledger.history import Sent

from .legal import SKUS, World

EXAMPLES = 300
STEPS = 60


def drawn(numbers, rest):
    """Hypothesis' numbers first, so that it can shrink them; then those of a seed."""
    source = iter(numbers)
    random = Random(rest)
    return lambda n: next(source, random.randrange(1 << 16)) % n


def history(numbers, seed, steps=STEPS):
    return World(drawn(numbers, seed)).run(steps)


numbers = st.lists(st.integers(0, 1 << 16), max_size=STEPS)
seeds = st.integers(0, 1 << 32)


@settings(max_examples=EXAMPLES, deadline=None)
@given(numbers, seeds, st.integers(1, STEPS))
def test_a_legal_history_is_never_rejected(numbers, seed, steps):
    records, state = history(numbers, seed, steps)
    verdict = decide(tell(records), state)
    assert not verdict.violations, verdict.text() + "\n" + "\n".join(map(str, records))
    assert not verdict.unread


def test_few_legal_histories_are_too_many_sided_to_decide():
    undecided = 0
    for seed in range(200):
        records, state = history([], seed)
        undecided += bool(decide(tell(records), state).undecided)
    assert undecided < 3


def test_what_cannot_be_decided_is_told_whole(monkeypatch):
    monkeypatch.setattr(courses, "MOST_COURSES", 0)
    records, state = history([], 1)
    text = decide(tell(records), state).text()
    assert "undecided: shopper 1: p1.g" in text
    assert "more than 0 courses" in text
    assert all(f"{record.op} at " in text for record in records if isinstance(record, Sent))
    assert all(f"{cart} in the end: " in text for cart in state.carts)


@settings(max_examples=100, deadline=None)
@given(numbers, seeds, st.sampled_from(SKUS))
def test_units_that_nobody_put_in_are_found(numbers, seed, sku):
    records, state = history(numbers, seed)
    for label, cart in sorted(state.carts.items()):
        state.carts[label] = FinalCart(cart.version + 1, cart.lines | {sku: cart.lines.get(sku, 0) + 1000})
        break
    verdict = decide(tell(records), state)
    assert verdict.violations or verdict.undecided


@pytest.mark.parametrize("seed", range(60))
def test_a_cart_emptied_behind_its_back_is_found_if_something_acknowledged_was_in_it(seed):
    """Whether it must be found is decided by a history in which nothing is left open."""
    world = World(drawn([], seed))
    for _ in range(5):
        world.send_change()
        world.apply()
        world.promise(world.flights[-1])
        world.answer()
    records, state = world.end()
    assert not decide(tell(records), state).violations
    for label, cart in state.carts.items():
        if cart.lines:
            state.carts[label] = FinalCart(cart.version + 1, {})
            assert decide(tell(records), state).violations


@settings(max_examples=100, deadline=None)
@given(numbers, seeds)
def test_an_order_too_many_or_too_few_and_stock_that_is_off_are_found(numbers, seed):
    records, state = history(numbers, seed)
    assume(any(getattr(record, "kind", "") == "checkout" for record in records))
    state.left["RED"] += 1
    assert {violation.promise for violation in decide(tell(records), state).violations} == {"e"}
    state.left["RED"] -= 1
    promised = {order.number for record in records for order in (getattr(record, "saw", None) or _NOTHING).orders or ()}
    if promised:
        state.orders = dict.fromkeys(state.orders, ())
        assert "f" in {violation.promise for violation in decide(tell(records), state).violations}


class _NOTHING:
    orders = ()

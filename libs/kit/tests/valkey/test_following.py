"""Whom the store's client believes."""

from __future__ import annotations

import pytest

from myclothes_kit.valkey import discovery
from myclothes_kit.valkey import store as store_module
from myclothes_kit.valkey.discovery import Primary, View
from myclothes_kit.valkey.nodes import Address, Dialler, Target
from myclothes_kit.valkey.store import Store

# nobody listens on the first ports of loopback
A, B = Address("127.0.0.1", 1), Address("127.0.0.1", 2)


@pytest.fixture
async def store():
    made = Store(
        "test", Target(sentinels=(A,), master_name="m"), Dialler(), ack_replicas=1, ack_seconds=0.1, wait_seconds=0.1
    )
    yield made
    await made.aclose()


async def test_a_newer_epoch_is_followed_and_an_older_one_is_not(store):
    await store._take(View(Primary(A, 1), frozenset({B})))
    await store._take(View(Primary(B, 2), frozenset({A})))
    assert store._primary == Primary(B, 2)
    await store._take(View(Primary(A, 1), frozenset({B})))
    await store._take(None)
    assert store._primary == Primary(B, 2)


async def test_sentinels_that_were_set_up_anew_are_believed_in_the_end(store, monkeypatch):
    await store._take(View(Primary(B, 7), frozenset({A})))
    monkeypatch.setattr(store_module, "FORGOTTEN_SECONDS", 0.0)
    await store._take(View(Primary(A, 0), frozenset({B}), majority=False))
    assert store._primary == Primary(B, 7), "one of them may have been away"
    await store._take(View(Primary(A, 0), frozenset({B})))
    assert store._primary == Primary(A, 0)
    assert B in store._guard.missing
    assert not any(replica.awaited for replica in store._guard._replicas.values()), "nobody is excused by such news"


async def test_another_primary_of_the_same_epoch_is_believed_if_most_sentinels_name_it(store):
    await store._take(View(Primary(A, 6), frozenset({B})))
    await store._take(View(Primary(B, 6), frozenset({A}), majority=False))
    assert store._primary == Primary(A, 6)
    assert not store._guard._majority
    await store._take(View(Primary(B, 6), frozenset({A})))
    assert store._primary == Primary(B, 6)
    assert not any(replica.awaited for replica in store._guard._replicas.values()), "nobody is excused by such news"


@pytest.mark.parametrize("strays", [0, 1, 2])
async def test_one_sentinel_is_not_believed_against_two_of_the_same_epoch(monkeypatch, strays):
    sentinels = tuple(Address("127.0.0.1", port) for port in (3, 4, 5))

    async def ask(sentinel, _name, _dialler):
        named, other = (A, B) if sentinel == sentinels[strays] else (B, A)
        return Primary(named, 6), frozenset({other})

    monkeypatch.setattr(discovery, "_ask", ask)
    view = await discovery.look(Target(sentinels=sentinels, master_name="m"), Dialler())
    assert view == View(Primary(B, 6), frozenset({A}), majority=True)

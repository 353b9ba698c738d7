"""Names while name resolution comes and goes."""

from __future__ import annotations

import asyncio

import pytest

from myclothes_kit import resolver as module
from myclothes_kit.resolver import StaleResolver


class Names:
    def __init__(self):
        self.lookups = 0
        self.away: OSError | None = None
        self.hanging = False

    async def __call__(self, *_):
        self.lookups += 1
        if self.hanging:
            await asyncio.sleep(30)
        if self.away:
            raise self.away
        return [f"10.0.0.{self.lookups}"]


@pytest.fixture
def names():
    return Names()


async def test_a_fresh_answer_is_used_again(names):
    resolver = StaleResolver(names)
    assert await resolver.resolve("cart", 80) == await resolver.resolve("cart", 80)
    assert names.lookups == 1
    await resolver.close()


async def test_an_old_answer_is_used_at_once_and_the_next_one_is_new(names, monkeypatch):
    resolver = StaleResolver(names)
    known = await resolver.resolve("cart", 80)
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
    assert await resolver.resolve("cart", 80) == known
    (lookup,) = resolver._running.values()
    await lookup
    assert await resolver.resolve("cart", 80) == ["10.0.0.2"]
    await resolver.close()


@pytest.mark.parametrize("hanging", [True, False])
async def test_an_old_answer_stands_in_while_names_cannot_be_resolved(names, monkeypatch, hanging):
    resolver = StaleResolver(names)
    known = await resolver.resolve("cart", 80)
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
    names.hanging, names.away = hanging, OSError("no name server")
    for _ in range(3):
        assert await resolver.resolve("cart", 80) == known
        await asyncio.sleep(0.01)
    with pytest.raises((OSError, TimeoutError)):
        async with asyncio.timeout(0.1):
            await resolver.resolve("never-seen", 80)
    await resolver.close()


async def test_an_answer_that_is_too_old_does_not_stand_in(names, monkeypatch):
    resolver = StaleResolver(names)
    await resolver.resolve("cart", 80)
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(module, "STALE_SECONDS", 0.0)
    names.away = OSError("no name server")
    with pytest.raises(OSError, match="no name server"):
        await resolver.resolve("cart", 80)
    await resolver.close()


async def test_many_who_ask_at_once_are_one_lookup(names):
    resolver = StaleResolver(names)
    answers = await asyncio.gather(*(resolver.resolve("cart", 80) for _ in range(20)))
    assert names.lookups == 1
    assert all(answer == answers[0] for answer in answers)
    await resolver.close()


async def test_an_address_is_its_own_answer(names):
    resolver = StaleResolver(names)
    assert await resolver.resolve("198.18.0.1", 80) == ["198.18.0.1"]
    assert await resolver.resolve("::1", 80) == ["::1"]
    assert names.lookups == 0


async def test_dialling_begins_with_another_address_each_time_and_passes_over_one_that_refuses():
    async def two(*_):
        return ["10.0.0.1", "10.0.0.2"]

    resolver = StaleResolver(two)
    tried = []

    async def connect(address):
        tried.append(address)
        return address

    assert {await resolver.dial("cart", 80, connect) for _ in range(2)} == {"10.0.0.1", "10.0.0.2"}

    async def only_the_second(address):
        if address == "10.0.0.1":
            raise ConnectionRefusedError
        return address

    assert {await resolver.dial("cart", 80, only_the_second) for _ in range(2)} == {"10.0.0.2"}

    async def none(_address):
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        await resolver.dial("cart", 80, none)

    async def late(_address):
        tried.append(_address)
        raise TimeoutError

    tried.clear()
    with pytest.raises(TimeoutError):
        await resolver.dial("cart", 80, late)
    assert len(tried) == 1

"""The hasher: what it verifies, and that it never piles up."""

from __future__ import annotations

import asyncio
import threading

import pytest
from argon2 import extract_parameters

from myclothes_kit.postgres import DatabaseAway
from myclothes_users.domain import Registration
from myclothes_users.errors import HashingBusy
from myclothes_users.hashing import Argon, Hasher
from myclothes_users.service import Users
from myclothes_users.settings import UsersSettings

SECONDS = 10.0


@pytest.fixture
def argon():
    return Argon(memory_kib=8, rounds=1)


def test_the_default_parameters_are_owasps():
    fields = UsersSettings.model_fields
    stored = Argon(fields["hash_memory_kib"].default, fields["hash_rounds"].default).hash("a password")
    found = extract_parameters(stored)
    assert stored.startswith("$argon2id$")
    assert (found.memory_cost, found.time_cost, found.parallelism) == (19 * 1024, 2, 1)


def test_verify(argon):
    stored = argon.hash("right")
    assert argon.verify(stored, "right")
    assert not argon.verify(stored, "wrong")
    assert not argon.verify(None, "right")
    assert not argon.verify("no hash", "right")


def test_a_hash_of_other_parameters_is_outdated(argon):
    assert Argon(memory_kib=16, rounds=1).outdated(argon.hash("x"))
    assert not argon.outdated(argon.hash("x"))


def test_a_fingerprint_tells_requests_apart_and_keys_too(argon):
    one = argon.fingerprint("key-0001", "call", {"password": "a"})
    assert one == argon.fingerprint("key-0001", "call", {"password": "a"})
    assert one != argon.fingerprint("key-0001", "call", {"password": "b"})
    assert one != argon.fingerprint("key-0002", "call", {"password": "a"})


async def test_above_the_cap_requests_are_refused_and_below_it_served(argon):
    hasher = Hasher(argon, threads=1, queue=2)
    go_on = threading.Event()
    taken = [asyncio.create_task(hasher.run(lambda _: go_on.wait(SECONDS))) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(HashingBusy) as refused:
        await hasher.run(lambda argon: argon.hash("x"))
    assert refused.value.headers() == {"Retry-After": "1"}
    go_on.set()
    assert all(await asyncio.gather(*taken))
    assert await hasher.run(lambda argon: argon.verify(argon.hash("x"), "x"))
    hasher.close()


async def test_a_caller_who_goes_does_not_free_a_place_that_is_still_used(argon):
    hasher = Hasher(argon, threads=1, queue=0)
    go_on = threading.Event()
    caller = asyncio.create_task(hasher.run(lambda _: go_on.wait(SECONDS)))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    with pytest.raises(HashingBusy):
        await hasher.run(lambda argon: argon.hash("x"))
    go_on.set()
    async with asyncio.timeout(SECONDS):
        while hasher._taken:  # noqa: ASYNC110 - polls a thread
            await asyncio.sleep(0.01)
    assert await hasher.run(lambda argon: argon.hash("x"))
    hasher.close()


async def test_an_error_in_the_thread_reaches_the_caller_and_frees_its_place(argon):
    hasher = Hasher(argon, threads=1, queue=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await hasher.run(lambda _: 1 // 0)
        await asyncio.sleep(0)
    hasher.close()


async def test_nothing_is_hashed_for_an_account_that_cannot_be_written():
    class Away:
        async def await_primary(self):
            raise DatabaseAway

    class Idle:
        async def run(self, _work):
            raise AssertionError("a hash costs more than all else")

    with pytest.raises(DatabaseAway):
        await Users(Away(), Idle()).register("key-0001", Registration("a@example.com", "correct horse battery", "A"))

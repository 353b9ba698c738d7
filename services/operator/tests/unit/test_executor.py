"""Actions are begun in time or not at all, and primaries are moved one after the other."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from myclothes_operator.actions import MoveCartPrimary, MoveUserPrimary, PutBack, TakeOut
from myclothes_operator.errors import FailedError, RefusedError
from myclothes_operator.executor import SEEN_SECONDS, Executor


class Cluster:
    """Notes what it is asked; pods named in `errors` raise."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.errors: dict[str, Exception] = {}

    async def set_serving(self, pod: str, version: str, shift: str | None) -> None:
        self.asked.append((pod, version, shift))
        if pod in self.errors:
            raise self.errors[pod]


class Store:
    """A store whose moves end when they are told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.end = asyncio.Event()

    async def move(self, *_: object) -> str:
        self.begun += 1
        await self.end.wait()
        return "moved"


MOVES = (MoveCartPrimary("valkey-0", 1), MoveUserPrimary("postgres-0", "postgres-1"))


@pytest.fixture
def parts() -> tuple[Executor, Cluster, Store, Store, asyncio.Event]:
    cluster, cart, user, woken = Cluster(), Store(), Store(), asyncio.Event()
    return Executor(cluster, cart, user, woken.set), cluster, cart, user, woken


async def test_what_was_seen_too_long_ago_is_not_acted_upon(parts: Any) -> None:
    executor, cluster, *_ = parts
    await executor.perform((TakeOut("late", "1", "u"),), time.monotonic() - SEEN_SECONDS - 1)
    assert cluster.asked == []
    await executor.perform((TakeOut("p", "1", "u"), PutBack("q", "2")), time.monotonic())
    assert cluster.asked == [("p", "1", "u"), ("q", "2", None)]


@pytest.mark.parametrize("error", [RefusedError("conflict"), FailedError("away")])
async def test_one_that_fails_does_not_keep_the_others(parts: Any, error: Exception) -> None:
    executor, cluster, *_ = parts
    cluster.errors["p"] = error
    done = await executor.perform((TakeOut("p", "1", "u"), TakeOut("q", "1", "u")), time.monotonic())
    assert done == (TakeOut("q", "1", "u"),)
    assert [one[0] for one in cluster.asked] == ["p", "q"]


async def test_primaries_are_moved_one_after_the_other(parts: Any) -> None:
    executor, _, cart, user, woken = parts
    assert await executor.perform(MOVES, time.monotonic()) == ()
    await executor.perform(MOVES, time.monotonic())
    await asyncio.sleep(0)
    assert (cart.begun, user.begun) == (1, 0)
    cart.end.set()
    await asyncio.wait_for(woken.wait(), 5)
    await executor.close()
    # the cart's rests now, whatever came of it
    await executor.perform(MOVES, time.monotonic())
    await asyncio.sleep(0)
    assert (cart.begun, user.begun) == (1, 1)
    user.end.set()
    await executor.close()

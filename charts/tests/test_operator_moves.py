"""The operator's planned move of the cart store's primary, on real Valkeys and Sentinels under writes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import pytest
import redis
from valkey_pods import HOST, NAME, Pod, Pods, wait_for

from myclothes_operator import valkey
from myclothes_operator.addresses import Addresses
from myclothes_operator.errors import FailedError, RefusedError
from myclothes_operator.valkey import CartStore, ValkeyPod

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from myclothes_operator.model import Store

pytestmark = [pytest.mark.failover, pytest.mark.proof, pytest.mark.timeout(300)]


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[Pods]:
    running = Pods(tmp_path)
    running.start()
    try:
        primary = running.settle()
        wait_for("the Sentinels name it", lambda: running.named(primary) == len(running.pods))
        wait_for("they would promote a replica", running.promotable)
        yield running
    finally:
        running.stop()


def store(pods: Pods) -> CartStore:
    nodes = tuple(ValkeyPod(pod.name, HOST, pod.port, pod.sentinel_port) for pod in pods.pods)
    return CartStore(nodes, NAME, "operator", pods.secrets / "operator", Addresses())


TRIES = 600


class Writer:
    """Adds numbers to whoever leads, as fast as one connection can; `acknowledged` are those that a replica has."""

    def __init__(self, pods: Pods) -> None:
        self._pods = pods
        self._ended = threading.Event()
        self.acknowledged: list[str] = []
        self.gap = 0.0
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        wait_for("writes are acknowledged", lambda: self.acknowledged)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        last, number = time.monotonic(), 0
        while not self._ended.is_set():
            # a primary that was replaced and does not know yet leads, too
            leaders = [pod for pod in self._pods.pods if pod.leads()]
            pod: Pod | None = max(leaders, key=self._pods.named, default=None)
            if pod is None:
                continue
            with pod.client() as client:
                try:
                    while not self._ended.is_set():
                        number += 1
                        client.set(f"cart:{number}", "x")
                        if client.wait(1, 150) >= 1:
                            self.acknowledged.append(f"cart:{number}")
                            self.gap = max(self.gap, time.monotonic() - last)
                            last = time.monotonic()
                except redis.RedisError:
                    continue


async def test_a_move_loses_no_acknowledged_write(pods: Pods) -> None:
    carts = store(pods)
    for _ in range(3):
        seen = await _settled(carts)
        wait_for("they would promote a replica", pods.promotable)
        with Writer(pods) as writer:
            new = await carts.move(seen.primary, seen.epoch)
            before = len(writer.acknowledged)
            wait_for("writes go on at the new primary", lambda writer=writer, at=before: len(writer.acknowledged) > at)
        assert new != seen.primary
        after = await _settled(carts)
        assert after.primary == new
        (leader,) = (pod for pod in pods.pods if pod.name == new)
        with leader.client() as client:
            kept = client.mget(writer.acknowledged)
        lost = [name for name, value in zip(writer.acknowledged, kept, strict=True) if value is None]
        print(f"{len(writer.acknowledged)} acknowledged, longest gap {writer.gap:.2f} s")  # noqa: T201 - a figure
        assert not lost


async def _settled(carts: CartStore) -> Store:
    for _ in range(TRIES):
        seen = await carts.observe()
        if seen.primary is not None and all(one.in_step for one in seen.servers) and len(seen.votes) == 3:
            return seen
        await asyncio.sleep(0.05)
    raise AssertionError(seen)


async def test_a_late_move_is_refused_and_writes_go_on(pods: Pods) -> None:
    carts = store(pods)
    seen = await carts.observe()
    await carts.move(seen.primary, seen.epoch)
    now = await _settled(carts)
    # the primary of before, and the primary of now under an epoch of before
    with pytest.raises(RefusedError, match="does not lead"):
        await carts.move(seen.primary, seen.epoch)
    with pytest.raises(RefusedError, match="another epoch"):
        await carts.move(now.primary, seen.epoch)
    assert (await carts.observe()).primary == now.primary
    (leader,) = (pod for pod in pods.pods if pod.name == now.primary)
    with leader.client() as client:
        client.set("cart:after", "x")
        assert client.wait(1, 1000) >= 1


async def test_a_primary_without_replicas_is_left_where_it_is(pods: Pods) -> None:
    carts = store(pods)
    seen = await carts.observe()
    for pod in pods.pods:
        if pod.name != seen.primary:
            pod.stop()
    (leader,) = (pod for pod in pods.pods if pod.name == seen.primary)
    wait_for("the replicas are missed", lambda: not leader.role()[2])
    left = await carts.observe()
    assert [one.pod for one in left.servers if one.in_step] == [seen.primary]
    assert left.votes == (seen.primary,)
    with pytest.raises(FailedError, match="catch up"):
        await carts.move(seen.primary, seen.epoch)


class KilledError(BaseException):
    """What a process that dies does: nothing more, but that its connections are closed."""


@pytest.mark.parametrize(
    ("words", "occurrence"),
    [
        (("CLIENT", "PAUSE"), 1),
        (("CLIENT", "PAUSE"), 2),
        (("CLIENT", "PAUSE"), 3),
        (("SENTINEL", "FAILOVER"), 1),
        (("INFO", "replication"), 1),
        (("REPLICAOF",), 1),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else str(value),
)
async def test_a_move_cut_short_anywhere_is_made_good(
    pods: Pods, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], occurrence: int
) -> None:
    """The operator dies right after it has sent a command; another one looks, and moves what is still to be moved."""
    seen = await _settled(store(pods))
    sent = 0

    async def call(wire: Any, *command: str | int) -> Any:
        nonlocal sent
        said = await real(wire, *command)
        sent += command[: len(words)] == words
        if sent == occurrence:
            raise KilledError
        return said

    real = valkey._call
    with Writer(pods) as writer:
        monkeypatch.setattr(valkey, "_call", call)
        with pytest.raises(KilledError):
            await store(pods).move(seen.primary, seen.epoch)
        monkeypatch.setattr(valkey, "_call", real)
        carts = store(pods)
        while (now := await _settled(carts)).primary == seen.primary:
            # a fail-over may still be under way, or writes held: the operator's next round tries again
            with contextlib.suppress(FailedError, RefusedError):
                await carts.move(now.primary, now.epoch)
        before = len(writer.acknowledged)
        wait_for("writes go on", lambda: len(writer.acknowledged) > before)
    (leader,) = (pod for pod in pods.pods if pod.name == now.primary)
    with leader.client() as client:
        kept = client.mget(writer.acknowledged)
    print(f"{len(writer.acknowledged)} acknowledged, longest gap {writer.gap:.2f} s")  # noqa: T201 - a figure
    assert [name for name, value in zip(writer.acknowledged, kept, strict=True) if value is None] == []


def test_the_operator_may_not_read_or_write_carts(pods: Pods) -> None:
    leader = pods.primary()
    with leader.client("cart") as cart:
        cart.set("cart:mine", "x")
    with leader.client("operator") as operator:
        assert operator.execute_command("ROLE")[0] == "master"
        for words in (
            ("GET", "cart:mine"),
            ("SET", "cart:mine", "y"),
            ("CONFIG", "SET", "maxmemory", "1"),
            ("FLUSHALL",),
            ("ACL", "LIST"),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                operator.execute_command(*words)
    with redis.Redis(HOST, leader.sentinel_port, username="operator", password="operator" * 8) as sentinel:
        assert sentinel.execute_command("SENTINEL", "MASTER", NAME)
        for words in (("SENTINEL", "REMOVE", NAME), ("SENTINEL", "SET", NAME, "quorum", "1"), ("SHUTDOWN",)):
            with pytest.raises(redis.exceptions.NoPermissionError):
                sentinel.execute_command(*words)

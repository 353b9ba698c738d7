"""Writers at full speed through real cart processes while the store's primary is frozen or killed, and the reckoning.

Used by the tests beside it and by `sweep.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import aiohttp

from myclothes_stores.ports import free_port
from myclothes_stores.sentinels import PRIMARY_NAME
from myclothes_stores.valkey_cluster import ValkeyCluster

if TYPE_CHECKING:
    from pathlib import Path

WRITERS = 16
ADDS_A_CART = 40
START_LIMIT_SECONDS = 60
SETTLE_LIMIT_SECONDS = 60
REPEAT_SECONDS = 0.05
GIVE_UP_SECONDS = 8.0
"""A writer repeats an add under its operation id for this long, as the gateway does."""
IMPATIENT_SECONDS = 0.4
"""Half of the writers drop an answer that takes longer and send the same operation again."""
WARM_SECONDS = 1.5
FAILOVER_TIMEOUT_MS = 3000
"""Sentinels begin no failover within twice this of the last one: with less time between failures there is none."""
AFTER_SECONDS = 4.0


@dataclass
class Round:
    """What one failure did. `acked` maps (cart, sku) to when it was acknowledged."""

    what: str
    began: float
    acked: dict[tuple[str, str], float] = field(default_factory=dict)
    sent: set[tuple[str, str]] = field(default_factory=set)
    lost: list[tuple[str, str]] = field(default_factory=list)
    twice: list[tuple[str, str]] = field(default_factory=list)
    refused: int = 0
    switched: bool = False
    ended: float = 0.0

    @property
    def gap(self) -> float:
        """The longest time without an acknowledgement around the failure."""
        times = [self.began, *sorted(at for at in self.acked.values() if at > self.began)]
        return max((later - earlier for earlier, later in pairwise(times)), default=float("inf"))

    def __str__(self) -> str:
        return (
            f"{self.what}: acknowledged {len(self.acked)}, lost {len(self.lost)}, twice {len(self.twice)}, "
            f"refused {self.refused}, gap {self.gap:.2f} s{', switched' if self.switched else ''}"
        )


class CartProcess:
    """`python -m myclothes_cart` on a port of its own."""

    def __init__(self, url: str, ack_replicas: int, log: Path) -> None:
        self.log = log
        self.port = free_port()
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("CART_")} | {
            "CART_PORT": str(self.port),
            "CART_VALKEY_URL": url,
            "CART_ACK_REPLICAS": str(ack_replicas),
        }
        self._process = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "myclothes_cart", env=self._environment, stdout=log, stderr=log
            )
        async with asyncio.timeout(START_LIMIT_SECONDS), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.base}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None


class Rig:
    """A store cluster, cart processes and writers; `async with`."""

    def __init__(
        self,
        *,
        ack_replicas: int = 1,
        processes: int = 2,
        writers: int = WRITERS,
        failover_timeout_ms: int = FAILOVER_TIMEOUT_MS,
    ) -> None:
        self._failover_timeout_ms = failover_timeout_ms
        self._may_fail_over_from = 0.0
        self.cluster = ValkeyCluster()
        self._ack_replicas = ack_replicas
        self._processes = processes
        self._writers = writers
        self.carts: list[CartProcess] = []
        self._round: Round | None = None
        self._running = asyncio.Event()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self):
        await asyncio.to_thread(self.cluster.start)
        self._stack.push_async_callback(asyncio.to_thread, self.cluster.kill)
        for sentinel in self.cluster.sentinels:
            sentinel.call("SENTINEL", "SET", PRIMARY_NAME, "failover-timeout", self._failover_timeout_ms)
        for number in range(self._processes):
            log = self.cluster.nodes[0].folder.parent / f"cart-{number}.log"
            cart = CartProcess(self.cluster.sentinel_url, self._ack_replicas, log)
            self._stack.push_async_callback(cart.stop)
            await cart.start()
            self.carts.append(cart)
        session = await self._stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None))
        )
        tasks = [asyncio.create_task(self._write(number, session)) for number in range(self._writers)]
        self._stack.push_async_callback(_cancel, tasks)
        return self

    async def __aexit__(self, *exc) -> None:
        self._running.clear()
        await self._stack.aclose()

    async def _write(self, number: int, session: aiohttp.ClientSession) -> None:
        limit = IMPATIENT_SECONDS if number % 2 else None
        while True:
            cart = f"guest-{secrets.token_hex(16)}"
            for n in range(ADDS_A_CART):
                await self._running.wait()
                round_ = self._round
                base = self.carts[(number // 2) % len(self.carts)].base
                await self._add(session, base, round_, cart, f"sku-{n}", limit)

    async def _add(self, session, base: str, round_: Round, cart: str, sku: str, limit: float | None) -> None:
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        give_up = time.monotonic() + GIVE_UP_SECONDS
        round_.sent.add((cart, sku))
        while time.monotonic() < give_up:
            try:
                async with (
                    asyncio.timeout(limit),
                    session.post(
                        f"{base}/v1/carts/{cart}/lines", json={"sku": sku, "quantity": 1}, headers=headers
                    ) as answer,
                ):
                    if answer.status == 200:
                        await answer.read()
                        round_.acked[cart, sku] = time.monotonic()
                        return
                    round_.refused += 1
                    assert answer.status in (503, 500), f"{answer.status}: {await answer.text()}"
            except (TimeoutError, aiohttp.ClientError):
                pass
            await asyncio.sleep(REPEAT_SECONDS)

    async def freeze(self, seconds: float, *, restart: bool = False) -> Round:
        """Freeze the primary for `seconds`; `restart` puts a fresh cart process in at the thaw."""

        async def act() -> None:
            primary = self.cluster.primary()
            await asyncio.to_thread(primary.freeze)
            await asyncio.sleep(seconds)
            started = self.carts[-1]
            if restart:
                await started.stop()
            await asyncio.to_thread(primary.thaw)
            if restart:
                await started.start()

        return await self._run(f"frozen {seconds:.1f} s{', fresh process' if restart else ''}", act)

    async def kill(self) -> Round:
        """Kill the primary; it comes back when the round is over."""
        killed = self.cluster.primary()

        async def act() -> None:
            killed.kill()

        round_ = await self._run("killed", act)
        await asyncio.to_thread(killed.start)
        return round_

    async def hand_over(self) -> Round:
        """A planned failover."""

        async def act() -> None:
            await asyncio.to_thread(self.cluster.failover)

        return await self._run("failed over by hand", act)

    async def _run(self, what: str, act) -> Round:
        await asyncio.to_thread(self.cluster.wait_healthy, SETTLE_LIMIT_SECONDS)
        await asyncio.sleep(max(0.0, self._may_fail_over_from - time.monotonic()))
        before = self.cluster.primary_port()
        self._round = round_ = Round(what, time.monotonic())
        self._running.set()
        await asyncio.sleep(WARM_SECONDS)
        round_.began = time.monotonic()
        await act()
        self._may_fail_over_from = time.monotonic() + AFTER_SECONDS + 2 * self._failover_timeout_ms / 1000
        await asyncio.sleep(AFTER_SECONDS)
        await asyncio.to_thread(self.cluster.wait_healthy, SETTLE_LIMIT_SECONDS)
        await self._acknowledged_again(round_)
        self._running.clear()
        round_.switched = self.cluster.primary_port() != before
        await asyncio.sleep(1.0)  # what was in flight has come to rest
        await asyncio.to_thread(self._reckon, round_)
        return round_

    def evidence(self, lines: int = 40) -> str:
        """The last of what carts and Sentinels logged."""
        logs = [*(cart.log for cart in self.carts), *(s.folder / "sentinel.log" for s in self.cluster.sentinels)]
        parts = []
        for log in logs:
            told = [line for line in log.read_text().splitlines() if '"request"' not in line]
            parts.append("\n".join([f"── {log.name}", *told[-lines:]]))
        return "\n".join(parts)

    async def _acknowledged_again(self, round_: Round) -> None:
        resumed = time.monotonic()
        async with asyncio.timeout(SETTLE_LIMIT_SECONDS):
            while max(round_.acked.values(), default=0.0) < resumed:  # noqa: ASYNC110 - adds are counted, not signalled
                await asyncio.sleep(0.02)

    def _reckon(self, round_: Round) -> None:
        carts = sorted({cart for cart, _ in round_.sent})
        with self.cluster.primary().client() as client:
            for some in _batched(carts, 500):
                pipeline = client.pipeline(transaction=False)
                for cart in some:
                    pipeline.hgetall(f"cart:{cart}")
                for cart, fields in zip(some, pipeline.execute(), strict=True):
                    self._compare(round_, cart, fields)

    @staticmethod
    def _compare(round_: Round, cart: str, fields: dict[str, str]) -> None:
        for n in range(ADDS_A_CART):
            sku = f"sku-{n}"
            quantity = int(fields[sku].partition(":")[0]) if sku in fields else 0
            if quantity == 0 and (cart, sku) in round_.acked:
                round_.lost.append((cart, sku))
            if quantity > 1:
                round_.twice.append((cart, sku))


def _batched(items, size):
    return (items[start : start + size] for start in range(0, len(items), size))


async def _cancel(tasks) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

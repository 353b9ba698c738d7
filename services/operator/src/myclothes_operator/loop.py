"""The operator's one loop: look, decide, act; at once when it matters what has changed, else every few seconds."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from myclothes_operator import lifecycle, metrics
from myclothes_operator.actions import SetStatus
from myclothes_operator.documents import survivable
from myclothes_operator.errors import FailedError, RefusedError
from myclothes_operator.findings import findings
from myclothes_operator.plan import plan

if TYPE_CHECKING:
    from myclothes_operator.actions import Action
    from myclothes_operator.executor import Executor
    from myclothes_operator.kube import Kube, Seen
    from myclothes_operator.lease import Lease
    from myclothes_operator.model import Finding, Report, World
    from myclothes_operator.patroni import UserStore
    from myclothes_operator.practice.practices import Practices
    from myclothes_operator.valkey import CartStore

GATHER_SECONDS = 0.1
"""Changes come in swarms: a round waits for so long for the rest of one."""
BUSY_SECONDS = 0.5
"""Between two rounds while there is something to do."""
CALM_SECONDS = 3.0
"""Between two rounds while there is nothing: the report of survivability is at most this old, and a round."""
ASIDE_SECONDS = 15.0
"""Between two looks of an operator that does not hold the Lease: what it says is only for who asks that very pod."""
CHECKED_SECONDS = 50.0
"""A report that says the same is written again when it is this old: one that is older than a minute is nobody's."""
ALIVE_SECONDS = 60.0
"""A loop whose last round is older than this hangs."""
_log = structlog.get_logger()


class Loop:
    """`wake` asks for a round now; `findings` is what the last one found of each zone."""

    def __init__(
        self,
        kube: Kube,
        lease: Lease,
        cart_store: CartStore | None,
        user_store: UserStore | None,
        practices: Practices | None = None,
    ) -> None:
        self._kube = kube
        self._lease = lease
        self._cart_store = cart_store
        self._user_store = user_store
        self._practices = practices
        self._woken = asyncio.Event()
        self._last = time.monotonic()
        self._looked = float("-inf")
        self._shifting = False
        self.findings: dict[str, tuple[Finding, ...]] = {}

    def wake(self) -> None:
        """What is asked for has changed, or what was done is over."""
        self._woken.set()

    def stir(self) -> None:
        """What there is has changed: urgent only while a zone is shifted, for a look costs as much as many requests.

        A rollout changes pods several times a second, when CPU is short as it is.
        """
        if self._shifting:
            self._woken.set()

    @property
    def is_alive(self) -> bool:
        """A round has been made lately, whatever its outcome."""
        return time.monotonic() - self._last < ALIVE_SECONDS

    async def run(self, executor: Executor) -> None:
        """Never returns."""
        while True:
            self._woken.clear()
            busy = False
            try:
                with metrics.ROUND_SECONDS.time():
                    busy = await self.round(executor)
                metrics.ROUNDS.labels("done").inc()
            except FailedError as error:
                metrics.ROUNDS.labels("failed").inc()
                _log.warning("round_failed", error=str(error))
            self._last = time.monotonic()
            await self._pause(BUSY_SECONDS if busy else CALM_SECONDS)

    async def round(self, executor: Executor) -> bool:
        """Look once, and do what has to be done; whether there was anything. Raises FailedError."""
        seen = time.monotonic()
        now = float(int(time.time()))
        acts = await self._lease.hold()
        if not acts and seen - self._looked < ASIDE_SECONDS:
            return False
        self._looked = seen
        looked, world = await self.look()
        self._shifting = acts and lifecycle.in_force(world, now) is not None
        self._measure(world, now)
        if not acts:
            return False
        actions = plan(world, now)
        done = await executor.perform(actions, seen)
        await self._tell(world, done, now)
        await self._report(looked, now)
        practising = self._practices is not None and await self._practices.round(world, seen, now)
        return bool(actions) or practising

    async def look(self) -> tuple[Seen, World]:
        """Everything that there is to see; raises FailedError."""

        async def nothing() -> None:
            return None

        looked, cart, user = await asyncio.gather(
            self._kube.observe(),
            self._cart_store.observe() if self._cart_store is not None else nothing(),
            self._user_store.observe() if self._user_store is not None else nothing(),
        )
        return looked, replace(looked.world, cart_store=cart, user_store=user)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
                await asyncio.sleep(GATHER_SECONDS)

    async def _tell(self, world: World, done: tuple[Action, ...], now: float) -> None:
        """An event for each phase that a shift has entered."""
        for action in done:
            if not isinstance(action, SetStatus):
                continue
            shift = next(one for one in world.shifts if one.name == action.shift)
            if action.status.phase == shift.status.phase:
                continue
            accepted = action.status.condition("Accepted")
            refused = action.status.phase == lifecycle.REFUSED
            message = accepted.message if refused and accepted is not None else f"zone {shift.zone}"
            try:
                await self._kube.tell(shift, action.status.phase, message, warning=refused, now=now)
            except (FailedError, RefusedError) as error:
                _log.warning("no_event", error=str(error))

    def _measure(self, world: World, now: float) -> None:
        """What the page and the gauges say."""
        before, self.findings = self.findings, {zone: findings(world, zone) for zone in world.zones}
        for zone in before.keys() - self.findings.keys():
            metrics.SURVIVABLE.remove(zone)
            metrics.SHIFTED.remove(zone)
        shift = lifecycle.in_force(world, now)
        for zone, found in self.findings.items():
            metrics.SURVIVABLE.labels(zone).set(not found)
            metrics.SHIFTED.labels(zone).set(shift is not None and shift.zone == zone)

    async def _report(self, looked: Seen, now: float) -> None:
        """Keep a ZoneReport a zone true."""
        known = {one.zone: one for one in looked.reports}
        for zone in known.keys() | self.findings.keys():
            old, found = known.get(zone), self.findings.get(zone)
            try:
                if found is None:
                    await self._kube.drop_report(zone)
                elif old is None or not _is_true(old, found, now):
                    await self._kube.write_report(old, zone, found, now)
            except (FailedError, RefusedError) as error:
                _log.warning("no_report", zone=zone, error=str(error))


def _is_true(report: Report, found: tuple[Finding, ...], now: float) -> bool:
    """Whether a report says what was found, and says of lately that it does."""
    fresh = report.checked is not None and now - report.checked < CHECKED_SECONDS
    return fresh and (report.survivable, report.findings) == (survivable(found), found)

"""Practice's part in the operator's round: look, plan, act."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from myclothes_operator import metrics
from myclothes_operator.errors import FailedError, RefusedError
from myclothes_operator.executor import SEEN_SECONDS
from myclothes_operator.practice.model import EndShift, PracticeAction, Seen, SetPracticeStatus, StartJob, StartShift
from myclothes_operator.practice.plan import due, plan
from myclothes_operator.practice.schedule import others

if TYPE_CHECKING:
    from myclothes_operator.model import World
    from myclothes_operator.practice.alerts import Alerts
    from myclothes_operator.practice.kube import PracticeKube
    from myclothes_operator.practice.model import Practice

_log = structlog.get_logger()


class Practices:
    """All practices of the namespace."""

    def __init__(self, kube: PracticeKube, alerts: Alerts) -> None:
        self._kube = kube
        self._alerts = alerts

    async def round(self, world: World, seen: float, now: float) -> bool:
        """Do what has to be done, by a look at `world` that began at `seen` (monotonic); whether there was anything.

        What fails is logged, so that no shift has to wait for a practice.
        """
        try:
            practices, jobs = await self._kube.practices()
            # a shift that people ask for says enough, and should not have to wait for an answer
            asked = any(_is_awake(one, world, now) for one in practices) and not others(world.shifts, now)
            alerts = await self._alerts.firing() if asked else ()
        except FailedError as error:
            _log.warning("no_practice", error=str(error))
            return False
        _measure(practices)
        actions = plan(Seen(world, practices, jobs, bool(self._kube.ledger), alerts), now)
        for action in actions:
            await self._do(action, seen)
        return bool(actions)

    async def _do(self, action: PracticeAction, seen: float) -> None:
        kind = type(action).__name__
        outcome, detail = "done", ""
        try:
            if time.monotonic() - seen > SEEN_SECONDS:
                raise RefusedError("seen too long ago")  # noqa: TRY301 - counted and logged as any other refusal
            await self._perform(action)
        except RefusedError as error:
            outcome, detail = "refused", str(error)
        except FailedError as error:
            outcome, detail = "failed", str(error)
        metrics.ACTIONS.labels(kind, outcome).inc()
        _log.info("step", action=kind, outcome=outcome, detail=detail, **_fields(action))

    async def _perform(self, action: PracticeAction) -> None:
        match action:
            case SetPracticeStatus(practice, version, status):
                await self._kube.set_practice_status(practice, version, status)
            case StartJob(practice, run, seconds):
                await self._kube.start_job(practice, run, seconds)
            case StartShift(practice, run, seconds):
                await self._kube.start_shift(practice, run, seconds)
            case EndShift(shift, uid):
                await self._kube.end_shift(shift, uid)


def _is_awake(practice: Practice, world: World, now: float) -> bool:
    """Whether an alert would matter to it."""
    return practice.status.run is not None or due(practice, world.zones, now) is not None


def _measure(practices: tuple[Practice, ...]) -> None:
    for practice in practices:
        for result in practice.status.results:
            metrics.PRACTICE_PASSED.labels(practice.name, result.zone).set(result.verdict == "Passed")
            metrics.PRACTICE_TIME.labels(practice.name, result.zone).set(result.began)


def _fields(action: PracticeAction) -> dict[str, object]:
    """What a log line says of an action."""
    match action:
        case SetPracticeStatus(practice, _, status):
            return {"practice": practice, "phase": status.phase, "message": status.message}
        case StartJob(practice, run) | StartShift(practice, run):
            return {"practice": practice.name, "run": run.name, "zone": run.zone}
        case EndShift(shift):
            return {"shift": shift}

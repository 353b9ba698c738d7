"""What a practice does next: a pure function of what is seen and the time, with no memory of its own.

A run goes Warming → Shifting → Judging, each step written into the practice's status; what a step needs is made under
the run's name, so that making it again makes nothing. A practice's shift that belongs to no run in its first two steps
is taken away, whoever made it and whenever: that is all there is to an early end, a killed operator and a late one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from myclothes_operator.practice import schedule, verdicts
from myclothes_operator.practice.model import (
    EndShift,
    Practice,
    PracticeAction,
    PracticeStatus,
    Result,
    Run,
    Seen,
    SetPracticeStatus,
    StartJob,
    StartShift,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

WARM_SECONDS = 30.0
"""For so long the shoppers shop before a zone is shifted: they look around first, and then show that all is well."""
TAIL_SECONDS = 30.0
"""For so long they go on when the zone is to be put back."""
START_SECONDS = 180.0
"""A ledger whose shoppers do not shop by then is given up: no room for its pod, or no image."""
JUDGE_SECONDS = 420.0
"""A verdict, or a zone put back, that has not come so long after the shoppers' end is not waited for."""


def plan(seen: Seen, now: float) -> tuple[PracticeAction, ...]:
    """Every action whose time has come; none: all is as it should be."""
    practices = sorted((one for one in seen.practices if not one.ending), key=lambda one: (one.created, one.uid))
    actions: list[PracticeAction] = []
    busy = any(one.status.run is not None for one in practices)
    for practice in practices:
        run = practice.status.run
        if run is None:
            status = _waiting(seen, practice, now, busy=busy)
            busy = busy or status.run is not None
        elif run.stage == "Judging":
            status = _judging(seen, practice, run, now)
        else:
            status, more = _advance(seen, practice, run, now)
            actions += more
        status = replace(status, generation=practice.generation)
        if status != practice.status:
            actions.append(SetPracticeStatus(practice.name, practice.version, status))
    return (*_strays(seen, practices), *actions)


def due(practice: Practice, zones: tuple[str, ...], now: float) -> str | None:
    """The zone of which a run may begin now, as far as the schedule is concerned."""
    return schedule.due(practice, zones, now, START_SECONDS + WARM_SECONDS + practice.shift_seconds)


def shoppers_seconds(practice: Practice) -> float:
    """How long the shoppers of a run shop."""
    return WARM_SECONDS + practice.shift_seconds + TAIL_SECONDS


def _strays(seen: Seen, practices: list[Practice]) -> Iterator[PracticeAction]:
    runs = (one.status.run for one in practices)
    wanted = {run.name for run in runs if run is not None and run.stage != "Judging"}
    for shift in seen.world.shifts:
        if shift.practice and not shift.ending and shift.name not in wanted:
            yield EndShift(shift.name, shift.uid)


def _waiting(seen: Seen, practice: Practice, now: float, *, busy: bool) -> PracticeStatus:
    """The status of a practice without a run; with one when its time has come."""
    status = practice.status
    if schedule.is_done(practice, seen.world.zones):
        return replace(status, phase="Done", message="")
    zone = due(practice, seen.world.zones, now)
    obstacle = next(schedule.obstacles(seen, practice, zone, now, busy=busy), "")
    if zone is None or obstacle:
        return replace(status, phase="Waiting", message=obstacle)
    run = Run(f"{practice.name}-{now:.0f}", zone, now)
    return replace(status, phase=run.stage, message=f"the shoppers begin, {zone} is to be out", run=run)


def _advance(seen: Seen, practice: Practice, run: Run, now: float) -> tuple[PracticeStatus, tuple[PracticeAction, ...]]:
    """The status of a practice whose zone is out, or about to be, and what the run needs now."""
    status, job, shift = practice.status, seen.job(run), seen.shift(run)
    if shift is not None:
        run = replace(run, shift=shift.uid)
    early = next(verdicts.early(seen, practice, run, now, late=now - run.began > START_SECONDS), None)
    if early is not None:
        run = replace(run, stage="Judging", verdict=early[0], reason=early[1])
        return replace(status, phase=run.stage, message=f"{run.zone} is put back: {run.reason}", run=run), ()
    if shift is not None:
        run = replace(run, stage="Shifting")
        done = shift.status.condition("Completed")
        if run.out is None and done is not None and done.status == "True":
            run = replace(run, out=max(0.0, done.since - shift.created))
        if now - shift.created >= practice.shift_seconds:
            run = replace(run, stage="Judging")
        how = "put back" if run.stage == "Judging" else "out" if run.out is not None else "about to be out"
        return replace(status, phase=run.stage, message=f"{run.zone} is {how}", run=run), ()
    if job is None:
        return status, (StartJob(practice, run, shoppers_seconds(practice)),)
    if job.shopping is not None and now - job.shopping >= WARM_SECONDS:
        return status, (StartShift(practice, run, practice.shift_seconds + TAIL_SECONDS),)
    return status, ()


def _judging(seen: Seen, practice: Practice, run: Run, now: float) -> PracticeStatus:
    """The status of a run that is over: as it is until zone and verdict are there, or have been waited for in vain."""
    job, marks = seen.job(run), (seen.world.pods, seen.world.autoscalers)
    left = any(one.shift == run.shift for one in marks[0] if run.shift and not one.ending)
    left = left or any(one.mark is not None and one.mark.shift == run.shift for one in marks[1])
    late = now - run.began > START_SECONDS + shoppers_seconds(practice) + JUDGE_SECONDS
    if not late and (seen.shift(run) is not None or left or not verdicts.is_final(job)):
        return practice.status
    verdict, reason = verdicts.final(run, job, restored=not left)
    result = Result(run.zone, run.began, run.name, verdict, reason, run.out, job.summary if job is not None else None)
    # of a zone that is no more, nothing is kept
    known = {*seen.world.zones, *practice.zones}
    others = (one for one in practice.status.results if one.zone != run.zone and one.zone in known)
    results = tuple(sorted((*others, result), key=lambda one: one.zone))
    return replace(practice.status, phase="Waiting", message="", run=None, results=results)

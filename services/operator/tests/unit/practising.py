"""A cluster of plain data that carries out what practice asks for, with a ledger that takes its own time."""

from __future__ import annotations

from dataclasses import replace

from simulation import Cluster, world

from myclothes_operator.model import Shift
from myclothes_operator.plan import plan as shift_plan
from myclothes_operator.practice.model import (
    EndShift,
    Job,
    Practice,
    PracticeAction,
    Seen,
    SetPracticeStatus,
    StartJob,
    StartShift,
    Summary,
)
from myclothes_operator.practice.plan import plan

KEPT = Summary(violations=0, undecided=0, requests=900, failed=0, acknowledged=300, gap=1.5)
LOOK_SECONDS, JUDGE_SECONDS = 12.0, 8.0
"""What the ledger's shoppers take before they shop, and its check after that."""
LONG = 20_000
"""Seconds in which every practice here comes to its end."""


def practice(name: str = "weekly", **more: object) -> Practice:
    return Practice(name, f"uid-{name}", "1", 1, 0.0, **more)


class Drill:
    """The cluster, its practices and their ledgers; `fails_at`: when the shoppers have had enough."""

    def __init__(self, *practices: Practice) -> None:
        self.cluster = Cluster(world())
        self.practices = list(practices)
        self.jobs: dict[str, tuple[float, float, Job]] = {}
        self.made: list[str] = []
        self.alerts: tuple[str, ...] = ()
        self.ledger = True
        self.summary: Summary | None = KEPT
        self.fails_at: float | None = None
        self.exit_code = 4
        self.now = 1000.0
        self._revision = 0

    def seen(self) -> Seen:
        jobs = tuple(self._job(*one) for one in self.jobs.values())
        return Seen(self.cluster.world, tuple(self.practices), jobs, self.ledger, self.alerts)

    def _job(self, began: float, seconds: float, job: Job) -> Job:
        """A ledger's job at this moment."""
        shopping = began + LOOK_SECONDS
        end = shopping + seconds
        broken = self.fails_at is not None and began < self.fails_at < end
        end = self.fails_at if broken else end
        if self.now < shopping and not broken:
            return replace(job, shopping=began)
        if self.now < end:
            return replace(job, shopping=began)
        job = replace(job, shopping=began, shopped=self.exit_code if broken else 0)
        if self.now < end + JUDGE_SECONDS:
            return job
        return replace(job, judged=0 if self.summary is not None else 1, summary=self.summary, ended=True)

    def do(self, action: PracticeAction) -> None:
        match action:
            case SetPracticeStatus(name, version, status):
                old = next((one for one in self.practices if one.name == name), None)
                if old is not None and old.version == version:
                    self._revision += 1
                    new = replace(old, version=f"r{self._revision}", status=status)
                    self.practices[self.practices.index(old)] = new
            case StartJob(_, run, seconds):
                if run.name not in self.jobs:
                    self.made.append(f"job {run.name}")
                    self.jobs[run.name] = (self.now, seconds, Job(run.name))
            case StartShift(_, run, seconds):
                if run.name not in {one.name for one in self.cluster.world.shifts}:
                    self.made.append(f"shift {run.zone}")
                    self.cluster.add(
                        Shift(run.name, f"u-{run.name}", "1", 1, run.zone, self.now, seconds, practice=True)
                    )
            case EndShift(name, uid):
                if any((one.name, one.uid) == (name, uid) for one in self.cluster.world.shifts):
                    self.cluster.delete(name)

    def round(self, done: int | None = None) -> None:
        """What an operator does in a round; one that dies in it has done its first `done` actions, None: all."""
        self.now += 1
        self.cluster.scale()
        seen = self.seen()
        steps = [(self.cluster.do, one) for one in shift_plan(seen.world, self.now)]
        steps += [(self.do, one) for one in plan(seen, self.now)]
        for do, action in steps[:done]:
            do(action)

    def until(self, phase: str, name: str = "weekly", seconds: int = LONG) -> None:
        for _ in range(seconds):
            if self.of(name).status.phase == phase:
                return
            self.round()
        raise AssertionError(f"not {phase} but {self.of(name).status}")

    def of(self, name: str = "weekly") -> Practice:
        return next(one for one in self.practices if one.name == name)

    def change(self, name: str = "weekly", **now: object) -> None:
        old = self.of(name)
        self._revision += 1
        self.practices[self.practices.index(old)] = replace(old, version=f"r{self._revision}", **now)

"""A practice as the operator sees it: plain data, no I/O. Times are seconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from myclothes_operator.model import Shift, World

Stage = Literal["Warming", "Shifting", "Judging"]
Verdict = Literal["Passed", "Failed", "Stopped", "Refused"]


@dataclass(frozen=True)
class Window:
    """When a zone may be out: days of the week (0 is Monday), minutes of the day, and whose day that is."""

    days: frozenset[int]
    begin: int
    end: int
    place: str = "UTC"


@dataclass(frozen=True)
class Run:
    """The practice of one zone under way; `name` is its ZoneShift's and its job's.

    `shift`: the uid of the ZoneShift, once there is one; `out`: seconds from its creation until nothing depended on the
    zone; `verdict` and `reason` are set when the run was ended early.
    """

    name: str
    zone: str
    began: float
    stage: Stage = "Warming"
    shift: str = ""
    out: float | None = None
    verdict: Verdict | None = None
    reason: str = ""


@dataclass(frozen=True)
class Summary:
    """What the ledger says at its end; `gap`: the longest pause between two successful changes of carts, in seconds."""

    violations: int
    undecided: int
    requests: int
    failed: int
    acknowledged: int
    gap: float | None


@dataclass(frozen=True)
class Job:
    """The ledger's job of a run, by its pod: since when its shoppers shop, and the exit codes of them and the check."""

    run: str
    shopping: float | None = None
    shopped: int | None = None
    judged: int | None = None
    summary: Summary | None = None
    ended: bool = False


@dataclass(frozen=True)
class Result:
    """What was found when a zone was practised last."""

    zone: str
    began: float
    job: str
    verdict: Verdict
    reason: str = ""
    out: float | None = None
    summary: Summary | None = None


@dataclass(frozen=True)
class PracticeStatus:
    """A practice's status; `results` by zone."""

    phase: str = ""
    message: str = ""
    generation: int = 0
    run: Run | None = None
    results: tuple[Result, ...] = ()

    def result(self, zone: str) -> Result | None:
        return next((one for one in self.results if one.zone == zone), None)


@dataclass(frozen=True)
class Practice:
    """A ZoneShiftPractice. `window` None: once, and now; `zones` empty: all; `budget` in percent."""

    name: str
    uid: str
    version: str
    generation: int
    created: float
    window: Window | None = None
    zones: tuple[str, ...] = ()
    shift_seconds: float = 300.0
    budget: float = 1.0
    suspended: bool = False
    ending: bool = False
    status: PracticeStatus = field(default_factory=PracticeStatus)


@dataclass(frozen=True)
class Seen:
    """Everything at one moment. `ledger`: the chart's ledger is there; `alerts`: those that fire, in words."""

    world: World
    practices: tuple[Practice, ...] = ()
    jobs: tuple[Job, ...] = ()
    ledger: bool = True
    alerts: tuple[str, ...] = ()

    def job(self, run: Run) -> Job | None:
        return next((one for one in self.jobs if one.run == run.name), None)

    def shift(self, run: Run) -> Shift | None:
        return next((one for one in self.world.shifts if one.name == run.name), None)


@dataclass(frozen=True)
class SetPracticeStatus:
    """Write a practice's status, if the practice is still of this version."""

    practice: str
    version: str
    status: PracticeStatus


@dataclass(frozen=True)
class StartJob:
    """Make the ledger's job of a run, unless it is there."""

    practice: Practice
    run: Run
    seconds: float


@dataclass(frozen=True)
class StartShift:
    """Ask for the shift of a run, unless it is there."""

    practice: Practice
    run: Run
    seconds: float


@dataclass(frozen=True)
class EndShift:
    """Take a practice's shift away, if it is still the one that was seen."""

    shift: str
    uid: str


PracticeAction = SetPracticeStatus | StartJob | StartShift | EndShift

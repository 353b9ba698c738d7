"""Why a run ends early, and what is said of it at its end. Pure logic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_operator.lifecycle import REFUSED
from myclothes_operator.practice import schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from myclothes_operator.practice.model import Job, Practice, Run, Seen, Verdict

OVERSPENT = 4
"""Exit code of the ledger's shoppers when more failed than the error budget allows."""


def early(seen: Seen, practice: Practice, run: Run, now: float, *, late: bool) -> Iterator[tuple[Verdict, str]]:
    """Why the zone is to be put back now; nothing: it is not. `late`: the shoppers ought to shop by now."""
    job, shift = seen.job(run), seen.shift(run)
    for one in schedule.others(seen.world.shifts, now):
        yield "Stopped", f"{one.name} asks for zone {one.zone}"
    if practice.suspended:
        yield "Stopped", "suspended"
    if seen.alerts:
        yield "Stopped", f"alerts: {', '.join(seen.alerts)}"
    if job is not None and (job.shopped is not None or job.ended):
        yield _shoppers(job)
    if job is None and run.stage != "Warming":
        yield "Failed", "the ledger is gone"
    if late and (job is None or job.shopping is None):
        yield "Failed", "the ledger's shoppers did not begin in time: see its job"
    if shift is None and run.stage == "Shifting":
        yield "Stopped", "its ZoneShift was taken away"
    if shift is not None and shift.status.phase == REFUSED:
        accepted = shift.status.condition("Accepted")
        yield "Refused", accepted.message if accepted is not None else ""


def _shoppers(job: Job) -> tuple[Verdict, str]:
    if job.shopped == OVERSPENT:
        return "Stopped", "more requests failed than the error budget allows"
    if job.shopped is None:
        return "Failed", "the ledger's pod is lost"
    return "Failed", f"the ledger's shoppers ended too soon, with exit code {job.shopped}"


def is_final(job: Job | None) -> bool:
    """Whether nothing more is to be expected of the ledger."""
    return job is None or job.judged is not None or job.ended


def final(run: Run, job: Job | None, *, restored: bool) -> tuple[Verdict, str]:
    """The verdict on a run. What was lost counts most, then why it was ended early, then what could not be seen."""
    summary = job.summary if job is not None else None
    shopped = job.shopped if job is not None else None
    troubles: tuple[tuple[bool, Verdict, str], ...] = (
        (summary is not None and summary.violations > 0, "Failed", "promises were not kept: see the log of its job"),
        (not restored, "Failed", f"{run.zone} was not put back in time"),
        (run.verdict is not None, run.verdict or "Failed", run.reason),
        (summary is None, "Failed", "the ledger gave no verdict: see its job"),
        (shopped == OVERSPENT, "Failed", "more requests failed than the error budget allows, as it was put back"),
        (bool(shopped), "Failed", f"the ledger's shoppers ended with exit code {shopped}"),
        (summary is not None and summary.undecided > 0, "Failed", "not all could be judged: see the log of its job"),
        (run.out is None, "Failed", f"{run.zone} was not out before it was to be put back"),
    )
    return next(((verdict, reason) for holds, verdict, reason in troubles if holds), ("Passed", ""))

"""Which zone is practised next, and what stands in its way. Pure logic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_operator import lifecycle
from myclothes_operator.findings import findings
from myclothes_operator.practice import windows
from myclothes_operator.quantities import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from myclothes_operator.model import Shift
    from myclothes_operator.practice.model import Practice, Seen


def is_done(practice: Practice, zones: tuple[str, ...]) -> bool:
    """Whether a practice without a window has nothing left: all zones were practised, or one did not pass."""
    results = practice.status.results
    wanted = practice.zones or zones
    practised = {one.zone for one in results}
    failed = any(one.verdict != "Passed" for one in results)
    return practice.window is None and bool(wanted) and (failed or practised.issuperset(wanted))


def due(practice: Practice, zones: tuple[str, ...], now: float, needs: float) -> str | None:
    """The zone whose turn it is at `now`, for a run that takes `needs` seconds; None: no zone's.

    Each zone once in a week, that one first which was practised longest ago. One that did not pass is the week's last:
    people are to look first.
    """
    wanted = practice.zones or zones
    since = float("-inf")
    if practice.window is not None:
        if not windows.is_known(practice.window):
            return None
        begin, end = windows.opening(practice.window, now)
        if not begin <= now <= end - needs:
            return None
        since = windows.week(practice.window, now)
    lately = [one for one in practice.status.results if one.began >= since]
    if any(one.verdict != "Passed" for one in lately):
        return None
    practised = {one.zone for one in lately}
    left = [zone for zone in wanted if zone not in practised]
    last = {one.zone: one.began for one in practice.status.results}
    return min(left, key=lambda zone: (last.get(zone, float("-inf")), zone), default=None)


def obstacles(seen: Seen, practice: Practice, zone: str | None, now: float, *, busy: bool) -> Iterator[str]:
    """Why no run begins now, each reason in a sentence; none: one may."""
    if practice.suspended:
        yield "suspended"
    if practice.window is not None and not windows.is_known(practice.window):
        yield f"there is no time zone {practice.window.place}"
    elif zone is None:
        yield _pause(practice, now)
    if not seen.ledger:
        yield "there are no shoppers: set ledger.enabled of the chart"
    if busy:
        yield "another practice is under way"
    for one in others(seen.world.shifts, now):
        yield f"{one.name} has zone {one.zone} out, or asks for it"
    if lifecycle.foreign_pods(seen.world, None) or lifecycle.foreign_autoscalers(seen.world, None):
        yield "an earlier shift is being restored"
    if seen.alerts:
        yield f"alerts: {', '.join(seen.alerts)}"
    if zone is not None and (found := findings(seen.world, zone)):
        yield f"{zone} could not be lost: {'; '.join(one.message for one in found)}"


def others(shifts: tuple[Shift, ...], now: float) -> list[Shift]:
    """Shifts that people ask for: in force, or yet to be judged."""
    return [one for one in shifts if not one.practice and (one.lasts(now) or lifecycle.is_waiting(one, now))]


def _pause(practice: Practice, now: float) -> str:
    if practice.window is None:
        return "no node has a zone"
    since = windows.week(practice.window, now)
    failed = [one for one in practice.status.results if one.began >= since and one.verdict != "Passed"]
    if failed:
        return f"{failed[0].zone} did not pass: no more this week"
    begin, _ = windows.opening(practice.window, now)
    return f"the next window opens at {stamp(begin)}" if begin > now else "nothing more to practise in this window"

"""When a window is open, by the calendar of its place. Pure logic."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from myclothes_operator.practice.model import Window

_DAYS = 7


def is_known(window: Window) -> bool:
    """Whether there is such a time zone."""
    return _place(window.place) is not None


def opening(window: Window, now: float) -> tuple[float, float]:
    """Beginning and end of the opening that is under way at `now`, else of the next one."""
    here = datetime.fromtimestamp(now, _place(window.place))
    days = (here + timedelta(days=ahead) for ahead in range(2 * _DAYS + 1))
    openings = ((_at(day, window.begin), _at(day, window.end)) for day in days if day.weekday() in window.days)
    # the night on which clocks change may leave nothing of a window; then it is the week after's
    return next((begin, end) for begin, end in openings if begin < end and now < end)


def week(window: Window, now: float) -> float:
    """When the week began: Monday, midnight."""
    here = datetime.fromtimestamp(now, _place(window.place))
    return _at(here - timedelta(days=here.weekday()), 0)


def _at(day: datetime, minutes: int) -> float:
    return day.replace(hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0, fold=0).timestamp()


@cache
def _place(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None

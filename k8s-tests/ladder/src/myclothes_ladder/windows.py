"""A day's history, part by part: requests, failures, gaps, lost carts, and the times of the quiet part."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

from myclothes_ladder.figures import Event, Latency
from myclothes_ladder.losses import by_window, looks
from myclothes_ledger import reports
from myclothes_ledger.history import Call, Lines, Mark, Record

GROUPS: Mapping[str, frozenset[str]] = {
    "cart writes": frozenset({"add", "set", "remove"}),
    "cart reads": frozenset({"cart"}),
    "catalogue reads": frozenset({"home", "category", "product", "search"}),
}
EDGE_SECONDS = 0.5
"""What has not been answered for so long when an event comes is not the event's doing."""
END = "end"
"""The mark that ends the last part."""


def events(records: Sequence[Record], final: Mapping[str, Lines]) -> list[Event]:
    """One event a mark; the last mark, END, only ends the one before. `final`: each cart's lines at the end."""
    marks = [record for record in records if isinstance(record, Mark)]
    calls = [record for record in records if isinstance(record, Call)]
    times = [mark.at for mark in marks]
    last = max(record.at for record in records)
    successes = {
        group: sorted(call.at for call in calls if call.kind in kinds and call.outcome == "ok")
        for group, kinds in GROUPS.items()
    }
    carts = by_window(looks(records, final), times)
    # what is seen at the very end belongs to the last part
    carts[-2:] = [(max(carts[-2][0], carts[-1][0]), carts[-2][1] + carts[-1][1])]
    asked = [bisect_right(times, call.sent) - 1 for call in calls]
    found = []
    for place, (mark, (there, lost)) in enumerate(zip(marks, carts, strict=False)):
        end = times[place + 1]
        inside = [call for call, window in zip(calls, asked, strict=True) if window == place]
        found.append(
            Event(
                name=mark.text,
                seconds=round(end - mark.at, 1),
                requests=len(inside),
                failed=sum(reports.is_failed(call) for call in inside),
                carts=there,
                lost=lost,
                gaps_s={group: _gap(times_, mark.at, end, last) for group, times_ in successes.items()},
            )
        )
    return found


def _gap(successes: Sequence[float], begin: float, end: float, last: float) -> float | None:
    """The longest pause that began in this part, or so shortly before it that this part's event made it one."""
    return reports.gap(successes[bisect_left(successes, begin - EDGE_SECONDS) :], begin, end - EDGE_SECONDS, last)


def latencies(records: Sequence[Record], name: str) -> dict[str, Latency]:
    """The times of what succeeded in the part called `name`, by group."""
    marks = [record for record in records if isinstance(record, Mark)]
    place = next(place for place, mark in enumerate(marks) if mark.text == name)
    begin, end = marks[place].at, marks[place + 1].at
    found = {}
    for group, kinds in GROUPS.items():
        times = sorted(
            record.seconds
            for record in records
            if isinstance(record, Call)
            and record.kind in kinds
            and record.outcome == "ok"
            and begin <= record.sent < end
        )
        if times:
            found[group] = Latency(_quantile(times, 0.5), _quantile(times, 0.99))
    return found


def _quantile(ordered: Sequence[float], part: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000, 1)

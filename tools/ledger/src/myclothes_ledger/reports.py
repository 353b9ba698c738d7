"""What the shoppers felt: counts, times, the gap after each mark, and each request that failed.

A request **failed** when a shopper would say so: any 5xx, no connection or a lost one, or an answer after 5 s. Refusals
(409, 422, 429 and the like) are answers. What the client itself was late in sending is told apart and never counted.

The **gap** of a kind after a mark is the longest time between two consecutive successes of that kind, by when they were
answered, that reaches into the mark's window (from the mark to the next one, or to the end of the history): for so long
nobody got anything. It includes the usual pause between two requests of that kind, which `usual_gap_s` tells: the
longest before the first mark, or None without a mark or without successes before it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from myclothes_ledger.history import Begun, Call, Ended, Mark, Sent, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from myclothes_ledger.checking import Verdict
    from myclothes_ledger.history import Record

LATE_SECONDS = 5.0
SHOWN_FAILURES = 200
KINDS = {
    "cart_writes": ("add", "set", "remove"),
    "account_writes": ("register", "login", "logout", "address"),
    "order_writes": ("checkout", "cancel"),
    "cart_reads": ("cart",),
    "account_reads": ("orders", "addresses", "account"),
    "catalogue_reads": ("home", "category", "product", "search"),
}
_NAMES = {kind: name for name, kinds in KINDS.items() for kind in kinds}
_SERVER_ERROR = 500


def is_failed(call: Call) -> bool:
    """Whether a shopper would say that this request failed."""
    return call.status == 0 or call.status >= _SERVER_ERROR or call.seconds > LATE_SECONDS or bool(call.reason)


def _why(call: Call) -> str:
    if call.reason:
        return call.reason
    return f"status {call.status}" if call.status >= _SERVER_ERROR else f"answered after {call.seconds:.1f} s"


@dataclass
class _Tally:
    outcomes: Counter[str] = field(default_factory=Counter)
    failed: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    successes: list[float] = field(default_factory=list)

    def add(self, call: Call) -> None:
        self.outcomes[call.outcome] += 1
        if call.outcome == "ok":
            self.seconds.append(call.seconds)
            self.successes.append(call.at)
        if is_failed(call):
            self.failed.append(call.sent)


def report(folder: Path) -> dict[str, Any]:
    """The report on a history, as JSON. Raises HistoryError.

    `{"began", "seconds", "rate", "requests", "acknowledged_writes", "failed", "client_late_s", "kinds": {kind:
    {"requests", "ok", "refused", "unknown", "failed", "p50_ms", "p99_ms", "gap_s", "usual_gap_s"}},
    "marks": [{"text", "wall", "seconds", "kinds": {kind: {"gap_s", "failed"}}}], "failures": [{"wall", "at_s", "kind",
    "status", "reason", "seconds", "url"}], "failures_left_off"}`; `p50_ms` and `p99_ms` are of successes, None without
    one; `gap_s` is None for a kind without any success, and beside a kind's counts the longest of the whole run. Times
    in a mark's and failure's `at_s` count from the beginning.
    """
    return of(read(folder))


def of(records: Iterable[Record]) -> dict[str, Any]:
    """The same of records at hand."""
    tallies = {name: _Tally() for name in KINDS}
    marks: list[Mark] = []
    failures: list[dict[str, Any]] = []
    began: Begun | None = None
    last = late = 0.0
    urls: tuple[str, ...] = ()
    open_writes: dict[tuple[str, int], Sent] = {}
    failed = writes = 0
    for record in records:
        last = max(last, record.at)
        match record:
            case Begun():
                began, urls = began or record, record.urls
            case Mark():
                marks.append(record)
            case Sent():
                open_writes[record.op, record.attempt] = record
            case Ended():
                late = max(late, record.lag)
            case Call():
                writes += open_writes.pop((record.op, record.attempt), None) is not None and record.outcome == "ok"
                late = max(late, record.late)
                tallies[_NAMES[record.kind]].add(record)
                if is_failed(record):
                    failed += 1
                    if len(failures) < SHOWN_FAILURES:
                        failures.append(_failure(record, began, urls))
    for sent in open_writes.values():
        tallies[_NAMES[sent.kind]].outcomes["unknown"] += 1  # the ledger itself ended before the answer
    start = began.at if began else 0.0
    return {
        "began": _clock(began.wall if began else 0.0),
        "seconds": round(last - start, 3),
        "rate": began.rate if began else 0.0,
        "requests": sum(tally.outcomes.total() for tally in tallies.values()),
        "acknowledged_writes": writes,
        "failed": failed,
        "client_late_s": round(late, 3),
        "kinds": {name: _of_kind(tally, marks, last) for name, tally in tallies.items()},
        "marks": [
            _of_mark(mark, start, marks[place + 1].at if place + 1 < len(marks) else last, tallies, last)
            for place, mark in enumerate(marks)
        ],
        "failures": failures,
        "failures_left_off": failed - len(failures),
    }


def _failure(call: Call, began: Begun | None, urls: Sequence[str]) -> dict[str, Any]:
    return {
        "wall": _clock(call.wall),
        "at_s": round(call.sent - (began.at if began else 0.0), 3),
        "kind": call.kind,
        "status": call.status,
        "reason": _why(call),
        "seconds": round(call.seconds, 3),
        "url": urls[call.url] if call.url < len(urls) else "",
    }


def summary(verdict: Verdict, found: dict[str, Any]) -> dict[str, Any]:
    """The figures of a verdict and a report in one small object, as a container's last words can hold it."""
    return {
        "violations": len(verdict.violations),
        "undecided": len(verdict.undecided) + len(verdict.unread),
        "acknowledged_writes": verdict.counts.get("acknowledged writes", 0),
        **{name: found[name] for name in ("requests", "failed")},
        "gaps_s": {name: kind["gap_s"] for name, kind in found["kinds"].items() if kind["gap_s"] is not None},
    }


def _of_kind(tally: _Tally, marks: Sequence[Mark], last: float) -> dict[str, Any]:
    seconds = sorted(tally.seconds)
    before = sorted(at for at in tally.successes if not marks or at <= marks[0].at)
    return {
        "requests": tally.outcomes.total(),
        **{name: tally.outcomes[name] for name in ("ok", "refused", "unknown")},
        "failed": len(tally.failed),
        "p50_ms": _quantile(seconds, 0.5),
        "p99_ms": _quantile(seconds, 0.99),
        "gap_s": gap(sorted(tally.successes), 0.0, last, last),
        "usual_gap_s": round(_longest(before), 3) if marks and len(before) > 1 else None,
    }


def _of_mark(mark: Mark, start: float, until: float, tallies: dict[str, _Tally], last: float) -> dict[str, Any]:
    kinds = {}
    for name, tally in tallies.items():
        failed = sum(mark.at <= at < until for at in tally.failed)
        kinds[name] = {"gap_s": gap(sorted(tally.successes), mark.at, until, last), "failed": failed}
    return {
        "text": mark.text,
        "wall": _clock(mark.wall),
        "at_s": round(mark.at - start, 3),
        "seconds": round(until - mark.at, 3),
        "kinds": kinds,
    }


def gap(successes: Sequence[float], begin: float, end: float, last: float) -> float | None:
    """The longest pause between consecutive `successes` (sorted) that reaches into `begin` to `end`.

    After the last success it counts until `last`, the end of the history. None without any success.
    """
    if not successes:
        return None
    first = max(0, bisect_right(successes, begin) - 1)
    after = bisect_left(successes, end)
    reaching = [*successes[first : after + 1]]
    if after >= len(successes):
        reaching.append(max(last, reaching[-1]))
    return round(_longest(reaching), 3)


def _longest(times: Sequence[float]) -> float:
    return max((later - earlier for earlier, later in pairwise(times)), default=0.0)


def _quantile(ordered: Sequence[float], part: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000, 2) if ordered else None


def _clock(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")


def text(found: dict[str, Any]) -> str:
    """The report as people read it."""
    head = (
        f"{found['requests']} requests in {found['seconds']:g} s ({found['rate']:g}/s asked for), "
        f"{found['acknowledged_writes']} acknowledged writes, {found['failed']} failed; "
        f"the client was late by up to {found['client_late_s'] * 1000:.0f} ms"
    )
    lines = [
        head,
        "",
        f"{'kind':16}{'requests':>9}{'ok':>8}{'refused':>9}{'unknown':>9}{'failed':>8}{'p50 ms':>9}{'p99 ms':>9}",
    ]
    for name, kind in found["kinds"].items():
        lines.append(
            f"{name:16}{kind['requests']:>9}{kind['ok']:>8}{kind['refused']:>9}{kind['unknown']:>9}{kind['failed']:>8}"
            f"{_shown(kind['p50_ms']):>9}{_shown(kind['p99_ms']):>9}"
        )
    for mark in found["marks"]:
        lines += ["", f"{mark['wall']}  {mark['text']}  (the {mark['seconds']:.1f} s from then on)"]
        for name, kind in mark["kinds"].items():
            usual = found["kinds"][name]["usual_gap_s"]
            lines.append(
                f"  {name:16} gap {_shown(kind['gap_s']):>7} s (usual {_shown(usual)} s), {kind['failed']} failed"
            )
    if found["failures"]:
        lines += ["", "failed requests:"]
        lines += [
            f"  {each['wall']}  {each['kind']:9} {each['reason']} after {each['seconds']:.2f} s at {each['url']}"
            for each in found["failures"]
        ]
        if found["failures_left_off"]:
            lines.append(f"  and {found['failures_left_off']} more")
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"

"""The shoppers of a campaign: the ledger's, from one fault to the next, and what they felt of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from myclothes_ledger import Ledger, checking, history, reports
from myclothes_ledger.checking import Verdict
from myclothes_ledger.history import Call, Mark, Sent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GROUPS: Mapping[str, tuple[str, ...]] = {
    "carts": ("add", "set", "remove"),
    "accounts": ("register", "address"),
    "orders": ("checkout", "cancel"),
    "cart reads": ("cart",),
    "catalogue reads": ("home", "category", "product", "search"),
}
"""What depends on the same store in the same way."""
SERVED = 3
"""Successes of each group that show that it is served again."""
WRITES = "writes"
"""The folder below a history of the one of those who only change carts."""
POLL_SECONDS = 1.0
SETTLE_SECONDS = 30.0


class NotServedError(Exception):
    """The shop is whole and yet does not serve; the text names what it does not."""


@dataclass(frozen=True)
class Felt:
    """What the shoppers felt of one fault: gaps in seconds by group, requests, failed and acknowledged ones."""

    gaps: dict[str, float]
    requests: int
    failed: int


class Shoppers:
    """Shoppers on one history, which goes on over several faults; `check` holds them up for as long as it takes.

    `rate` requests a second of all kinds say what is felt. Beside them come `writes` a second of others, who only
    change their carts and have a history of their own: many promises to be held, at little cost.
    """

    def __init__(self, urls: Sequence[str], folder: Path, *, rate: float, seed: int, writes: float = 0.0) -> None:
        self.folder = folder
        self._urls = urls
        self._ledgers = [Ledger(urls, folder, rate=rate, seed=seed)]
        if writes:
            self._ledgers.append(Ledger(urls, folder / WRITES, rate=writes, seed=seed, only="writes"))

    @property
    def pids(self) -> list[int]:
        """Their processes. Raises LedgerError when they do not shop."""
        return [ledger.pid for ledger in self._ledgers]

    def start(self) -> None:
        """Begin to shop, or go on. Raises LedgerError."""
        for ledger in self._ledgers:
            ledger.start()

    def stop(self) -> None:
        """End in order."""
        for ledger in self._ledgers:
            ledger.stop()

    def kill(self) -> None:
        """End at once."""
        for ledger in self._ledgers:
            ledger.kill()

    def mark(self, text: str) -> None:
        """Note what is done to the shop."""
        for ledger in self._ledgers:
            ledger.mark(text)

    def await_served(self, seconds: float) -> None:
        """Return when requests of each group that were sent from now on have succeeded. Raises NotServedError."""
        since = time.monotonic()
        while missing := self._unserved(since):
            if time.monotonic() - since > seconds:
                raise NotServedError(f"not served within {seconds:g} s: {', '.join(missing)}")
            time.sleep(POLL_SECONDS)

    def _unserved(self, since: float) -> list[str]:
        good = [call.kind for call in self._calls() if call.sent >= since and call.outcome == "ok"]
        return [group for group, kinds in GROUPS.items() if sum(kind in kinds for kind in good) < SERVED]

    def felt(self) -> Felt:
        """What was felt since the last mark."""
        records = list(history.read(self.folder))
        begin = next(record.at for record in reversed(records) if isinstance(record, Mark))
        last = max(record.at for record in records)
        calls = [record for record in records if isinstance(record, Call)]
        gaps = {}
        for group, kinds in GROUPS.items():
            successes = sorted(call.at for call in calls if call.kind in kinds and call.outcome == "ok")
            gaps[group] = reports.gap(successes, begin, last, last) or round(last - begin, 3)
        since = [call for call in calls if call.sent >= begin]
        return Felt(gaps, len(since), sum(reports.is_failed(call) for call in since))

    def check(self) -> Verdict:
        """The verdict on everything since the first start, by the state that the shop shows now."""
        self.stop()
        found = Verdict()
        for ledger in self._ledgers:
            only_buyer = ledger is self._ledgers[0]
            verdict = asyncio.run(
                checking.check(ledger.folder, self._urls, sole_buyer=only_buyer, settle_seconds=SETTLE_SECONDS)
            )
            found.violations += verdict.violations
            found.notes += verdict.notes
            found.unread += verdict.unread
            found.undecided += verdict.undecided
            found.counts = {
                what: found.counts.get(what, 0) + verdict.counts.get(what, 0) for what in found.counts | verdict.counts
            }
        return found

    def acknowledged(self) -> int:
        """Writes acknowledged since the first start, each once however often it was sent; 0 before it."""
        return sum(_acknowledged(ledger.folder) for ledger in self._ledgers if (ledger.folder / history.NAME).exists())

    def _calls(self) -> list[Call]:
        return [record for record in history.read(self.folder) if isinstance(record, Call)]


def _acknowledged(folder: Path) -> int:
    writes, done = set(), set()
    for record in history.read(folder):
        if isinstance(record, Sent):
            writes.add(record.op)
        elif isinstance(record, Call) and record.outcome == "ok":
            done.add(record.op)
    return len(writes & done)

"""Shoppers at the ingress while things break, and what they felt: how long nobody got anything, and who failed."""

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from myclothes_cluster.release import ROOT, Release
from myclothes_ledger import Ledger, history, reports
from myclothes_ledger.history import Call, Mark
from myclothes_rig.layout import ZONES
from myclothes_rig.waiting import wait_for

ARTEFACTS = ROOT / "artefacts" / "cluster"
FIGURES = ARTEFACTS / "figures.json"

RATE = 50.0
"""Requests a second, at an even pace whatever the shop does."""
GROUPS: Mapping[str, tuple[str, ...]] = {
    "carts": ("add", "set", "remove"),
    "accounts": ("register", "address"),
    "orders": ("checkout", "cancel"),
    # each of the two alone is asked for so seldom that its longest pause is mostly the shoppers' own
    "accounts or orders": ("register", "address", "checkout", "cancel"),
    "cart reads": ("cart",),
    "catalogue reads": ("home", "category", "product", "search"),
}
"""What depends on the same store in the same way."""
GOALS: Mapping[str, float] = {"carts": 4.0, "accounts or orders": 25.0, "cart reads": 4.0, "catalogue reads": 2.0}
"""Seconds without a success when a zone is lost. Carts are read from their primary; the catalogue from replicas."""
SLOW_SECONDS = 2.0
"""An answer that takes longer is not as usual, on two cores that are shared by all."""
STOLEN_SECONDS = 1.0
"""What others may take of the machine's CPU before it is said beside the figures."""
SERVED = 8
SERVED_SECONDS = 120.0


class Crowd:
    """Shoppers at the ingress of all zones but those `without`, as a context manager; see `Ledger`."""

    def __init__(self, release: Release, name: str, *, without: Iterable[str] = (), rate: float = RATE) -> None:
        folder = ARTEFACTS / "crowds" / f"{name.replace(' ', '-')}-{time.time_ns()}"
        # a cluster of others' may have one ingress for all zones
        self._origins = dict(zip(ZONES, release.target.origins, strict=False))
        at = [origin for letter, origin in self._origins.items() if letter not in without]
        self.ledger = Ledger(at, folder, rate=rate)
        self._rig = release.target.rig
        self.name = name
        self._stolen = 0.0

    def __enter__(self) -> Self:
        self._stolen = stolen()
        self.ledger.start()
        if self._rig is not None:
            self._rig.set_apart(self.ledger.pid)
        self.await_served()
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.stop()
        lost = stolen() - self._stolen
        if lost >= STOLEN_SECONDS:
            sys.stdout.write(
                f"{self.name}: meanwhile other machines of the same host took {lost:.0f} s of this one's CPU\n"
            )

    def mark(self, text: str) -> None:
        """Note what is done to the shop now."""
        self.ledger.mark(text)

    def await_served(self, seconds: float = SERVED_SECONDS, *, at: str = "") -> None:
        """Return when some requests of each group, sent from now on, have succeeded; only those to zone `at`."""
        since = time.monotonic()

        def served() -> bool:
            calls = [call for call in self._succeeded(at) if call.sent >= since]
            return all(sum(call.kind in kinds for call in calls) >= SERVED for kinds in GROUPS.values())

        wait_for("every kind of request to succeed", served, seconds=seconds, poll=1.0)

    def back(self, mark: str, at: str) -> float:
        """The seconds from `mark` until a request to zone `at` succeeded."""
        begin, _, _ = self._window(mark)
        return min(call.at for call in self._succeeded(at) if call.sent >= begin) - begin

    def gaps(self, mark: str) -> dict[str, float]:
        """For each group the longest pause between two successes from `mark` to the next one, in seconds."""
        begin, end, last = self._window(mark)
        found = {}
        for group, kinds in GROUPS.items():
            successes = sorted(call.at for call in self._calls() if call.kind in kinds and call.outcome == "ok")
            found[group] = reports.gap(successes, begin, end, last) or last - begin
        return found

    def failed(self, mark: str, *, without: Iterable[str] = ()) -> list[str]:
        """The requests that were sent from `mark` to the next one and failed, in words; none at the zones `without`."""
        begin, end, _ = self._window(mark)
        ignored = {self._origins[letter] for letter in without}
        urls = self.ledger.urls
        return [
            f"+{call.sent - begin:.2f} s {call.kind} {call.status} {call.reason} after {call.seconds:.2f} s"
            f" at {urls[call.url]}"
            for call in self._calls()
            if begin <= call.sent < end and reports.is_failed(call) and urls[call.url] not in ignored
        ]

    def longest(self, mark: str, group: str, *, without: Iterable[str] = ()) -> float:
        """The seconds that the slowest request of a group took that was sent from `mark` to the next one."""
        begin, end, _ = self._window(mark)
        ignored = {self._origins[letter] for letter in without}
        return max(
            (
                call.seconds
                for call in self._calls()
                if begin <= call.sent < end and call.kind in GROUPS[group] and self.ledger.urls[call.url] not in ignored
            ),
            default=0.0,
        )

    def normal(self, mark: str, *groups: str, without: Iterable[str] = ()) -> float:
        """The seconds from `mark` until the last request of these groups, sent before the next one, was slow or failed.

        0 when none was: all was as usual.
        """
        begin, end, _ = self._window(mark)
        ignored = {self._origins[letter] for letter in without}
        kinds = {kind for group in groups for kind in GROUPS[group]}
        felt = (
            call.at - begin
            for call in self._calls()
            if begin <= call.sent < end and call.kind in kinds and self.ledger.urls[call.url] not in ignored
            if reports.is_failed(call) or call.seconds > SLOW_SECONDS
        )
        return max(felt, default=0.0)

    def check(self) -> str:
        """The verdict in words; raises LedgerError when anything acknowledged is not there or not as it was."""
        return self.ledger.check().text()

    def _succeeded(self, at: str) -> list[Call]:
        only = self._origins.get(at)
        return [call for call in self._calls() if call.outcome == "ok" and only in {None, self.ledger.urls[call.url]}]

    def _calls(self) -> list[Call]:
        return [record for record in history.read(self.ledger.folder) if isinstance(record, Call)]

    def _window(self, mark: str) -> tuple[float, float, float]:
        records = list(history.read(self.ledger.folder))
        marks = [record for record in records if isinstance(record, Mark)]
        last = max(record.at for record in records)
        place = next(place for place, one in enumerate(marks) if one.text == mark)
        return marks[place].at, marks[place + 1].at if place + 1 < len(marks) else last, last


def stolen() -> float:
    """Seconds of CPU that this machine had work for and its host gave to others, since the boot (`steal`)."""
    ticks = Path("/proc/stat").read_text().split("\n", 1)[0].split()[8]
    return int(ticks) / os.sysconf("SC_CLK_TCK")


def record(name: str, figures: Mapping[str, Any]) -> None:
    """Print what a test has measured, and keep it in artefacts/cluster/figures.json under its name."""
    sys.stdout.write(f"{name}: {json.dumps(figures)}\n")
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    FIGURES.write_text(json.dumps(known | {name: dict(figures)}, indent=2, sort_keys=True) + "\n")

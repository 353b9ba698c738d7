"""A campaign: one fault after the other under load, the history checked after each, until the end or the first loss."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from shutil import rmtree
from typing import TYPE_CHECKING

from myclothes_campaign import reports
from myclothes_campaign.draws import draw
from myclothes_campaign.ground import GroundError
from myclothes_campaign.shoppers import NotServedError, Shoppers
from myclothes_campaign.states import Done
from myclothes_ledger import LedgerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from myclothes_campaign.faults import Fault, Kind
    from myclothes_campaign.ground import Ground, Mend
    from myclothes_campaign.states import State
    from myclothes_ledger.checking import Verdict

WHOLE_SECONDS = 300.0
SERVED_SECONDS = 300.0
HISTORIES = "histories"
EVIDENCE = "evidence"


class StuckError(Exception):
    """The campaign cannot go on: the shop did not come back, or its state could not be read."""


@dataclass(frozen=True)
class Options:
    """How long a campaign is: up to the fault with the index `until`, a fresh history after every `roll` faults."""

    until: int
    roll: int


class Campaign:
    """Runs what is left of a campaign."""

    def __init__(self, ground: Ground, kinds: Sequence[Kind], state: State, options: Options) -> None:
        self._ground = ground
        self._kinds = kinds
        self._state = state
        self._options = options
        self._acknowledged = 0

    def run(self) -> Done | None:
        """Break the shop until the end or the first loss; the fault at which something was lost, if any.

        Raises StuckError, its evidence kept.
        """
        if self._state.next >= self._options.until:
            return None
        try:
            self._ground.start()
            return self._run()
        except (GroundError, NotServedError, LedgerError) as error:
            folder = self._keep("stuck")
            raise StuckError(f"{error}\nkept in {folder}") from error
        finally:
            self._leave()

    def _leave(self) -> None:
        try:
            self._ground.stop()
        except GroundError as error:
            _say(f"the shop could not be left in order: {error}")  # not in the place of what ended the campaign

    def _run(self) -> Done | None:
        while (index := self._state.next) < self._options.until:
            shoppers = self._shoppers()
            try:
                self._acknowledged = shoppers.acknowledged()
                self._shop(shoppers)
                while index < self._options.until:
                    done = self._one(draw(self._state.plan.seed, index, self._kinds), shoppers)
                    index += 1
                    if done.violations:
                        return done
                    if self._is_last(index):
                        break
                    self._shop(shoppers)
            finally:
                shoppers.kill()
            rmtree(shoppers.folder)
        return None

    def _shop(self, shoppers: Shoppers) -> None:
        shoppers.start()
        for pid in shoppers.pids:
            self._ground.set_apart(pid)
        shoppers.await_served(SERVED_SECONDS)

    def _is_last(self, index: int) -> bool:
        return (index - self._state.plan.first) % self._options.roll == 0

    def _shoppers(self) -> Shoppers:
        """On the history that a killed campaign left, so that it is checked too, or on a new one."""
        histories = self._state.folder / HISTORIES
        left = sorted(histories.glob("*")) if histories.is_dir() else []
        if not left:
            self._ground.stock_up()
        folder = left[-1] if left else histories / f"{self._state.next:05}"
        plan = self._state.plan
        return Shoppers(
            self._ground.urls, folder, rate=plan.rate, seed=plan.seed + self._state.next, writes=plan.writes
        )

    def _one(self, fault: Fault, shoppers: Shoppers) -> Done:
        began = datetime.now(UTC)
        shoppers.mark(str(fault))
        _say(f"{fault.index}: {fault}")
        self._inflict(fault)
        ended = time.monotonic()
        self._ground.await_whole(WHOLE_SECONDS)
        shoppers.await_served(SERVED_SECONDS)
        whole = time.monotonic() - ended
        shoppers.stop()
        felt = shoppers.felt()
        verdict = shoppers.check()
        acknowledged = shoppers.acknowledged()
        done = Done(
            fault.index,
            fault.kind,
            str(fault),
            began.isoformat(timespec="seconds"),
            felt.gaps,
            round(whole, 1),
            felt.requests,
            felt.failed,
            acknowledged - self._acknowledged,
            tuple(str(violation) for violation in verdict.violations),
            len(verdict.undecided),
            any(part.kind.is_freeze for part in fault.parts),
            any(part.kind.is_zone for part in fault.parts),
        )
        self._acknowledged = acknowledged
        self._judge(done, verdict)
        return done

    def _judge(self, done: Done, verdict: Verdict) -> None:
        gaps = ", ".join(f"{group} {seconds:.1f}" for group, seconds in done.gaps.items())
        _say(f"   gaps in s: {gaps}; {done.acknowledged} writes acknowledged, {len(done.violations)} violations")
        if (verdict.unread or verdict.undecided) and not verdict.violations:
            # nobody knows whether anything was lost: the history stays, and the fault is not done
            folder = self._keep(f"undecided-{done.index:05}")
            raise StuckError(f"nothing can be said after fault {done.index}, kept in {folder}:\n{verdict.text()}")
        self._state.add(done)
        reports.write(self._state)
        if done.violations:
            folder = self._keep(f"violation-{done.index:05}")
            (folder / "verdict.txt").write_text(verdict.text() + "\n")
            _say(verdict.text())
            _say(f"kept in {folder}, the history in {self._state.folder / HISTORIES}")

    def _inflict(self, fault: Fault) -> None:
        """All parts begin, then each ends when its time is over; none goes on when another cannot be begun."""
        ends: list[tuple[float, Mend]] = []
        try:
            for part in fault.parts:
                mend = self._ground.inflict(part)
                ends.append((time.monotonic() + part.seconds, mend))  # to find what is to be broken takes time, too
            ends.sort(key=lambda each: each[0], reverse=True)
            while ends:
                end, mend = ends.pop()
                time.sleep(max(0.0, end - time.monotonic()))
                mend()
        finally:
            for _, mend in ends:
                mend()

    def _keep(self, name: str) -> Path:
        folder = self._state.folder / EVIDENCE / name
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(GroundError):
            self._ground.keep(folder)
        return folder


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()

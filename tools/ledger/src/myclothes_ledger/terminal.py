"""What a run shows: one line that renews itself on a terminal, else a line every ten seconds."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from myclothes_ledger.reports import is_failed

if TYPE_CHECKING:
    from myclothes_ledger.history import Call

TERMINAL_SECONDS = 1.0
LOG_SECONDS = 10.0
CLEAR = "\r\033[K"


class Terminal:
    """Counts and shows; on standard error, so that standard output stays a pipeline's."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._tty = sys.stderr.isatty()
        self._every = TERMINAL_SECONDS if self._tty else LOG_SECONDS
        self._began = self._shown = time.monotonic()
        self._since = 0
        self._counts = {"ok": 0, "refused": 0, "unknown": 0}
        self._failed = 0
        self._violations = 0
        self._late = 0.0

    def saw(self, call: Call) -> None:
        """Count an answer."""
        self._counts[call.outcome] += 1
        self._failed += is_failed(call)
        self._since += 1

    def violated(self, text: str) -> None:
        """Show a violation at once, and count it."""
        self._violations += 1
        print(f"{CLEAR if self._tty else ''}VIOLATION {text}", file=sys.stderr, flush=True)

    def tick(self, waiting: int, late: float) -> None:
        """Show the state when it is time."""
        self._late = max(self._late, late)
        now = time.monotonic()
        if now - self._shown >= self._every:
            self._show(waiting, now)

    def _show(self, waiting: int, now: float) -> None:
        counts = ", ".join(f"{count} {name}" for name, count in self._counts.items())
        text = (
            f"{now - self._began:6.0f} s  {self._since / (now - self._shown):5.1f}/s of {self._rate:g}/s  {counts}, "
            f"{self._failed} failed, {self._violations} violations, {waiting} waiting, "
            f"client late by up to {self._late * 1000:.0f} ms"
        )
        print(f"{CLEAR}{text}" if self._tty else text, end="" if self._tty else "\n", file=sys.stderr, flush=True)
        self._shown, self._since, self._late = now, 0, 0.0

    def end(self) -> None:
        """The last line."""
        self._show(0, time.monotonic())
        if self._tty:
            print(file=sys.stderr)

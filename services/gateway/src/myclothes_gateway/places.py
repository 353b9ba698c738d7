"""How many requests a replica works on at once."""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from myclothes_gateway import metrics
from myclothes_gateway.errors import Shed
from myclothes_kit import pressure

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW_SECONDS = 2.0
"""Of the windows in which good answers are counted."""
WINDOWS = 5
"""The best of so many counts: in a store's pause nothing is answered, though all of it will be in time."""
WAIT_SECONDS = 2.0
"""Where CPU is short, a request that would have to wait for longer is refused: what its answer cost would be lost with
it, its shopper gone or its deadline over."""
FEW = 8
"""So many are never too many."""
FIRST_RATE = 10.0
"""Requests a second that a gateway is taken to answer when it has just started, and knows no better."""
ADVICE = "Please try again in a moment."


class Place:
    """One request's; `answered` once it got an answer that was worth its while."""

    __slots__ = ("answered",)

    def __init__(self) -> None:
        self.answered = False


class Places:
    """`most` places for requests. Fewer where CPU is short: as many as are answered well in WAIT_SECONDS.

    An overload that is worked off request by request does not end with its cause: everything is answered too late, is
    asked again, and what was done for it was in vain. A store that pauses is another matter: waiting for it costs no
    CPU. So where CPU is left nobody is refused before `most` wait, and a short pause does not count where it is not.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._since = time.monotonic()
        self._answered = 0
        self._rates: deque[float] = deque([FIRST_RATE], WINDOWS)

    @contextmanager
    def one(self) -> Iterator[Place]:
        """A place for as long as the block takes; it is told when the answer is a good one. Raises Shed."""
        if self._taken >= self._most:
            metrics.REFUSED_BUSY.inc()
            raise Shed(ADVICE)
        if self._taken >= FEW and pressure.saturated and self._taken >= self._answered_in(WAIT_SECONDS):
            metrics.REFUSED_LATE.inc()
            raise Shed(ADVICE)
        self._taken += 1
        place = Place()
        try:
            yield place
        finally:
            self._taken -= 1
            self._answered += place.answered
            self._roll()

    def _answered_in(self, seconds: float) -> float:
        """How many are answered in `seconds`, by the best of the last windows that are over."""
        self._roll()
        return max(self._rates) * seconds

    def _roll(self) -> None:
        span = time.monotonic() - self._since
        if span >= WINDOW_SECONDS:
            self._rates.append(self._answered / span)
            self._answered = 0
            self._since += span

"""How often something that dies is started again."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 5
WINDOW_SECONDS = 30.0


class GaveUpError(Exception):
    """Something died too often: the shop ends rather than limp on."""


class Restarts:
    """Counts the restarts of one process: `LIMIT` within `WINDOW_SECONDS` are allowed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque()

    def allow(self) -> bool:
        """Whether one more restart is allowed now; if so it is counted."""
        now = self._clock()
        while self._times and now - self._times[0] > WINDOW_SECONDS:
            self._times.popleft()
        if len(self._times) >= LIMIT:
            return False
        self._times.append(now)
        return True

"""How scarce CPU time is on this node: the kernel's pressure stall information.

Read before a service's imports (`myclothes_kit.start`), so it needs next to nothing itself.
"""

from __future__ import annotations

import time
from pathlib import Path

CPU = Path("/proc/pressure/cpu")
"""The whole node's, in containers too; absent where the kernel does not count it."""
WINDOW_SECONDS = 1.0
SATURATED = 0.9
"""From this share of a window on, in which something waited for a CPU, the node's CPU is saturated."""
SLOWER = 3.0
"""How many times longer an answer is waited for while it is."""


def waited() -> float | None:
    """For how many seconds since the node's start something has waited for a CPU; None where it is not counted.

    Source: `some avg10=... total=MICROSECONDS`, the kernel's Documentation/accounting/psi.rst. The stores' images,
    which have no kit, read it in the chart's calm.py.
    """
    try:
        some = CPU.read_text().splitlines()[0]
        return int(some.rpartition("total=")[2]) / 1e6
    except (OSError, ValueError, IndexError):
        return None


class Saturation:
    """Whether the node's CPU has been saturated lately, looked up when asked, once a window at most."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._waited = waited()
        self._saturated = False

    def __bool__(self) -> bool:
        """True: in the last window that is over something waited for a CPU nearly all the time."""
        now = time.monotonic()
        span = now - self._since
        if self._waited is not None and span >= WINDOW_SECONDS:
            before, self._waited, self._since = self._waited, waited(), now
            self._saturated = self._waited is not None and self._waited - before >= SATURATED * span
        return self._saturated


saturated = Saturation()
"""Of the node of this process."""


def patience(seconds: float) -> float:
    """How long to wait for an answer that is there within `seconds` where there is CPU.

    A limit that tells the dead from the living soon would take everybody for dead while the node is saturated, and each
    repeat that follows costs what is short.
    """
    return seconds * SLOWER if saturated else seconds

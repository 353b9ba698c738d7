"""`python3 -m valkeynode.calm`, or `postgresnode.calm`: before a planned stop, wait until the node is calm.

An upgrade starts a pod of every service at once. Where that takes all of a node's CPU a store's move takes seconds
longer, and while one of its pods is away each pause of the others counts. So a store's pod stops after that, not in it.
"""

from __future__ import annotations

import time
from pathlib import Path

PRESSURE = Path("/proc/pressure/cpu")
"""The whole node's, in containers too; absent where the kernel does not count it."""
CALM_SECONDS = 40.0
"""No window is begun later; the pods' grace periods have room for that and the last window."""
WINDOW_SECONDS = 5.0
"""Looked at after the stop was asked for: what begins together with it is not seen in what was before."""
BUSY = 0.5
"""From this share of a window on, in which something waited for a CPU, the node is busy."""


def await_calm() -> str:
    """What was found; returns when a window was calm, after CALM_SECONDS, or at once where nothing can be known."""
    began = time.monotonic()
    waited, since = _waited(), began
    while waited is not None and since - began < CALM_SECONDS:
        time.sleep(WINDOW_SECONDS)  # what happens meanwhile is what is looked at
        before, waited, until = waited, _waited(), time.monotonic()
        if waited is not None and waited - before < BUSY * (until - since):
            return f"calm after {until - began:.0f} s"
        since = until
    return "no pressure to be read" if waited is None else "busy for as long as a stop waits"


def _waited() -> float | None:
    """For how many seconds since the node's start something has waited for a CPU: `some ... total=MICROSECONDS`."""
    try:
        some = PRESSURE.read_text().splitlines()[0]
        return int(some.rpartition("total=")[2]) / 1e6
    except (OSError, ValueError, IndexError):
        return None


if __name__ == "__main__":
    print(await_calm())  # noqa: T201 - for whoever runs it by hand: a preStop's output is thrown away

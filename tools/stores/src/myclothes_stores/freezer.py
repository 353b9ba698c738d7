"""Run as a program: stops a process and its children until standard input ends, then lets them go on."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path


def children(pid: int) -> list[int]:
    """The ids of the processes that `pid` started and that live; empty when `pid` ends meanwhile."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 (Path.iterdir raises as late as this, and costs more)
            with contextlib.suppress(OSError):
                found += [int(child) for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
    return found


def _stop(pid: int) -> list[int]:
    # The parent first: a stopped process starts no more children.
    stopped = []
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        stopped.append(pid)
    for child in children(pid):
        stopped += _stop(child)
    return stopped


def _main() -> None:
    stopped = _stop(int(sys.argv[1]))
    sys.stdout.write("frozen\n")
    sys.stdout.flush()
    sys.stdin.read()
    for pid in reversed(stopped):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


if __name__ == "__main__":
    _main()

"""`python -m myclothes_kit.start MODULE [ARGUMENT ...]`: run a service's module, once its node has CPU to spare.

An upgrade or a drain starts a pod of every service at once, and an import takes half a second of a CPU. Where nodes are
small those seconds are taken from the pods that serve. So a start waits for a calm moment, and the starts follow one
another: each is the rush that the others wait out.
"""

from __future__ import annotations

import random
import runpy
import signal
import sys
import time

from myclothes_kit import pressure

PATIENCE_SECONDS = (3.0, 15.0)
"""How long a start waits at most: of pods that came together each something else."""
WINDOW_SECONDS = (0.3, 0.8)
"""How long the node has to be calm: each look takes something else, so that two seldom end together."""
BUSY = 0.5
"""From this share of a window on, in which something waited for a CPU, the node is busy."""


def await_calm() -> float:
    """Seconds waited, at most the patience and a window; 0.0 where the kernel counts no pressure."""
    began = time.monotonic()
    patience = random.uniform(*PATIENCE_SECONDS)  # noqa: S311 - no secret
    waited, since = pressure.waited(), began
    while waited is not None and since - began < patience:
        time.sleep(random.uniform(*WINDOW_SECONDS))  # noqa: S311 - no secret
        before, waited, until = waited, pressure.waited(), time.monotonic()
        calm = waited is not None and waited - before < BUSY * (until - since)
        since = until
        if calm:
            break
    return since - began


def main(arguments: list[str]) -> None:
    """Become `python -m MODULE ARGUMENT ...`; raises SystemExit if told to stop before that has taken over."""
    # without a handler a container's first process is not stopped by SIGTERM
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    await_calm()
    sys.argv[1:] = arguments[1:]
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])

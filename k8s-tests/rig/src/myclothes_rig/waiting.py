"""Waiting by polling, with a named limit."""

import time
from collections.abc import Callable

from myclothes_rig.errors import RigError, TimeLimitError

POLL_SECONDS = 0.2


def wait_for(
    what: str,
    condition: Callable[[], bool],
    *,
    seconds: float,
    poll: float = POLL_SECONDS,
    diagnosis: Callable[[], str] | None = None,
) -> None:
    """Return as soon as `condition()` holds, which is asked every `poll` seconds.

    After `seconds` raise TimeLimitError with `what` and the diagnosis, or with why there is none.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            raise TimeLimitError(f"not within {seconds:g} s: {what}" + (f"\n{_told(diagnosis)}" if diagnosis else ""))
        time.sleep(poll)


def _told(diagnosis: Callable[[], str]) -> str:
    """What is broken may be what has to be asked."""
    try:
        return diagnosis()
    except RigError as error:
        return f"no diagnosis: {error}"

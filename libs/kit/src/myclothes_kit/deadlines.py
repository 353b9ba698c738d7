"""One limit of time for a whole request, which every call on its way shares."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_end: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Calls in this block, and in tasks that it begins, end `seconds` from now, whatever limit was set around it."""
    token = _end.set(asyncio.get_running_loop().time() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


def end_of(seconds: float) -> float:
    """When a call that may take `seconds` has to end, by the loop's clock: never after the request's own deadline."""
    own = asyncio.get_running_loop().time() + seconds
    around = _end.get()
    return own if around is None else min(own, around)


def left(seconds: float) -> float:
    """How much of `seconds` the request's deadline leaves; 0 when it is over."""
    return max(0.0, end_of(seconds) - asyncio.get_running_loop().time())

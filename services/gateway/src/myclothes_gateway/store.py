"""The store of sessions and limits, asked again within a deadline: a failover costs a shopper time, not an error."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, TypeVar

from myclothes_kit import deadlines
from myclothes_kit.valkey import NotAcknowledged, Script, StoreBusy, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from myclothes_kit.problems import Problem
    from myclothes_kit.valkey import Store
    from myclothes_kit.valkey.wire import Argument, Command, Reply

T = TypeVar("T")
PAUSE_SECONDS = 0.1
_REPEATABLE = (NotAcknowledged, StoreBusy, StoreUnavailable)


class PatientStore:
    """A store whose calls are repeated for up to `deadline_seconds`, or until the request's own deadline.

    After that they raise what the last attempt raised, a 503. An attempt that the deadline ends may have been done.
    """

    def __init__(self, store: Store, deadline_seconds: float) -> None:
        self._store = store
        self._deadline_seconds = deadline_seconds

    async def write(self, script: Script, keys: Sequence[str], args: Sequence[Argument] = ()) -> Reply:
        """The result of `script`, acknowledged; it may have run more than once."""
        return await self._repeated(lambda: self._store.write(script, keys, args), NotAcknowledged("deadline"))

    async def read(self, *commands: Command) -> list[Reply]:
        """The replies to `commands`, which change nothing."""
        return await self._repeated(lambda: self._store.read(*commands), StoreUnavailable())

    async def _repeated(self, call: Callable[[], Awaitable[T]], late: Problem) -> T:
        loop = asyncio.get_running_loop()
        deadline = deadlines.end_of(self._deadline_seconds)
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    return await call()
            except TimeoutError:
                raise late from None
            except _REPEATABLE:
                pause = PAUSE_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, guards nothing
                if loop.time() + pause >= deadline:
                    raise
            await asyncio.sleep(pause)

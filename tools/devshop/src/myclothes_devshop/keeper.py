"""Tends the stores from a thread of its own, since bringing one back may take seconds."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from myclothes_devshop.restarts import GaveUpError

if TYPE_CHECKING:
    from types import TracebackType

    from myclothes_devshop.stores import Stores

TEND_SECONDS = 0.2


class Keeper:
    """Runs `stores.tend()` again and again while the block runs; `check()` raises what ended it."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="stores-keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(TEND_SECONDS):
            try:
                self._stores.tend()
            except Exception as error:  # noqa: BLE001 -- whatever it is, the launcher must hear of it and end
                self._failure = error
                return

    def check(self) -> None:
        """Raises GaveUpError if the stores cannot be kept alive."""
        if self._failure is not None:
            raise GaveUpError(str(self._failure)) from self._failure

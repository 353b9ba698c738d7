"""Reads: one pipelined connection to the primary, shared by all readers of a process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from myclothes_kit import pressure
from myclothes_kit.valkey import metrics
from myclothes_kit.valkey.errors import StoreUnavailable, of_reply
from myclothes_kit.valkey.nodes import UNREACHABLE, Address, Dialler
from myclothes_kit.valkey.wire import Command, Reply, ReplyError, Wire, WireError

if TYPE_CHECKING:
    from collections.abc import Sequence

READ_SECONDS = 0.3
READ_ATTEMPTS = 2
RECONNECT_SECONDS = 0.05


class Reader:
    """Sends commands that change nothing to the node it is told to follow."""

    def __init__(self, name: str, dialler: Dialler, wait_seconds: float) -> None:
        self._dialler = dialler
        self._wait_seconds = wait_seconds
        self._address: Address | None = None
        self._wire: Wire | None = None
        self._opening: asyncio.Task[None] | None = None
        self._failures = metrics.READ_FAILURES.labels(name)

    def follow(self, address: Address) -> None:
        """Read from the node at `address` from now on."""
        if address != self._address:
            self._address = address
            self._drop()

    async def read(self, commands: Sequence[Command]) -> list[Reply]:
        """The replies to `commands`, sent together.

        A lost or late connection is opened anew and the commands sent once more. Raises StoreUnavailable, or
        ScriptError for a command that the server refuses.
        """
        deadline = asyncio.get_running_loop().time() + self._wait_seconds
        for _ in range(READ_ATTEMPTS):
            try:
                async with asyncio.timeout_at(deadline):
                    wire = await self._open()
                replies = await wire.call(commands, pressure.patience(READ_SECONDS))
            except TimeoutError:
                break
            except WireError:
                continue
            for reply in replies:
                if isinstance(reply, ReplyError):
                    raise of_reply(reply)
            return replies
        self._failures.inc()
        raise StoreUnavailable

    async def aclose(self) -> None:
        """Ends the connection; open reads fail."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        self._drop()

    async def _open(self) -> Wire:
        while self._wire is None or not self._wire.is_open:
            if self._opening is None or self._opening.done():
                self._opening = asyncio.create_task(self._connect())
            # shielded: the connection is for all readers, also when this one gives up
            await asyncio.shield(self._opening)
        return self._wire

    async def _connect(self) -> None:
        address = self._address
        if address is not None:
            try:
                wire = await self._dialler.open(address)
            except UNREACHABLE:
                pass
            else:
                if address == self._address:
                    self._wire = wire
                else:
                    wire.close()
                return
        await asyncio.sleep(RECONNECT_SECONDS)

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None

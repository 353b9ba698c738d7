"""Names resolved without blocking, and remembered for when name resolution itself is away."""

from __future__ import annotations

import asyncio
import socket
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")
FRESH_SECONDS = 5.0
STALE_SECONDS = 600.0


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of `host`, asked for in a thread; raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class StaleResolver:
    """An answer is used at once for 10 min; when it is older than 5 s, a newer one is fetched for whoever comes next.

    A cluster's service addresses hardly ever change, while its DNS pods die with their zone: then a lookup hangs
    for seconds, which must not become seconds of a shopper's request. Every client of ours dials through one of these.
    """

    def __init__(self, look_up: Callable[[str, int], Awaitable[list[str]]] = look_up) -> None:
        self._look_up = look_up
        self._known: dict[tuple[str, int], tuple[float, list[str]]] = {}
        self._running: dict[tuple[str, int], asyncio.Task[list[str]]] = {}
        self._turn = 0

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of `host`; raises OSError when there are none and none are remembered."""
        if _is_address(host):
            return [host]
        key = (host, port)
        known = self._known.get(key)
        age = time.monotonic() - known[0] if known else STALE_SECONDS
        if known and age < FRESH_SECONDS:
            return known[1]
        lookup = self._running.get(key)
        if lookup is None:
            lookup = self._running[key] = asyncio.create_task(self._renew(key))
            lookup.add_done_callback(lambda done: self._ended(key, done))
        if known and age < STALE_SECONDS:
            return known[1]
        # shielded: the lookup goes on for the next attempt when this one's patience ends
        return await asyncio.shield(lookup)

    async def dial(self, host: str, port: int, connect: Callable[[str], Awaitable[T]]) -> T:
        """What `connect` makes of one of the addresses of `host`, another one first each time.

        An address that refuses is passed over for the next; raises the last one's OSError.
        """
        addresses = await self.resolve(host, port)
        self._turn += 1
        start = self._turn % len(addresses)
        *first, last = addresses[start:] + addresses[:start]
        for address in first:
            try:
                return await connect(address)
            except TimeoutError:
                raise
            except OSError:
                continue
        return await connect(last)

    async def close(self) -> None:
        """Give up the lookups under way."""
        running = list(self._running.values())
        for lookup in running:
            lookup.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _renew(self, key: tuple[str, int]) -> list[str]:
        found = await self._look_up(*key)
        self._known[key] = (time.monotonic(), found)
        return found

    def _ended(self, key: tuple[str, int], lookup: asyncio.Task[list[str]]) -> None:
        self._running.pop(key, None)
        if not lookup.cancelled():
            lookup.exception()  # whoever waited has seen it; nobody may be left to


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

"""The cache in front of the catalogue: a Valkey that may be slow, full, frozen or gone, which is a miss and no more.

One pipelined connection serves all requests. A request that waits for it too long goes without; the cache has failed
only when it refuses a connection, ends one, or says nothing on one: this process, too, may be the one that is late.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog

from myclothes_kit.pressure import patience
from myclothes_kit.valkey.nodes import UNREACHABLE, Address, Dialler, Target, parse
from myclothes_kit.valkey.wire import ReplyError, WireError, pack
from myclothes_shop.metrics import CACHE

if TYPE_CHECKING:
    from collections.abc import Callable

    from myclothes_kit.valkey.wire import Command, Reply, Wire
    from myclothes_shop.settings import ShopSettings

FAILURES_TO_OPEN = 3
OPEN_SECONDS = 2.0
SILENT_SECONDS = 0.2
"""After this without a reply a connection is given up; requests wait for `cache_timeout_seconds` at most."""
_log = structlog.get_logger()


class Kept(NamedTuple):
    """What the cache holds; one that is not fresh may be shown, and is due to be renewed."""

    value: bytes
    fresh: bool


class Cache(Protocol):
    """Keeps bytes for a while, or does not; never raises."""

    async def get(self, key: str) -> Kept | None:
        """What is kept under `key`, if anything."""

    async def put(self, key: str, value: bytes) -> None:
        """Keep `value` for the cache's time to live."""


class Breaker:
    """After three failures in a row a cache is left alone, but for one try every two seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._next_try = 0.0

    def allows(self) -> bool:
        """Whether to try now; a True is a try taken."""
        if self._failures < FAILURES_TO_OPEN:
            return True
        if self._clock() < self._next_try:
            return False
        self._next_try = self._clock() + OPEN_SECONDS
        return True

    def succeeded(self) -> None:
        """The cache has answered."""
        if self._failures >= FAILURES_TO_OPEN:
            _log.info("cache_back")
        self._failures = 0

    def failed(self) -> None:
        """The cache has refused a connection, ended one, or said nothing on one."""
        self._failures += 1
        if self._failures == FAILURES_TO_OPEN:
            _log.warning("cache_away")
            self._next_try = self._clock() + OPEN_SECONDS


class NoCache:
    """Where no cache is configured: keeps nothing."""

    async def get(self, key: str) -> Kept | None:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return None

    async def put(self, key: str, value: bytes) -> None:
        """Forgets `value`."""

    async def close(self) -> None:
        """Nothing to close."""


class ValkeyCache:
    """The cache on the Valkey at `address`.

    A value is fresh for half of `ttl` to all of it, and kept for `stale` after that; both, and `timeout`, in seconds.
    """

    def __init__(self, address: Address, dialler: Dialler, *, timeout: float, ttl: float, stale: float) -> None:
        self._address = address
        self._dialler = dialler
        self._timeout = timeout
        self._ttl_ms = max(1, round(ttl * 1000))
        self._stale_ms = round(stale * 1000)
        self._breaker = Breaker()
        self._wire: Wire | None = None
        self._opening: asyncio.Task[None] | None = None

    async def get(self, key: str) -> Kept | None:
        """What is kept under `key`; None also when the cache fails or takes too long."""
        replies = await self._call(("GET", key), ("PTTL", key))
        if replies is None:
            return None
        value, left_ms = replies
        if not isinstance(value, bytes):
            CACHE.labels("miss").inc()
            return None
        fresh = left_ms > self._stale_ms
        CACHE.labels("hit" if fresh else "stale").inc()
        return Kept(value, fresh)

    async def put(self, key: str, value: bytes) -> None:
        """Keep `value`, or fail quietly."""
        # what was asked for together must not be renewed together
        fresh_ms = random.randint(self._ttl_ms // 2, self._ttl_ms)  # noqa: S311 - spreads load, guards nothing
        await self._call(("SET", key, value, "PX", max(1, fresh_ms + self._stale_ms)))

    async def close(self) -> None:
        """Close the connection."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._wire is not None:
            self._wire.on_lost = None
            self._wire.close()
        await self._dialler.aclose()

    async def _call(self, *commands: Command) -> list[Reply] | None:
        """The replies, None when there are none within the time-out or one is an error."""
        wire = await self._connected()
        if wire is None:
            CACHE.labels("skipped").inc()
            return None
        answered: asyncio.Future[list[Reply] | None] = asyncio.get_running_loop().create_future()
        wire.start(pack(commands), len(commands), SILENT_SECONDS, lambda result: self._answered(answered, result))
        # unlike a cancelling time-out, a wait that ends late still sees the reply that has come meanwhile
        await asyncio.wait([answered], timeout=patience(self._timeout))
        replies = answered.result() if answered.done() else None
        if replies is None:
            CACHE.labels("error").inc()
        return replies

    def _answered(self, answered: asyncio.Future[list[Reply] | None], result: list[Reply] | WireError) -> None:
        if isinstance(result, WireError):
            answered.set_result(None)
            return
        self._breaker.succeeded()
        refused = any(isinstance(reply, ReplyError) for reply in result)
        answered.set_result(None if refused else result)

    async def _connected(self) -> Wire | None:
        """The connection; None while there is none, for which a request waits no longer than for a reply."""
        if self._wire is None:
            if self._opening is None:
                if not self._breaker.allows():
                    return None
                self._opening = asyncio.create_task(self._open())
            await asyncio.wait([self._opening], timeout=patience(self._timeout))
        return self._wire

    async def _open(self) -> None:
        try:
            wire = await self._dialler.open(self._address)
        except UNREACHABLE:
            self._breaker.failed()
        else:
            if wire.is_open:
                wire.on_lost = self._lost
                self._wire = wire
            else:
                self._breaker.failed()
        finally:
            self._opening = None

    def _lost(self, _error: WireError) -> None:
        # once a connection, however many calls were waiting on it
        self._wire = None
        self._breaker.failed()


def open_cache(settings: ShopSettings) -> ValkeyCache | NoCache:
    """The cache that is configured. Nothing connects before it is used."""
    target = parse(settings.cache_url) if settings.cache_url else Target()
    if target.node is None:
        return NoCache()
    return ValkeyCache(
        target.node,
        Dialler(settings.cache_username, settings.cache_password_file, settings.cache_ca_file, tls=target.tls),
        timeout=settings.cache_timeout_seconds,
        ttl=settings.cache_ttl_seconds,
        stale=settings.cache_stale_seconds,
    )

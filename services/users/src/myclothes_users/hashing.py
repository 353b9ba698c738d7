"""Password hashes: argon2id in threads of its own, never more at once than memory and cores allow."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw

from myclothes_users.errors import HashingBusy
from myclothes_users.metrics import HASH_SECONDS, HASHES_REFUSED, HASHES_WAITING

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_LANES = 1
_SALT_BYTES = 16
_HASH_BYTES = 32
_M_MMAP_THRESHOLD = -3  # malloc.h's
_MMAP_BYTES = 1 << 20


def give_memory_back() -> None:
    """Let glibc return a hash's memory to the system after use; by default each thread keeps it. Elsewhere a no-op."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)


class Argon:
    """The blocking work itself: 26 ms of a core each at the default parameters."""

    def __init__(self, memory_kib: int, rounds: int) -> None:
        self._memory, self._rounds = memory_kib, rounds
        self._hasher = PasswordHasher(
            time_cost=rounds, memory_cost=memory_kib, parallelism=_LANES, hash_len=_HASH_BYTES
        )
        # Verified when there is no account: an unknown e-mail costs what a wrong password costs.
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """A new hash of `password`, with its parameters and salt."""
        return self._hasher.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one of the hash `stored`; None stands for no account: False, at the same cost."""
        try:
            return self._hasher.verify(stored or self._nobody, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters than today's. Quick."""
        return self._hasher.check_needs_rehash(stored)

    def fingerprint(self, key: str, *request: object) -> bytes:
        """What makes a request with passwords the same request: as costly to guess from as their hashes. 32 bytes."""
        return hash_secret_raw(
            msgspec.json.encode(request, order="deterministic"),
            hashlib.sha256(key.encode()).digest()[:_SALT_BYTES],
            self._rounds,
            self._memory,
            _LANES,
            _HASH_BYTES,
            Type.ID,
        )


class Hasher:
    """Runs Argon's work in `threads` threads; `queue` more requests may wait, the rest are refused."""

    def __init__(self, argon: Argon, threads: int, queue: int) -> None:
        self._argon = argon
        self._room = threads + queue
        self._taken = 0
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")

    def close(self) -> None:
        """End the threads; waiting work is dropped."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def outdated(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters than today's."""
        return self._argon.outdated(stored)

    async def run(self, work: Callable[[Argon], T]) -> T:
        """Run `work` in a thread; raises HashingBusy (429) when too many wait already.

        Not to be called inside a transaction: it takes long and would hold a connection meanwhile.
        """
        if self._taken >= self._room:
            HASHES_REFUSED.inc()
            raise HashingBusy("Too many passwords are being checked; try again in a moment.")
        self._taken += 1
        HASHES_WAITING.inc()
        started = perf_counter()
        loop = asyncio.get_running_loop()
        future = self._threads.submit(work, self._argon)
        # The place is given back when the thread is done, not when a caller has gone.
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))
        result = await asyncio.wrap_future(future)
        HASH_SECONDS.observe(perf_counter() - started)
        return result

    def _leave(self) -> None:
        self._taken -= 1
        HASHES_WAITING.dec()

"""Records of logged-in sessions, kept where carts are kept and acknowledged like them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

from myclothes_kit.valkey import Script

if TYPE_CHECKING:
    from collections.abc import Callable

    from myclothes_gateway.store import PatientStore

# An account's index is a sorted set of its records' keys by when they expire. Every script writes each time it runs,
# which is what its acknowledgement rests on.
_OPEN = Script("""
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[3] + ARGV[2], KEYS[1])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
""")
_GET = Script("""
redis.call('SET', KEYS[2], 1, 'EX', 60)
return redis.call('GET', KEYS[1])
""")
_CLOSE = Script("""
redis.call('SET', KEYS[3], 1, 'EX', 60)
redis.call('ZREM', KEYS[2], KEYS[1])
return redis.call('DEL', KEYS[1])
""")
_CLOSE_ALL = Script("""
redis.call('SET', KEYS[2], 1, 'EX', 60)
local ended = 0
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if key ~= ARGV[1] then
    redis.call('DEL', key)
    redis.call('ZREM', KEYS[1], key)
    ended = ended + 1
  end
end
return ended
""")
_PROOF = "session:proof"
DAY_SECONDS = 86_400


class Record(Struct, frozen=True):
    """Who is logged in; `epoch` is the account's when it logged in, `day` when the record's life last began."""

    account_id: str
    epoch: int
    day: int


class Records(Protocol):
    """The store of records; every write is acknowledged or raises a 503."""

    async def open(self, name: str, record: Record) -> None:
        """Keep a record for the session's days; also renews one."""

    async def get(self, name: str) -> Record | None:
        """The record, None for an ended session; raises a 503 when the store cannot tell."""

    async def close(self, name: str, account_id: str) -> None:
        """End one session."""

    async def close_all(self, account_id: str, *, keep: str | None) -> None:
        """End all sessions of an account but `keep`."""


class StoreRecords:
    """Records in a durable store; see Records. `days`: the life of a record that nobody renews."""

    def __init__(self, store: PatientStore, days: int, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._seconds = days * DAY_SECONDS
        self._clock = clock

    async def open(self, name: str, record: Record) -> None:
        keys = [_key(name), _index(record.account_id)]
        await self._store.write(_OPEN, keys, [msgspec.json.encode(record), self._seconds, int(self._clock())])

    async def get(self, name: str) -> Record | None:
        (found,) = await self._store.read(("GET", _key(name)))
        if found is None:
            # a deposed primary may not know the record yet: only a write's acknowledgement proves that there is none
            found = await self._store.write(_GET, [_key(name), _PROOF])
        return msgspec.json.decode(found, type=Record) if isinstance(found, bytes) else None

    async def close(self, name: str, account_id: str) -> None:
        await self._store.write(_CLOSE, [_key(name), _index(account_id), _PROOF])

    async def close_all(self, account_id: str, *, keep: str | None) -> None:
        await self._store.write(_CLOSE_ALL, [_index(account_id), _PROOF], [_key(keep) if keep else ""])


def _key(name: str) -> str:
    return f"session:{name}"


def _index(account_id: str) -> str:
    return f"session:account:{account_id}"

"""Limits on attempts at secrets, counted in the store for all gateways together."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from myclothes_gateway import metrics
from myclothes_gateway.errors import LimitReached
from myclothes_kit import emails
from myclothes_kit.problems import Unprocessable
from myclothes_kit.valkey import Script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from myclothes_gateway.settings import GatewaySettings
    from myclothes_gateway.store import PatientStore

# A fixed window a key, begun by its first attempt. Answers the longest wait of those keys that are over their limits.
_COUNT = Script("""
local wait = 0
for place, key in ipairs(KEYS) do
  local count = redis.call('INCR', key)
  local left = redis.call('TTL', key)
  if count == 1 or left < 0 then
    redis.call('EXPIRE', key, ARGV[1])
    left = tonumber(ARGV[1])
  end
  if count > tonumber(ARGV[place + 1]) and left > wait then wait = left end
end
return wait
""")


class Limits(Protocol):
    """Attempts at secrets. Raises LimitReached (429), and a 503 when they cannot be counted."""

    async def login(self, email: str, address: str) -> None:
        """One more attempt to log in as `email` from a client's `address`."""

    async def registration(self, address: str) -> None:
        """One more registration from a client's `address`."""

    async def password(self, account_id: str) -> None:
        """One more try of a logged-in shopper's current password."""


class StoreLimits:
    """Limits counted in a durable store, so that no failover forgives; see Limits."""

    def __init__(self, store: PatientStore, settings: GatewaySettings) -> None:
        self._store = store
        self._settings = settings

    async def login(self, email: str, address: str) -> None:
        # the store keeps no e-mail: what is counted is a digest
        name = sha256(_account(email).encode()).hexdigest()[:32]
        await self._count(
            [
                (f"limit:login:account:{name}", self._settings.logins_per_account),
                (f"limit:login:address:{address}", self._settings.logins_per_address),
            ]
        )

    async def registration(self, address: str) -> None:
        await self._count([(f"limit:registration:address:{address}", self._settings.registrations_per_address)])

    async def password(self, account_id: str) -> None:
        await self._count([(f"limit:password:account:{account_id}", self._settings.logins_per_account)])

    async def _count(self, counted: Sequence[tuple[str, int]]) -> None:
        limits = [limit for _, limit in counted]
        keys = [key for key, _ in counted]
        wait = await self._store.write(_COUNT, keys, [self._settings.login_window_seconds, *limits])
        if isinstance(wait, int) and wait > 0:
            metrics.REFUSED_ATTEMPTS.inc()
            raise LimitReached("Please wait before you try again.", retry_after=wait)


def _account(email: str) -> str:
    """What all spellings of an account's e-mail have in common, as users tells accounts apart."""
    try:
        return emails.identity(emails.normalised(email))
    except Unprocessable:
        return email  # nobody's

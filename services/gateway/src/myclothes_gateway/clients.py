"""Who is calling: the client's address behind our own proxies, and how much one address may browse."""

from __future__ import annotations

import time
from collections import OrderedDict
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_ADDRESSES = 50_000
REMEMBERED_ADDRESSES = 4096
IPV6_PREFIX = 64
"""One customer's share of IPv6: counted as one."""


def client_address(peer: str, forwarded: Sequence[str], trusted_proxies: int) -> str:
    """The client's address, given the connection's `peer` and the X-Forwarded-For headers.

    Each of our `trusted_proxies` has appended whom it was called by; what stands before that is hearsay. An entry
    that is no address counts as the peer's.
    """
    if not trusted_proxies:
        return peer
    entries = [entry.strip() for value in forwarded for entry in value.split(",")]
    if len(entries) < trusted_proxies:
        return peer
    try:
        return str(ip_address(entries[-trusted_proxies]))
    except ValueError:
        return peer


@lru_cache(maxsize=REMEMBERED_ADDRESSES)
def counted_as(address: str) -> str:
    """The key that an address is counted under: an IPv6 address counts with its neighbours of the same /64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)


class Browsing:
    """A token bucket an address, in this process: a busy shop must not ask a store for each page.

    A bucket holds a minute's requests and refills steadily. At most 50,000 addresses are remembered; a forgotten one
    starts full, so that the limit errs towards letting people in.
    """

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = float(per_minute)
        self._rate = per_minute / 60
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, address: str) -> bool:
        """Count one request of `address`; False when it has had its share."""
        now = self._clock()
        tokens, since = self._buckets.get(address, (self._size, now))
        tokens = min(self._size, tokens + (now - since) * self._rate)
        allowed = tokens >= 1
        self._buckets[address] = (tokens - 1 if allowed else tokens, now)
        self._buckets.move_to_end(address)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return allowed

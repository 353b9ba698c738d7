"""What the cart service measures beyond its requests and its store's client."""

from __future__ import annotations

from prometheus_client import Counter

OLDER_THAN_SEEN = Counter(
    "cart_older_than_seen_total",
    "Confirmed states that are older than one a session has seen: never, unless something was lost.",
)
CONFIRMED_READS = Counter("cart_confirmed_reads_total", "Reads proved by a write, for a session that had seen newer.")

"""What the shop measures beside its requests."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

CACHE = Counter(
    "shop_cache_total",
    "Calls of the cache: hit, stale (shown and renewed), miss, error (also too slow), skipped (no connection).",
    ["outcome"],
)
ORDERS = Counter("shop_orders_total", "Checkouts by outcome.", ["outcome"])
OUTBOX_DEPTH = Gauge("shop_outbox_depth", "Orders that the cart has not confirmed yet, parked ones aside.")
OUTBOX_AGE = Gauge("shop_outbox_age_seconds", "Age of the oldest of them; 0 when there is none.")
OUTBOX_PARKED = Gauge("shop_outbox_parked", "Orders given up on, for people to look at.")
OUTBOX_SENT = Counter("shop_outbox_sent_total", "Calls of the cart by outcome.", ["outcome"])

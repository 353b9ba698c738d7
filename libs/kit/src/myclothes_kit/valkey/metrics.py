"""What the stores' clients measure, for Prometheus; `store` is the name the store was opened under."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

WRITES = Counter("store_writes_total", "Writes by outcome; only `acknowledged` is a promise.", ["store", "outcome"])
BATCH_SIZE = Histogram(
    "store_batch_writes",
    "Writes that shared one acknowledgement.",
    ["store"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
SWITCHES = Counter("store_primary_switches_total", "Changes to another primary.", ["store"])
CONNECTIONS_LOST = Counter("store_connections_lost_total", "Connections to the primary that ended.", ["store"])
MISSING_REPLICAS = Gauge("store_missing_replicas", "Known replicas that do not have every write.", ["store"])
READ_FAILURES = Counter("store_read_failures_total", "Reads answered with 503.", ["store"])

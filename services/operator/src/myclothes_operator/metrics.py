"""What the operator measures, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ACTIONS = Counter(
    "operator_actions_total", "Actions by kind and outcome: done, refused or failed.", ["action", "outcome"]
)
ROUNDS = Counter("operator_rounds_total", "Looks at the cluster by outcome: done or failed.", ["outcome"])
ROUND_SECONDS = Histogram(
    "operator_round_seconds",
    "Time of a look at the cluster and what followed.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
MOVE_SECONDS = Histogram(
    "operator_move_seconds", "Time to move a store's primary.", ["store"], buckets=(0.25, 0.5, 1, 2.5, 5, 10, 25)
)
SURVIVABLE = Gauge("zone_survivable", "1: the shop could lose the zone now.", ["zone"])
SHIFTED = Gauge("zone_shifted", "1: a ZoneShift has the zone out of service.", ["zone"])
PRACTICE_PASSED = Gauge("practice_passed", "1: the zone's last practice shift passed.", ["practice", "zone"])
PRACTICE_TIME = Gauge(
    "practice_timestamp_seconds", "When the zone's last practice shift began, since the epoch.", ["practice", "zone"]
)

"""The rungs, from a dictionary in one process to the shop as shipped: what of the chart's values makes each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STATELESS = ("gateway", "cart", "users", "shop")
ZONES = 3
STEADY: Mapping[str, Any] = {name: {"autoscaling": {"minReplicas": ZONES, "maxReplicas": ZONES}} for name in STATELESS}
"""A pod a zone, whatever the load: only the day itself scales."""

NO_CACHE: Mapping[str, Any] = {
    "cache": {"external": {"enabled": True, "url": "valkey://127.0.0.1:6379", "cidrs": ["127.0.0.1/32"]}}
}
"""A cache that nobody answers for; the shop's pods find every question to it refused, and leave it alone."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A way to keep carts. `values` go over those of the cluster tests."""

    name: str
    title: str
    values: Mapping[str, Any]
    valkey_pods: int = ZONES
    has_store: bool = False
    """Whether carts are in a store that can die."""
    has_cookie: bool = False
    """Whether carts are in the browser's own cookie, which it may alter."""


_STICKY = {"ingress": {"sticky": {"enabled": True}}}

RUNGS = {
    rung.name: rung
    for rung in (
        Rung("memory", "memory of one process", {**NO_CACHE, "gateway": {"carts": "memory"}}),
        Rung("sticky", "memory, sticky ingress", {**NO_CACHE, **_STICKY, "gateway": {"carts": "memory"}}),
        Rung("cookie", "signed cookie", {**NO_CACHE, "gateway": {"carts": "cookie"}}, has_cookie=True),
        Rung(
            "single",
            "service, one store, no acknowledgement",
            {**NO_CACHE, "valkey": {"replicas": 1}},
            valkey_pods=1,
            has_store=True,
        ),
        Rung("service", "service, acknowledged by a replica", NO_CACHE, has_store=True),
        Rung("reads", "and reads from replicas and a cache: the shop as shipped", {}, has_store=True),
    )
}
"""From the lowest rung up."""

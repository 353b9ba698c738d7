"""How many pods a component needs while a zone is out. Pure arithmetic."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from myclothes_operator.model import Autoscaler, World

FEWEST = 2
"""Pods that a component keeps at work whatever the load: one in each of two zones."""


def goal(autoscaler: Autoscaler) -> int:
    """Pods that must work outside of the zone: what the load needs; unmeasured, the minimum that people set."""
    before = autoscaler.mark.before if autoscaler.mark is not None else autoscaler.minimum
    return max(FEWEST, before if autoscaler.needed is None else autoscaler.needed)


def minimum(world: World, autoscaler: Autoscaler, zone: str) -> int:
    """The autoscaler's minimum for which at least `goal` pods come to be outside of `zone`.

    An autoscaler knows no zone. Pods are spread with a skew of one at most, so of t pods in z zones at most
    ceil(t / z) are in one: t = ceil(goal · z / (z - 1)) suffices. Idle pods that are in the zone already count too.
    They also thin the autoscaler's average, which is why the load alone would bring too few.
    """
    wanted, zones = goal(autoscaler), len(world.zones)
    idle = sum(pod.zone == zone for pod in world.of(autoscaler.component))
    spread = math.ceil(wanted * zones / (zones - 1)) if zones > 1 else wanted
    return min(autoscaler.maximum, max(spread, wanted + idle))


def enough(world: World, zone: str) -> bool:
    """Whether the pods outside of `zone` suffice for the load of all."""
    return all(len(world.working(one.component, zone)) >= goal(one) for one in world.autoscalers)

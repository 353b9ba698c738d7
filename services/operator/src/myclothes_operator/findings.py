"""What would be lost with a zone: why a shift is refused, and what the report of survivability says. Pure logic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_operator import capacity
from myclothes_operator.model import SERVICES, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from myclothes_operator.model import Autoscaler, Store, World

ZONES_LEFT = 2
"""Zones that must go on serving, so that another loss is survived too."""
COPIES_LEFT = 2
"""Servers of a store that must be left with all data: a write is acknowledged by a primary and a replica."""
OWN = "operator"
"""The operator's component: its budget bars nothing, since shoppers miss none of its pods."""
UNKNOWN_ZONE = "UnknownZone"
FORCIBLE = ("Zones", "CartStore", "UserStore", "Volumes", "Rollout", "Capacity", "Budget")
"""The codes that `spec.force` may name."""
OF_STORES = frozenset({"CartStore", "UserStore", "Volumes"})
"""Those of them that an election brings about, and ends."""


def findings(world: World, zone: str) -> tuple[Finding, ...]:
    """Everything that the loss of `zone` would harm; empty: it can be taken out."""
    if zone not in world.zones:
        known = ", ".join(world.zones) or "none"
        return (Finding(UNKNOWN_ZONE, f"no node is in zone {zone}", f"name one of the nodes' zones: {known}"),)
    return (
        *_zones(world, zone),
        *_store(world, zone, "CartStore", "valkey", world.cart_store),
        *_store(world, zone, "UserStore", "postgres", world.user_store),
        *_volumes(world, zone, "valkey", world.cart_store),
        *_volumes(world, zone, "postgres", world.user_store),
        *_rollouts(world),
        *_capacity(world, zone),
        *_budgets(world, zone),
    )


def _zones(world: World, zone: str) -> Iterator[Finding]:
    for component in SERVICES:
        others = sorted({str(pod.zone) for pod in world.working(component, zone)})
        if len(others) < ZONES_LEFT:
            where = f"only in {', '.join(others)}" if others else "nowhere"
            yield Finding(
                "Zones",
                f"{component} would serve {where}",
                f"have ready pods of {component} in {ZONES_LEFT} other zones:"
                f" kubectl rollout restart spreads those that there are",
            )


def _store(world: World, zone: str, code: str, name: str, store: Store | None) -> Iterator[Finding]:
    if store is None:
        return
    outside = [one for one in store.servers if one.answers and world.zone_of(one.pod) != zone]
    copies = [one.pod for one in outside if one.in_step]
    if len(copies) < COPIES_LEFT:
        yield Finding(
            code,
            f"{name} would have {len(copies)} of the {COPIES_LEFT} servers in step that a write needs",
            f"wait until the other {name} pods are ready and in step with their primary, in other zones than {zone}",
        )
    votes = [pod for pod in store.votes if world.zone_of(pod) != zone]
    majority = len(store.servers) // 2 + 1
    if len(votes) < majority:
        yield Finding(
            code,
            f"{name} could not elect a primary: {len(votes)} votes outside of {zone}, {majority} are a majority",
            f"have a majority of the {name} pods running in other zones",
        )


def _volumes(world: World, zone: str, name: str, store: Store | None) -> Iterator[Finding]:
    """A store's volumes are copies of each other: those that go with the zone must have one elsewhere, in step."""
    if store is None:
        return
    claims = {claim.pod: claim for claim in world.claims if claim.component == name}
    in_step = [claims[one.pod] for one in store.servers if one.in_step and one.pod in claims]
    bound_here = [claim.name for claim in in_step if world.reach(claim) == {zone}]
    if bound_here and len(bound_here) == len(in_step):
        yield Finding(
            "Volumes",
            f"all of {name}'s data would be lost with {', '.join(sorted(bound_here))}",
            f"wait until a {name} pod in another zone than {zone} is in step: its volume is a copy",
        )
    usable = {node.name for node in world.nodes if node.ready}
    for one in store.servers:
        claim = claims.get(one.pod)
        if claim is None or one.answers or usable & set(claim.nodes) or world.reach(claim) == {zone}:
            continue
        yield Finding(
            "Volumes",
            f"{claim.name} of {one.pod} can be used by no node that is ready",
            f"bring a node back in {', '.join(sorted(world.reach(claim))) or 'its zone'}; or, if it is gone for good,"
            f" delete the claim and the pod: it starts anew elsewhere and copies from the primary",
        )


def _rollouts(world: World) -> Iterator[Finding]:
    for workload in world.workloads:
        if workload.updating:
            yield Finding("Rollout", f"{workload.component} is being updated", "wait until the update is through")


def _capacity(world: World, zone: str) -> Iterator[Finding]:
    usable = (node for node in world.nodes if node.zone != zone and node.ready and not node.cordoned)
    free = {node.name: [node.cpu, node.memory] for node in usable}
    for autoscaler in world.autoscalers:
        component, wanted = autoscaler.component, capacity.goal(autoscaler)
        idle = sum(pod.zone == zone for pod in world.of(component))
        if wanted > autoscaler.maximum - idle:
            yield Finding(
                "Capacity",
                f"{component} needs {wanted} pods outside of {zone}, and {autoscaler.maximum} are the most in all",
                f"raise {component}.autoscaling.maxReplicas to {wanted + idle}",
            )
        missing = wanted - len(world.working(component, zone))
        placed = sum(_place(free, autoscaler) for _ in range(missing))
        if placed < missing:
            yield Finding(
                "Capacity",
                f"{component} needs {missing} more pods outside of {zone}, and the nodes there have room for {placed}",
                "add nodes in the other zones",
            )


def _place(free: dict[str, list[float]], autoscaler: Autoscaler) -> bool:
    """Put one more pod on the node with the most room, if it fits."""
    for room in sorted(free.values(), reverse=True):
        if room[0] >= autoscaler.cpu and room[1] >= autoscaler.memory:
            room[0] -= autoscaler.cpu
            room[1] -= autoscaler.memory
            return True
    return False


def _budgets(world: World, zone: str) -> Iterator[Finding]:
    """A budget stands in the way when pods are missing elsewhere: those of the zone itself are about to go anyway."""
    for budget in world.budgets:
        if budget.component == OWN:
            continue
        inside = [pod for pod in world.of(budget.component) if pod.zone == zone]
        if inside and all(pod.ready for pod in inside) and budget.healthy <= budget.wanted and budget.wanted > 0:
            yield Finding(
                "Budget",
                f"{budget.component} allows no disruption: {budget.healthy} healthy pods, {budget.wanted} wanted",
                f"wait until all pods of {budget.component} are ready",
            )

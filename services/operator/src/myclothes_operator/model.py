"""The shop as the operator sees it at one moment: plain data, no I/O. Times are seconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SERVICES = ("cart", "gateway", "shop", "users")
"""The components that answer shoppers; every other pod may vanish from the Services without a trace."""
RESTORING, RESTORED = "Restoring", "Restored"
"""Phases of a shift that has expired: it is over for good, whatever its expiry becomes."""


@dataclass(frozen=True)
class Pod:
    """`version`: resourceVersion; `serving`: Services may select it; `shift`: uid of the shift that took it out."""

    name: str
    component: str
    zone: str | None
    version: str
    ready: bool = True
    serving: bool = True
    shift: str | None = None
    ending: bool = False


@dataclass(frozen=True)
class Mark:
    """What an autoscaler carries while a shift has raised it: whose, its minimum before, and the one that was set."""

    shift: str
    before: int
    during: int


@dataclass(frozen=True)
class Autoscaler:
    """`needed`: pods that the measured load asks for, None while nothing is measured; requests are a pod's."""

    name: str
    component: str
    version: str
    minimum: int
    maximum: int
    needed: int | None = None
    mark: Mark | None = None
    cpu: float = 0.0
    memory: float = 0.0


@dataclass(frozen=True)
class Workload:
    """A Deployment or StatefulSet; `updating`: not all of its pods have its newest template."""

    component: str
    updating: bool = False


@dataclass(frozen=True)
class Budget:
    """A PodDisruptionBudget: healthy pods that there are and that there must be."""

    component: str
    healthy: int
    wanted: int


@dataclass(frozen=True)
class Node:
    """`cpu` (cores) and `memory` (bytes) are what is allocatable less what this namespace's pods request.

    `cordoned`: it runs what it has and takes nothing new.
    """

    name: str
    zone: str
    ready: bool = True
    cordoned: bool = False
    cpu: float = 1e9
    memory: float = 1e18


@dataclass(frozen=True)
class Server:
    """A pod of a store. `in_step`: it is the primary, or a replica that streams from it and is not behind."""

    pod: str
    answers: bool
    in_step: bool


@dataclass(frozen=True)
class Store:
    """A replicated store. `epoch` counts its primaries; `votes` are the pods that can elect one."""

    servers: tuple[Server, ...]
    primary: str | None
    epoch: int
    votes: tuple[str, ...]

    def server(self, pod: str | None) -> Server | None:
        return next((one for one in self.servers if one.pod == pod), None)


@dataclass(frozen=True)
class Claim:
    """A volume of the release: the pod that uses it, and the nodes that can reach it; none, while it is not bound."""

    name: str
    component: str
    pod: str | None
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """Why a zone may not be lost: `code` is what `spec.force` names, `mend` says what would help."""

    code: str
    message: str
    mend: str


@dataclass(frozen=True)
class Condition:
    """As in Kubernetes: status is True, False or Unknown; `since` is when that changed last."""

    status: str
    reason: str
    message: str
    since: float = 0.0


@dataclass(frozen=True)
class Status:
    """A shift's status; `accepted`: when it was accepted, None: not (yet)."""

    phase: str = ""
    generation: int = 0
    accepted: float | None = None
    expires: float | None = None
    cart_primary: str = ""
    user_primary: str = ""
    findings: tuple[Finding, ...] = ()
    conditions: tuple[tuple[str, Condition], ...] = ()

    def condition(self, name: str) -> Condition | None:
        return dict(self.conditions).get(name)


@dataclass(frozen=True)
class Shift:
    """A ZoneShift. `duration` in seconds counts from its creation, so that an operator that was away knows too.

    `practice`: it is part of a practice, and gives way to those that people ask for.
    """

    name: str
    uid: str
    version: str
    generation: int
    zone: str
    created: float
    duration: float
    force: frozenset[str] = frozenset()
    practice: bool = False
    ending: bool = False
    status: Status = field(default_factory=Status)

    @property
    def expires(self) -> float:
        return self.created + self.duration

    def lasts(self, now: float) -> bool:
        """Accepted, and neither expired nor deleted."""
        over = self.ending or self.status.phase in {RESTORING, RESTORED}
        return self.status.accepted is not None and now < self.expires and not over


@dataclass(frozen=True)
class World:
    """Everything at one moment. A store is None when it is not the chart's own."""

    shifts: tuple[Shift, ...] = ()
    pods: tuple[Pod, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    workloads: tuple[Workload, ...] = ()
    budgets: tuple[Budget, ...] = ()
    nodes: tuple[Node, ...] = ()
    claims: tuple[Claim, ...] = ()
    cart_store: Store | None = None
    user_store: Store | None = None

    @property
    def zones(self) -> tuple[str, ...]:
        return tuple(sorted({node.zone for node in self.nodes}))

    def zone_of(self, pod: str | None) -> str | None:
        return next((one.zone for one in self.pods if one.name == pod), None)

    def reach(self, claim: Claim) -> set[str]:
        """The zones from whose nodes, ready or not, a volume can be used."""
        return {node.zone for node in self.nodes if node.name in claim.nodes}

    def of(self, component: str, pods: Iterable[Pod] | None = None) -> tuple[Pod, ...]:
        """A component's pods that are not about to end."""
        return tuple(
            one for one in (self.pods if pods is None else pods) if one.component == component and not one.ending
        )

    def working(self, component: str, zone: str) -> tuple[Pod, ...]:
        """A component's pods that take requests outside of `zone`."""
        return tuple(one for one in self.of(component) if one.zone != zone and one.ready and one.serving)

    def autoscaler(self, component: str) -> Autoscaler | None:
        return next((one for one in self.autoscalers if one.component == component), None)

    def is_silent(self, zone: str) -> bool:
        """Nothing in the zone answers: no node is ready, or none of its stores' servers is there."""
        nodes = [node for node in self.nodes if node.zone == zone]
        stores = [store for store in (self.cart_store, self.user_store) if store is not None]
        servers = [one for store in stores for one in store.servers if self.zone_of(one.pod) == zone]
        nodes_gone = bool(nodes) and not any(node.ready for node in nodes)
        return nodes_gone or (bool(servers) and not any(one.answers for one in servers))


@dataclass(frozen=True)
class Report:
    """A ZoneReport as it is in the cluster; `checked`: when it was last seen to be true, None: never said."""

    zone: str
    version: str
    survivable: str
    findings: tuple[Finding, ...]
    checked: float | None = None

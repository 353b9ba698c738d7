"""The day that every rung has: shoppers at an even rate, and seven things that happen to every shop sooner or later."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

from myclothes_cluster import Release
from myclothes_cluster.customer import Customer
from myclothes_cluster.faults import primary, zone_letter
from myclothes_cluster.targets import RigTarget
from myclothes_ladder import cpu
from myclothes_ladder.balancer import Balancer
from myclothes_ladder.rungs import ZONES as PODS
from myclothes_ladder.rungs import Rung
from myclothes_ladder.windows import END
from myclothes_ledger import Ledger
from myclothes_rig import Rig
from myclothes_rig.layout import ZONES
from myclothes_rig.waiting import wait_for

QUIET = "nothing happens"
SWITCH = "the load balancer switches servers"
DEATH = "a gateway dies"
ROLLOUT = "a rolling update"
SCALE_IN = "a scale-in"
STORE = "the store's primary dies"
ZONE = "a zone dies"
RETURN = "the zone returns"

IDLE_SECONDS = 5.0
ARRIVAL_SECONDS = 20.0
"""For all shoppers to have come, and for pods that have just started to know the catalogue, before the quiet part."""
QUIET_SECONDS = 20.0
LOOK_SECONDS = 8.0
"""After each event, in which nearly every shopper asks for the cart once more."""
AWAY_SECONDS = 20.0
"""How long the zone is away: less than Kubernetes needs to notice."""
WHOLE_SECONDS = 240.0
SCALED_SECONDS = 120.0
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
FIRST_TO_GO = "-1000"


class Cpu(NamedTuple):
    """Seconds of CPU by component while nobody asked and in the quiet part, and how long these were."""

    idle: dict[str, float]
    idle_seconds: float
    busy: dict[str, float]
    busy_seconds: float


@dataclass
class Day:
    """The day of one rung."""

    rung: Rung
    release: Release
    target: RigTarget
    rig: Rig
    balancer: Balancer

    def pass_with(self, crowd: Ledger) -> Cpu:
        """Let it all happen, each event marked in the crowd's history."""
        idle, idle_seconds = self._cpu_of(lambda: time.sleep(IDLE_SECONDS))
        with crowd:
            self.rig.set_apart(crowd.pid)
            time.sleep(ARRIVAL_SECONDS)
            crowd.mark(QUIET)
            busy, busy_seconds = self._cpu_of(lambda: time.sleep(QUIET_SECONDS))
            for name, event in self._events().items():
                crowd.mark(name)
                event()
                time.sleep(LOOK_SECONDS)
            letter = self._zone_to_lose()
            crowd.mark(ZONE)
            self.rig.zone(letter).kill()
            time.sleep(AWAY_SECONDS)
            crowd.mark(RETURN)
            self.mend()
            time.sleep(LOOK_SECONDS)
            crowd.mark(END)
        return Cpu(idle, idle_seconds, busy, busy_seconds)

    def mend(self) -> None:
        """All zones run, the shop is whole, and each zone's ingress lets shoppers in."""
        for letter in ZONES:
            self.target.mend(letter)
        self.release.await_ready(WHOLE_SECONDS)
        wait_for("every ingress to answer", lambda: all(map(_answers, self.target.origins)), seconds=WHOLE_SECONDS)

    def _events(self) -> dict[str, Callable[[], None]]:
        return {
            SWITCH: self.balancer.switch,
            DEATH: self._gateway_dies,
            ROLLOUT: self._roll_out,
            SCALE_IN: self._scale_in_and_out,
            **({STORE: self._store_dies} if self.rung.has_store else {}),
        }

    def _cpu_of(self, do: Callable[[], None]) -> tuple[dict[str, float], float]:
        before, began = cpu.used(self.release), time.monotonic()
        do()
        after, ended = cpu.used(self.release), time.monotonic()
        return cpu.between(before, after), ended - began

    def _gateway_in_use(self) -> str:
        zone = ZONES[list(ZONES)[self.balancer.active]].node
        return min(self.release.pods.serving("gateway"), key=lambda pod: pod.node != zone).name

    def _gateway_dies(self) -> None:
        self.rig.container(self.release.namespace, self._gateway_in_use(), "gateway").kill()
        self.release.await_ready(WHOLE_SECONDS)

    def _roll_out(self) -> None:
        names = [f"deployment/{self.release.fullname}-{name}" for name in ("gateway", "cart")]
        self.release.pods.kubectl("rollout", "restart", *names)
        self.release.await_ready(WHOLE_SECONDS)

    def _scale_in_and_out(self) -> None:
        """One too few for the autoscaler's minimum, so that it adds one when it looks the next time."""
        leaving, name = self._gateway_in_use(), f"{self.release.fullname}-gateway"
        self.release.pods.kubectl("annotate", "pod", leaving, f"{DELETION_COST}={FIRST_TO_GO}")
        self.release.pods.kubectl("scale", "deployment", name, f"--replicas={PODS - 1}")
        wait_for(
            f"{leaving} to leave and another gateway to come",
            lambda: leaving not in (ready := self._serving()) and len(ready) == PODS,
            seconds=SCALED_SECONDS,
        )

    def _serving(self) -> set[str]:
        return {pod.name for pod in self.release.pods.serving("gateway")}

    def _store_dies(self) -> None:
        self.rig.container(self.release.namespace, primary(self.release, "valkey"), "valkey").kill()
        self.release.await_ready(WHOLE_SECONDS)

    def _zone_to_lose(self) -> str:
        """The zone that shoppers come in by; where carts have a store, the one of its primary, which they move to."""
        if self.rung.has_store:
            letter = zone_letter(self.release, primary(self.release, "valkey"))
            self.balancer.switch(list(ZONES).index(letter))
            time.sleep(LOOK_SECONDS)
            return letter
        return list(ZONES)[self.balancer.active]


def _answers(origin: str) -> bool:
    try:
        return Customer(origin).call("GET", "/api/v1/cart")[0] == HTTPStatus.OK
    except OSError:
        return False

"""A cluster of plain data that does what the operator asks, and refuses what comes too late."""

from __future__ import annotations

from dataclasses import replace

from myclothes_operator.actions import (
    Action,
    MoveCartPrimary,
    MoveUserPrimary,
    PutBack,
    SetMinimum,
    SetStatus,
    TakeOut,
)
from myclothes_operator.model import (
    SERVICES,
    Autoscaler,
    Budget,
    Node,
    Pod,
    Server,
    Shift,
    Store,
    Workload,
    World,
)
from myclothes_operator.plan import plan

ZONES = ("a", "b", "c")
ROUNDS = 80
"""More than any convergence here takes."""


def shift(
    zone: str = "a", *, name: str = "s1", created: float = 0.0, duration: float = 3600.0, **more: object
) -> Shift:
    return Shift(name, f"uid-{name}", "1", 1, zone, created, duration, **more)


def store(name: str, *, primary: int = 0) -> Store:
    pods = tuple(f"{name}-{number}" for number in range(3))
    return Store(tuple(Server(pod, answers=True, in_step=True) for pod in pods), pods[primary], 1, pods)


def world(*shifts: Shift, per_zone: int = 1, needed: int | None = 2, primaries: tuple[int, int] = (0, 0)) -> World:
    pods = [
        Pod(f"{component}-{zone}-{number}", component, zone, "1")
        for component in (*SERVICES, "cache")
        for zone in ZONES
        for number in range(per_zone)
    ]
    for name in ("valkey", "postgres"):
        pods += [Pod(f"{name}-{number}", name, zone, "1", serving=False) for number, zone in enumerate(ZONES)]
    return World(
        shifts=shifts,
        pods=tuple(pods),
        autoscalers=tuple(Autoscaler(one, one, "1", 3 * per_zone, 12, needed) for one in SERVICES),
        workloads=tuple(Workload(one) for one in (*SERVICES, "cache", "valkey", "postgres")),
        budgets=tuple(Budget(one, 3 * per_zone, 3 * per_zone - 1) for one in SERVICES),
        nodes=tuple(Node(f"node-{zone}", zone) for zone in ZONES),
        cart_store=store("valkey", primary=primaries[0]),
        user_store=store("postgres", primary=primaries[1]),
    )


class Cluster:
    """`world` is what is; `do` changes it; `refused` counts what came too late."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.refused = 0
        self._revision = 100
        self._born = 0

    def do(self, action: Action) -> None:
        match action:
            case SetStatus(name, version, status):
                self._change("shifts", name, version, status=status)
            case TakeOut(name, version, uid):
                self._change("pods", name, version, serving=False, shift=uid)
            case PutBack(name, version):
                self._change("pods", name, version, serving=True, shift=None)
            case SetMinimum(name, version, minimum, mark):
                now = {"mark": mark} | ({} if minimum is None else {"minimum": minimum})
                self._change("autoscalers", name, version, **now)
            case MoveCartPrimary(primary, epoch):
                old = self.world.cart_store
                if (old.primary, old.epoch) != (primary, epoch):
                    self.refused += 1
                    return
                other = next(one.pod for one in old.servers if one.pod != primary)
                self.world = replace(self.world, cart_store=replace(old, primary=other, epoch=epoch + 1))
            case MoveUserPrimary(primary, candidate):
                old = self.world.user_store
                if old.primary != primary:
                    self.refused += 1
                    return
                self.world = replace(self.world, user_store=replace(old, primary=candidate, epoch=old.epoch + 1))

    def change(self, kind: str, name: str, **now: object) -> None:
        """A change by somebody else."""
        old = next(one for one in getattr(self.world, kind) if one.name == name)
        self._change(kind, name, old.version, **now)

    def delete(self, name: str) -> None:
        self.world = replace(self.world, shifts=tuple(one for one in self.world.shifts if one.name != name))

    def add(self, one: Shift) -> None:
        self.world = replace(self.world, shifts=(*self.world.shifts, one))

    def scale(self) -> None:
        """What the autoscalers do: as many pods as their minimum, the newest go first, evenly over the zones."""
        for scaler in self.world.autoscalers:
            have = [one for one in self.world.pods if one.component == scaler.component]
            for _ in range(scaler.minimum - len(have)):
                self._born += 1
                zone = min(ZONES, key=lambda zone: sum(one.zone == zone for one in self.world.of(scaler.component)))
                born = Pod(f"{scaler.component}-{zone}-new-{self._born}", scaler.component, zone, "1")
                self.world = replace(self.world, pods=(*self.world.pods, born))
            surplus = [one.name for one in have if "-new-" in one.name][: max(0, len(have) - scaler.minimum)]
            self.world = replace(self.world, pods=tuple(one for one in self.world.pods if one.name not in surplus))

    def settle(self, now: float) -> float:
        """Let the operator work until it has nothing to do; the time at which that was."""
        for _ in range(ROUNDS):
            self.scale()
            actions = plan(self.world, now)
            if not actions:
                return now
            for action in actions:
                self.do(action)
            now += 1
        raise AssertionError(f"no end: {plan(self.world, now)}")

    def found(self) -> dict[str, object]:
        """What a shift must leave as it was."""
        return {
            **{one.name: (one.serving, one.shift) for one in self.world.pods if "-new-" not in one.name},
            **{f"hpa {one.name}": (one.minimum, one.mark) for one in self.world.autoscalers},
            **{f"pods of {one}": len(self.world.of(one)) for one in SERVICES},
        }

    def _change(self, kind: str, name: str, version: str, **now: object) -> None:
        every = getattr(self.world, kind)
        old = next((one for one in every if one.name == name), None)
        if old is None or old.version != version:
            self.refused += 1
            return
        self._revision += 1
        new = replace(old, version=str(self._revision), **now)
        self.world = replace(self.world, **{kind: tuple(new if one is old else one for one in every)})

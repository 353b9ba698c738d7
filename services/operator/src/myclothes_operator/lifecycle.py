"""How a shift stands: which one is in force, and what its status says. Pure logic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_operator import capacity
from myclothes_operator.findings import OF_STORES, UNKNOWN_ZONE, findings
from myclothes_operator.model import RESTORED, RESTORING, Condition, Finding, Status

if TYPE_CHECKING:
    from myclothes_operator.model import Autoscaler, Pod, Shift, Store, World

CAPACITY_SECONDS = 60.0
"""How long a shift waits for pods in the other zones to become ready before it goes on with those that there are."""
ELECTION_SECONDS = 30.0
"""How long a shift of a silent zone waits, from when it was first put off, for the stores to have a primary that all
others follow. Postgres' replica of a primary elected just now may take some seconds, Valkey's too."""
PENDING, REFUSED, PREPARING, SHIFTING = "Pending", "Refused", "Preparing", "Shifting"
SHIFTED = "Shifted"
UNDER_WAY = "ShiftUnderWay"
_PROGRESS = ("TrafficMoved", "CartPrimaryMoved", "UserPrimaryMoved", "Completed")
"""The conditions of a shift in force; of one that is not they are False."""


def in_force(world: World, now: float) -> Shift | None:
    """The shift that is to be carried out; of several the one that was accepted first."""
    lasting = [one for one in world.shifts if one.lasts(now)]
    return min(lasting, key=lambda one: (one.status.accepted, one.uid), default=None)


def foreign_pods(world: World, shift: Shift | None) -> list[Pod]:
    """Pods that carry another shift's mark, by name."""
    uid = shift.uid if shift is not None else None
    pods = (one for one in world.pods if one.shift is not None and one.shift != uid and not one.ending)
    return sorted(pods, key=lambda one: one.name)


def foreign_autoscalers(world: World, shift: Shift | None) -> list[Autoscaler]:
    """Autoscalers that carry another shift's mark."""
    uid = shift.uid if shift is not None else None
    return [one for one in world.autoscalers if one.mark is not None and one.mark.shift != uid]


def moves_traffic(world: World, shift: Shift, now: float) -> bool:
    """Whether the zone's pods are to leave the Services: the others suffice, or waiting is over or of no use."""
    return (
        any(pod.shift == shift.uid for pod in world.pods)
        or capacity.enough(world, shift.zone)
        or world.is_silent(shift.zone)
        or (shift.status.accepted is not None and now - shift.status.accepted >= CAPACITY_SECONDS)
    )


def status(world: World, shift: Shift, now: float) -> Status:
    """The status that `shift` should have; the one it has when nothing is to be changed."""
    if shift.status.accepted is not None:
        return _accepted(world, shift, now)
    if shift.status.phase == REFUSED and shift.status.generation == shift.generation:
        return shift.status
    return _judged(world, shift, now)


def _judged(world: World, shift: Shift, now: float) -> Status:
    if now >= shift.expires:
        return _refused(shift, now, (Finding("Expired", "it expired before it was seen", "apply it anew"),))
    other = in_force(world, now)
    gives_way = other is not None and other.practice and not shift.practice
    if other is not None and not gives_way:
        mend = f"wait for it to end, or delete {other.name}"
        return _refused(shift, now, (Finding(UNDER_WAY, f"{other.name} has zone {other.zone} out", mend),))
    older = [
        one for one in world.shifts if is_waiting(one, now) and (one.created, one.uid) < (shift.created, shift.uid)
    ]
    if gives_way or older or foreign_pods(world, None) or foreign_autoscalers(world, None):
        text = "waits until an earlier shift is restored"
        return _with(shift, now, Status(phase=PENDING), {"Accepted": Condition("Unknown", "Waiting", text)})
    found = findings(world, shift.zone)
    barring = tuple(one for one in found if one.code == UNKNOWN_ZONE or one.code not in shift.force)
    if barring and _is_electing(world, shift, barring, now):
        text = f"waits for the stores to elect: {'; '.join(one.message for one in barring)}"
        pending = Status(phase=PENDING, findings=barring)
        return _with(shift, now, pending, {"Accepted": Condition("Unknown", "Electing", text)})
    if barring:
        return _refused(shift, now, barring)
    overridden = f"overridden: {'; '.join(one.message for one in found)}" if found else "the other zones suffice"
    accepted = Status(phase=PREPARING, accepted=now, findings=found)
    return _with(shift, now, accepted, {"Accepted": Condition("True", "Forced" if found else "Safe", overridden)})


def _is_electing(world: World, shift: Shift, barring: tuple[Finding, ...], now: float) -> bool:
    """Whether what bars it may be gone by itself: the zone is dead, and the stores are replacing what died with it."""
    accepted = shift.status.condition("Accepted")
    since = accepted.since if accepted is not None and accepted.status == "Unknown" else now
    of_stores = all(one.code in OF_STORES for one in barring)
    return of_stores and world.is_silent(shift.zone) and now - since < ELECTION_SECONDS


def is_waiting(shift: Shift, now: float) -> bool:
    """It is yet to be judged."""
    judged = shift.status.phase == REFUSED and shift.status.generation == shift.generation
    return not judged and shift.status.accepted is None and not shift.ending and now < shift.expires


def _refused(shift: Shift, now: float, found: tuple[Finding, ...]) -> Status:
    text = "; ".join(f"{one.message} ({one.mend})" for one in found)
    refused = Condition("False", found[0].code, text)
    # one that was accepted has more conditions, and is not in force any more
    ended = {name: _open("Refused", "it was refused") for name, _ in shift.status.conditions}
    return _with(shift, now, Status(phase=REFUSED, findings=found), ended | {"Accepted": refused})


def _accepted(world: World, shift: Shift, now: float) -> Status:
    current = in_force(world, now)
    if shift.lasts(now) and current is not None and current.uid != shift.uid:
        # two operators accepted one each at the same moment
        mend = f"wait for it to end, or delete {current.name}"
        return _refused(shift, now, (Finding(UNDER_WAY, f"{current.name} has zone {current.zone} out", mend),))
    if not shift.lasts(now):
        return _restored(world, shift, now)
    traffic = _traffic(world, shift, now)
    cart = _primary(world, world.cart_store, shift.zone)
    user = _primary(world, world.user_store, shift.zone)
    done = all(one.status == "True" for one in (traffic, cart, user))
    completed = (
        Condition("True", "Shifted", f"nothing depends on {shift.zone}") if done else _open("Shifting", "under way")
    )
    under_way = SHIFTING if moves_traffic(world, shift, now) else PREPARING
    kept = Status(
        phase=SHIFTED if done else under_way,
        accepted=shift.status.accepted,
        findings=shift.status.findings,
        cart_primary=_place(world, world.cart_store),
        user_primary=_place(world, world.user_store),
    )
    conditions = {
        "TrafficMoved": traffic,
        "CartPrimaryMoved": cart,
        "UserPrimaryMoved": user,
        "Completed": completed,
        "Restored": _open("InForce", "the shift lasts"),
    }
    return _with(shift, now, kept, conditions)


def _restored(world: World, shift: Shift, now: float) -> Status:
    left = [one.name for one in world.pods if one.shift == shift.uid and not one.ending]
    left += [one.name for one in world.autoscalers if one.mark is not None and one.mark.shift == shift.uid]
    if left:
        condition = _open("Restoring", f"still marked: {', '.join(sorted(left))}")
    else:
        condition = Condition("True", "Expired", "everything is as it was found")
    kept = Status(
        phase=RESTORING if left else RESTORED,
        accepted=shift.status.accepted,
        findings=shift.status.findings,
        cart_primary=shift.status.cart_primary,
        user_primary=shift.status.user_primary,
    )
    ended = {name: _open("Expired", "the shift is over") for name in _PROGRESS}
    return _with(shift, now, kept, ended | {"Restored": condition})


def _traffic(world: World, shift: Shift, now: float) -> Condition:
    inside = [one for one in world.pods if one.zone == shift.zone and one.serving and not one.ending]
    by_hand = sorted(one.name for one in inside if one.shift == shift.uid)
    if any(one.shift is None for one in inside):
        if moves_traffic(world, shift, now):
            return _open("Draining", "pods are being taken out of the Services")
        return _open("AwaitingCapacity", "pods in the other zones are to become ready first")
    if by_hand:
        return Condition("True", "PutBackByHand", f"left in service, as they were put back: {', '.join(by_hand)}")
    return Condition("True", "OutOfService", f"no Service selects a pod in {shift.zone}")


def _primary(world: World, store: Store | None, zone: str) -> Condition:
    if store is None:
        return Condition("True", "External", "the store is not this chart's")
    if store.primary is None:
        return _open("NoPrimary", "the store has no primary at the moment")
    where = world.zone_of(store.primary)
    if where != zone:
        return Condition("True", "Elsewhere", f"{store.primary} leads")
    return _open("Moving", f"{store.primary} leads, in {zone}")


def _place(world: World, store: Store | None) -> str:
    if store is None or store.primary is None:
        return ""
    return world.zone_of(store.primary) or ""


def _open(reason: str, message: str) -> Condition:
    return Condition("False", reason, message)


def _with(shift: Shift, now: float, status: Status, changed: dict[str, Condition]) -> Status:
    """`status` with its conditions; one that says the same as before keeps its time."""
    conditions = dict(shift.status.conditions)
    for name, new in changed.items():
        old = conditions.get(name)
        since = old.since if old is not None and old.status == new.status else now
        conditions[name] = Condition(new.status, new.reason, new.message, since)
    return Status(
        phase=status.phase,
        generation=shift.generation,
        accepted=status.accepted,
        expires=shift.expires,
        cart_primary=status.cart_primary,
        user_primary=status.user_primary,
        findings=status.findings,
        conditions=tuple(sorted(conditions.items())),
    )

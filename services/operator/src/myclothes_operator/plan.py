"""What to do next: a pure function of what is seen and the time, with no memory of its own.

What a shift changes carries a mark with the shift's uid. A mark whose shift does not last any more is undone, whoever
set it and whenever: that is all there is to expiry, deletion, a killed operator, and one that acts late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_operator import capacity, lifecycle
from myclothes_operator.actions import (
    Action,
    MoveCartPrimary,
    MoveUserPrimary,
    PutBack,
    SetMinimum,
    SetStatus,
    TakeOut,
)
from myclothes_operator.model import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from myclothes_operator.model import Autoscaler, Server, Shift, Store, World


def plan(world: World, now: float) -> tuple[Action, ...]:
    """Every action whose time has come, in the order in which they are to be begun; none: all is as it should be."""
    shift = lifecycle.in_force(world, now)
    actions: list[Action] = [*_restore(world, shift)]
    if shift is not None:
        actions += _shift_out(world, shift, now)
    return (*actions, *_statuses(world, now))


def _statuses(world: World, now: float) -> Iterator[Action]:
    for shift in world.shifts:
        if not shift.ending and (status := lifecycle.status(world, shift, now)) != shift.status:
            yield SetStatus(shift.name, shift.version, status)


def _restore(world: World, shift: Shift | None) -> Iterator[Action]:
    """One pod of each component at a time, then the autoscalers: the pods that were added go last."""
    left = {pod.component: pod for pod in reversed(lifecycle.foreign_pods(world, shift))}
    for pod in left.values():
        yield PutBack(pod.name, pod.version)
    for one in lifecycle.foreign_autoscalers(world, shift):
        if one.component not in left and one.mark is not None:
            # a minimum that people have changed meanwhile is theirs
            yield SetMinimum(one.name, one.version, one.mark.before if one.minimum == one.mark.during else None, None)


def _shift_out(world: World, shift: Shift, now: float) -> Iterator[Action]:
    for autoscaler in world.autoscalers:
        yield from _raise(world, shift, autoscaler)
    if lifecycle.moves_traffic(world, shift, now):
        for pod in world.pods:
            # one that has both the mark and the label was put back by hand: it stays
            if pod.zone == shift.zone and pod.serving and pod.shift is None and not pod.ending:
                yield TakeOut(pod.name, pod.version, shift.uid)
    cart, user = world.cart_store, world.user_store
    if cart is not None and cart.primary is not None and _can_leave(world, cart, shift.zone):
        yield MoveCartPrimary(cart.primary, cart.epoch)
    if user is not None and user.primary is not None and _can_leave(world, user, shift.zone):
        outside = [one.pod for one in user.servers if _is_fit(world, one, shift.zone)]
        yield MoveUserPrimary(user.primary, min(outside))


def _raise(world: World, shift: Shift, autoscaler: Autoscaler) -> Iterator[Action]:
    """Raise the minimum, and never lower it while the shift lasts; leave one that people have changed meanwhile."""
    mark, wanted = autoscaler.mark, capacity.minimum(world, autoscaler, shift.zone)
    if wanted <= autoscaler.minimum:
        return
    if mark is None:
        mark = Mark(shift.uid, autoscaler.minimum, wanted)
    elif mark.shift == shift.uid and mark.during == autoscaler.minimum:
        mark = Mark(shift.uid, mark.before, wanted)
    else:
        return
    yield SetMinimum(autoscaler.name, autoscaler.version, wanted, mark)


def _can_leave(world: World, store: Store, zone: str) -> bool:
    """The primary is in the zone and answers, and another zone has a server with all data; else it heals by itself."""
    primary = store.server(store.primary)
    return (
        primary is not None
        and primary.answers
        and world.zone_of(primary.pod) == zone
        and any(_is_fit(world, one, zone) for one in store.servers)
    )


def _is_fit(world: World, server: Server, zone: str) -> bool:
    return server.answers and server.in_step and world.zone_of(server.pod) != zone

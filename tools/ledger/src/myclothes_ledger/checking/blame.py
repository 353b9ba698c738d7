"""What went wrong with a cart: the smallest failure that explains what was seen, and the operations it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_ledger.checking.courses import Course
from myclothes_ledger.checking.effects import INFINITE, Carts
from myclothes_ledger.checking.verdicts import Violation, named
from myclothes_ledger.history import Call, Sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from myclothes_ledger.checking.courses import Sight
    from myclothes_ledger.checking.effects import Effect
    from myclothes_ledger.checking.stories import Operation, Story

LAST = 4
"""Operations shown of the course before."""


def out_of_order(story: Story) -> list[Violation]:
    """Writes that were acknowledged at an older version than one acknowledged before they were sent."""
    newest: dict[str, tuple[int, Operation]] = {}
    before: dict[tuple[str, int], tuple[int, Operation]] = {}
    found = []
    for event in story.events:
        operation = story.operations.get(event.op)
        if operation is None:
            continue
        if isinstance(event, Sent):
            if event.cart in newest:
                before[event.op, event.attempt] = newest[event.cart]
            continue
        version = _acknowledged(event)
        if version is None:
            continue
        known, earlier = before.get((event.op, event.attempt), (-1, operation))
        if version < known:
            promise = "f" if earlier.browser == operation.browser else "a"
            text = f"version {version} was acknowledged after version {known}: what lies between is lost"
            found.append(Violation(promise, event.cart, text, named([earlier, operation])))
        if version > newest.get(event.cart, (-1, operation))[0]:
            newest[event.cart] = (version, operation)
    return found


def two_states(sights: Sequence[Sight]) -> list[Violation]:
    """Versions that stand for two different states of a cart."""
    first: dict[tuple[str, int], Sight] = {}
    found = []
    for sight in sights:
        known = first.setdefault((sight.cart, sight.version), sight)
        if known.lines != sight.lines:
            text = f"version {sight.version} is {known.lines} by {known.what} and {sight.lines} by {sight.what}"
            operations = named(each.operation for each in (known, sight) if each.operation is not None)
            found.append(Violation("a", sight.cart, text, operations))
    return found


def went_back(sights: Sequence[Sight]) -> list[Violation]:
    """Carts that end at an older version than one that was acknowledged."""
    found = []
    for final in sights:
        if final.at != INFINITE:
            continue
        lost = [each for each in sights if each.cart == final.cart and each.version > final.version]
        if lost:
            text = f"the cart ends at version {final.version}, but {lost[-1].version} was acknowledged"
            operations = named(each.operation for each in lost[-LAST:] if each.operation is not None)
            found.append(Violation("a", final.cart, text, operations))
    return found


def _acknowledged(call: Call) -> int | None:
    return call.saw.version if call.outcome == "ok" and call.saw is not None else None


def explained(course: Course, sight: Sight, effects: Sequence[Effect]) -> Violation:
    """The violation that stands behind something seen that no course leads to."""
    due = [each for each in effects if each.due <= sight.place and not course.used & each.bit]
    return (
        _lost(course, sight, due)
        or _twice(course, sight, due, effects)
        or _line_of_merge(course, sight, due)
        or _older(course, sight, due)
        or _unexplained(course, sight, due)
    )


def _replayed(effects: Sequence[Effect]) -> Carts:
    return Course(Carts()).then(effects).carts


def _violation(promise: str, sight: Sight, text: str, effects: Sequence[Effect]) -> Violation:
    operations = list(dict.fromkeys([effect.operation for effect in effects]))
    if sight.operation is not None and sight.operation not in operations:
        operations.append(sight.operation)
    return Violation(
        promise, sight.cart, f"{sight.what} shows {sight.lines} at version {sight.version}: {text}", named(operations)
    )


def _lost(course: Course, sight: Sight, due: Sequence[Effect]) -> Violation | None:
    """One acknowledged effect is not there."""
    order = [*course.order, *due]
    # what answered is the last to be suspected of not having happened
    places = sorted(range(len(order)), key=lambda place: (order[place].operation is sight.operation, -place))
    for place in places:
        lost = order[place]
        if lost.must and _replayed(order[:place] + order[place + 1 :]).shown(sight.cart) == sight.lines:
            if lost.change == "merge":
                return _violation("g", sight, "an acknowledged login's merge is lost", [lost])
            gone = lost.change in {"add", "set"} and any(lost.lines.values())
            text = f"an acknowledged {lost.change} is lost" if gone else f"an acknowledged {lost.change} came back"
            return _violation("a" if gone else "b", sight, text, [lost])
    return None


def _twice(course: Course, sight: Sight, due: Sequence[Effect], effects: Sequence[Effect]) -> Violation | None:
    """One effect happened twice."""
    order = [*course.order, *due]
    for again in (each for each in effects if not each.must and not each.refused and each not in order):
        if _replayed([*order, again, again]).shown(sight.cart) == sight.lines:
            return _violation("c", sight, f"one {again.change} was done twice", [again])
    for place in range(len(order) - 1, -1, -1):
        again = order[place]
        if any(
            _replayed([*order[:at], again, *order[at:]]).shown(sight.cart) == sight.lines
            for at in range(place + 1, len(order) + 1)
        ):
            return _violation("c", sight, f"one {again.change} was done twice", [again])
    return None


def _line_of_merge(course: Course, sight: Sight, due: Sequence[Effect]) -> Violation | None:
    """A line that a merge should have brought is not there."""
    order = [*course.order, *due]
    merges = [effect for effect in order if effect.change == "merge"]
    if not merges:
        return None
    expected = _replayed(order).shown(sight.cart)
    without = _replayed([effect for effect in order if effect.change != "merge"]).shown(sight.cart)
    missing = {sku for sku, quantity in expected.items() if sight.lines.get(sku, 0) < quantity}
    brought = {sku for sku in missing if expected[sku] > without.get(sku, 0)}
    if missing and missing == brought and not sight.lines.keys() - expected.keys():
        return _violation("g", sight, f"a login's merge lost {', '.join(sorted(missing))}", merges[-1:])
    return None


def _older(course: Course, sight: Sight, due: Sequence[Effect]) -> Violation | None:
    """The cart is as it was earlier."""
    order = [*course.order, *due]
    for length in range(len(order) - 1, -1, -1):
        if _replayed(order[:length]).shown(sight.cart) == sight.lines:
            lost = [effect for effect in order[length:] if effect.must]
            promise = "a" if any(effect.change in {"add", "set", "merge"} for effect in lost) else "b"
            return _violation(promise, sight, f"{len(lost)} acknowledged operations are lost, the last ones", lost)
    return None


def _unexplained(course: Course, sight: Sight, due: Sequence[Effect]) -> Violation:
    expected = _replayed([*course.order, *due]).shown(sight.cart)
    differing = {sku for sku in expected.keys() | sight.lines.keys() if expected.get(sku, 0) != sight.lines.get(sku, 0)}
    less = any(sight.lines.get(sku, 0) < expected.get(sku, 0) for sku in differing)
    back = {sku for sku in differing if sku not in expected}
    promise = "a" if less else "b" if back else "c"
    concerned = [
        effect for effect in [*course.order, *due] if effect.change == "merge" or effect.lines.keys() & differing
    ]
    text = f"no course of events leads there; {expected} was expected"
    return _violation(promise, sight, text, concerned[-LAST:])

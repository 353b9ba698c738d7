"""The search for a course of events that explains what was observed of a shopper's carts.

Every change of a cart makes a new, greater version, so acknowledged answers are put in order by the version that they
show: what is left open is only which of the unknown, overlapping or unseen effects happened between two of them. A
`Course` is one possibility: the carts as they are now and the effects used so far. An effect that only may have
happened is not used before it explains something; a course that keeps it in hand can do all that one can do that has
used it to no purpose. So there is one course nearly always, and the work is linear in the history.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from myclothes_ledger.checking.effects import INFINITE, Carts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from myclothes_ledger.checking.effects import Effect
    from myclothes_ledger.checking.stories import Operation
    from myclothes_ledger.history import Lines

MOST_STEPS = 100_000
"""Steps after which the search for one observation gives up: some 10 s."""
MOST_COURSES = 512


class UndecidedError(Exception):
    """The history allows too many courses to try them all."""


@dataclass(frozen=True, slots=True)
class Course:
    """The carts, the set of effects used (bits), and these in order."""

    carts: Carts
    used: int = 0
    order: tuple[Effect, ...] = ()

    def then(self, effects: Iterable[Effect]) -> Course:
        """The course that goes on with more effects."""
        carts, used, order = self.carts, self.used, self.order
        for effect in effects:
            carts, used, order = carts.after(effect), used | effect.bit, (*order, effect)
        return Course(carts, used, order)


@dataclass(frozen=True, slots=True)
class Sight:
    """What an answer showed of a cart. `at`: when it came; `place`: among the acknowledged ones, in their order.

    `operation` is the write that was answered; None for a read, and for the final state, which comes after everything.
    """

    cart: str
    version: int
    lines: Lines
    sent: float
    at: float
    operation: Operation | None = None
    place: int = 0

    @property
    def what(self) -> str:
        """What showed it."""
        if self.operation is not None:
            return f"the answer to {self.operation.op}"
        return "the final state" if self.at == INFINITE else f"a read at {self.sent:.3f}"


def explain(courses: Sequence[Course], sight: Sight, effects: Sequence[Effect], *, final: bool = True) -> list[Course]:
    """The courses that lead to what was seen, each with all effects that were due; none when nothing explains it.

    `final` False: of a read, whose state need not have been acknowledged: nothing is due by it. Raises UndecidedError.
    """
    found: dict[tuple[object, int], Course] = {}
    for course in courses:
        for each in _explain(course, sight, effects, final):
            found[each.carts.key, each.used] = each
        if len(found) > MOST_COURSES:
            raise UndecidedError(f"more than {MOST_COURSES} courses")
    return _undominated(list(found.values()), effects)


def _explain(course: Course, sight: Sight, effects: Sequence[Effect], final: bool) -> list[Course]:  # noqa: FBT001
    unused = [
        each for each in effects if not course.used & each.bit and each.sent < sight.at and not (final and each.refused)
    ]
    open_ = [each for each in unused if each.low < sight.version]
    # a merge that may have happened matters to what comes after it, even where nothing shows it yet
    merging = any(each.change == "merge" for each in open_)
    if not merging:
        # what happened to another cart can be told when that one is seen
        open_ = [each for each in open_ if course.carts.same(each.cart, sight.cart)]
    due = [each for each in unused if final and each.due <= sight.place]
    later = [each for each in open_ if each.must and each not in due]
    shown = course.carts.shown(sight.cart)
    if not due and not later and shown == sight.lines and not (merging and final):
        return [course]
    if len(due) == 1 and not later and not merging and due[0] in open_:
        simple = course.then(due)
        if simple.carts.shown(sight.cart) == sight.lines:
            return [simple]
    # what is due, but was sent after this very state had been acknowledged, must have changed nothing
    idle = [each for each in due if each not in open_]
    due = [each for each in due if each in open_]
    found = []
    for reached in _reach(course, sight, due, [*later, *idle], open_):
        done = reached.then(idle)
        if done.carts.key == reached.carts.key:
            found.append(done)
    return found


def _reach(
    course: Course, sight: Sight, due: Sequence[Effect], later: Sequence[Effect], open_: Sequence[Effect]
) -> list[Course]:
    """The courses from `course` to what was seen that use at least `due`."""
    shown = course.carts.shown(sight.cart)
    skus = {sku for sku in shown.keys() | sight.lines.keys() if shown.get(sku) != sight.lines.get(sku)}
    if not skus and not due and not later and not any(each.change == "merge" for each in open_):
        return [course]
    parts = _parts(skus, [*due, *later], open_)
    steps = [MOST_STEPS]
    ways = [_ways(course, sight, part, part_skus, set(due), steps) for part, part_skus in parts]
    found = []
    for chosen in product(*ways):
        reached = course.then(effect for way in chosen for effect in way)
        if reached.carts.shown(sight.cart) == sight.lines:
            found.append(reached)
        if len(found) > MOST_COURSES:
            raise UndecidedError(f"more than {MOST_COURSES} courses")
    return found


def _parts(
    skus: set[str], needed: Sequence[Effect], open_: Sequence[Effect]
) -> list[tuple[list[Effect], set[str] | None]]:
    """The effects that may matter, in parts that have no sku in common; skus None: all of them."""
    touched = [(effect, effect.touches()) for effect in open_]
    if any(effect.change == "merge" for effect in (*needed, *open_)):
        return [(list(open_), None)]
    wanted = [{sku} for sku in skus] + [set(effect.lines) for effect in needed]
    groups: list[set[str]] = []
    for group in wanted:
        groups = _joined(groups, group)
    grown = True
    while grown:
        grown = False
        for _, its in touched:
            if its and any(its & group for group in groups) and not any(its <= group for group in groups):
                groups = _joined(groups, its)
                grown = True
    return [([effect for effect, its in touched if its is not None and its & group], group) for group in groups]


def _joined(groups: list[set[str]], new: set[str]) -> list[set[str]]:
    apart = [group for group in groups if not group & new]
    together = set(new).union(*(group for group in groups if group & new))
    return [*apart, together]


def _ways(
    course: Course,
    sight: Sight,
    effects: Sequence[Effect],
    skus: set[str] | None,
    due: set[Effect],
    steps: list[int],
) -> list[tuple[Effect, ...]]:
    """The orders of some of `effects`, all that are due among them, after which `skus` are as they were seen.

    Of those that differ only in effects that need not have happened, the ones with the fewest of them: the others can
    happen later.
    """
    needed = sum(effect.bit for effect in effects if effect in due)
    target = sight.lines if skus is None else {sku: sight.lines[sku] for sku in skus if sku in sight.lines}
    telling = sum(effect.bit for effect in effects if effect.must or effect.change == "merge")
    found: dict[int, list[tuple[int, tuple[Effect, ...]]]] = {}
    seen: set[tuple[object, int]] = set()
    queue: deque[tuple[Carts, int, tuple[Effect, ...]]] = deque([(course.carts, 0, ())])
    while queue:
        carts, used, way = queue.popleft()
        if (carts.key, used) in seen:
            continue
        seen.add((carts.key, used))
        steps[0] -= 1
        if not steps[0]:
            raise UndecidedError(f"more than {MOST_STEPS} steps with {len(effects)} effects")
        shown = carts.shown(sight.cart)
        if skus is not None:
            shown = {sku: quantity for sku, quantity in shown.items() if sku in skus}
        if used & needed == needed and shown == target:
            alike = found.setdefault(used & telling, [])
            if not any(other != used and other & ~used == 0 for other, _ in alike):
                alike.append((used, way))
        tried = set()
        for effect in effects:
            if not used & effect.bit and effect.alike not in tried:
                tried.add(effect.alike)
                step = (carts.after(effect), used | effect.bit, (*way, effect))
                if effect.bit & telling:
                    queue.appendleft(step)
                else:
                    queue.append(step)
    return [way for alike in found.values() for _, way in alike]


def _undominated(courses: list[Course], effects: Sequence[Effect]) -> list[Course]:
    """Those courses that no other can stand in for: the same carts, with fewer of the effects that need not happen."""
    if len(courses) <= 1:
        return courses
    must = sum(effect.bit for effect in effects if effect.must)
    kept: list[Course] = []
    for course in sorted(courses, key=lambda each: each.used.bit_count()):
        if not any(
            other.carts.key == course.carts.key
            and other.used & ~course.used == 0
            and (course.used & ~other.used) & must == 0
            for other in kept
        ):
            kept.append(course)
    return kept

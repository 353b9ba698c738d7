"""Carts (promises a, b, c, g): is there a course of events that explains everything that was seen of them?"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from myclothes_ledger.checking import blame
from myclothes_ledger.checking.courses import Course, Sight, UndecidedError, explain
from myclothes_ledger.checking.effects import INFINITE, Carts, Effect
from myclothes_ledger.people import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from myclothes_ledger.checking.effects import Change
    from myclothes_ledger.checking.final import FinalState
    from myclothes_ledger.checking.orders import Takes
    from myclothes_ledger.checking.stories import Operation, Story
    from myclothes_ledger.checking.verdicts import Verdict, Violation
    from myclothes_ledger.history import Call, Lines

CART_WRITES: tuple[Literal["add"], Literal["set"], Literal["remove"]] = ("add", "set", "remove")
MOST_VIOLATIONS = 3
"""Of one shopper: what comes after may be a consequence."""


def check(
    story: Story,
    state: FinalState,
    takes: Sequence[Takes],
    floors: Mapping[tuple[str, int], int],
    verdict: Verdict,
) -> None:
    """Decide one shopper's carts. `takes`: each possibility of what orders took out of them; `floors`: the version
    that each call had to reach, by (op, attempt).
    """
    sights = _sights(story, state)
    found = blame.out_of_order(story) or blame.two_states(sights) + blame.went_back(sights)
    if found:
        verdict.violations.extend(found[:MOST_VIOLATIONS])
        return  # without an order of versions there is nothing to search along
    reads = _reads(story, sights, floors)
    searches = []
    for taken in takes:
        search = _Search(sights, _effects(story, sights, taken))
        search.run(reads)
        searches.append(search)
        if not search.violations and not search.undecided:
            return
    undecided = next((search for search in searches if not search.violations), None)
    if undecided is not None:
        verdict.undecided.append(f"shopper {story.person}: {undecided.undecided}{_told(story, state)}")
    else:
        verdict.violations.extend(searches[0].violations)


@dataclass(frozen=True, slots=True)
class _Read:
    sight: Sight
    stage: int
    floor: int


class _Search:
    def __init__(self, sights: Sequence[Sight], effects: Sequence[Effect]) -> None:
        self.violations: list[Violation] = []
        self.undecided = ""
        self._sights = sights
        self._effects = effects

    def run(self, reads: Sequence[_Read]) -> None:
        stages: list[list[Course]] = [[Course(Carts())]]
        for sight in self._sights:
            try:
                stages.append(self._next(stages[-1], sight))
            except UndecidedError as error:
                self.undecided = f"{sight.cart} in {sight.what}, {error}"
                return
            if len(self.violations) >= MOST_VIOLATIONS:
                return
        for read in reads:
            self._read(stages, read)

    def _next(self, courses: list[Course], sight: Sight) -> list[Course]:
        found = explain(courses, sight, self._effects)
        if found:
            return found
        self.violations.append(blame.explained(courses[0], sight, self._effects))
        # go on from what was seen, as if it had been right
        due = [each for each in self._effects if each.due <= sight.place and not courses[0].used & each.bit]
        course = courses[0].then(due)
        return [Course(course.carts.showing(sight.cart, sight.lines), course.used, course.order)]

    def _read(self, stages: Sequence[Sequence[Course]], read: _Read) -> None:
        """A read may show what was never acknowledged, and another browser's may be a deposed primary's: any state
        explains it that is not older than what this browser had seen.
        """
        try:
            for place in range(read.stage, -1, -1):
                if explain(stages[place], read.sight, self._effects, final=False):
                    return
                if place and self._sights[place - 1].version <= read.floor:
                    break
        except UndecidedError as error:
            self.undecided = f"{read.sight.cart} in {read.sight.what}, {error}"
            return
        if len(self.violations) < MOST_VIOLATIONS:
            self.violations.append(blame.explained(stages[read.stage][0], read.sight, self._effects))


def _told(story: Story, state: FinalState) -> str:
    """All that is known of somebody's carts: who reads it may find what no search did."""
    lines = [str(operation) for operation in story.operations.values()]
    lines += [
        f"{cart} in the end: {final}" for cart, final in state.carts.items() if cart.startswith(f"p{story.person}.")
    ]
    return "".join(f"\n      {line}" for line in lines)


def _sights(story: Story, state: FinalState) -> list[Sight]:
    """What was acknowledged of the carts, and what they were in the end, by version."""
    found = []
    for operation in story.of(*CART_WRITES):
        for call in operation.acknowledged:
            found += _sight(call, operation)
    for cart in sorted({event.cart for event in story.events} | {f"p{story.person}.{ACCOUNT}"}):
        final = state.carts.get(cart)
        if final is not None:
            found.append(Sight(cart, final.version, final.lines, INFINITE, INFINITE))
    found.sort(key=lambda sight: (sight.version, sight.at == INFINITE))
    return [replace(sight, place=place) for place, sight in enumerate(found)]


def _sight(call: Call, operation: Operation | None = None) -> list[Sight]:
    saw = call.saw
    if call.outcome != "ok" or saw is None or saw.version is None or saw.lines is None:
        return []
    return [Sight(call.cart, saw.version, saw.lines, call.sent, call.at, operation)]


def _reads(story: Story, sights: Sequence[Sight], floors: Mapping[tuple[str, int], int]) -> list[_Read]:
    """Each read of a cart with the place of the newest state that is not newer, and the version it had to reach."""
    versions = [sight.version for sight in sights]
    return [
        _Read(sight, bisect_right(versions, sight.version), floors.get((call.op, call.attempt), 0))
        for call in story.reads
        for sight in _sight(call)
    ]


def _effects(story: Story, sights: Sequence[Sight], takes: Takes) -> list[Effect]:
    """All that happened or may have happened to the carts."""
    account = f"p{story.person}.{ACCOUNT}"
    promised: dict[Operation, int] = {}
    final: dict[str, int] = {}
    for sight in reversed(sights):
        if sight.operation is not None:
            promised[sight.operation] = sight.place
        elif sight.at == INFINITE:
            final[sight.cart] = sight.place
    made = _Effects(sights)
    merged = {each.cart for each in story.of("login", "register") if each.outcome == "ok"}
    for operation in story.operations.values():
        must = operation.outcome == "ok"
        refused = operation.outcome == "refused"
        if operation.kind in CART_WRITES:
            lines = {operation.subject: operation.quantity}  # none of a line that is removed
            due = promised.get(operation, INFINITE)
            made.add(operation, operation.kind, lines, must=must, due=due, refused=refused)
        elif not refused and operation.kind in {"login", "register"} and operation.cart != account:
            # nothing shows the merge itself: it is there for whoever asks after the login was answered
            carts = {operation.cart, account}
            asked = (each.place for each in sights if each.sent >= operation.answered and each.cart in carts)
            due = min(asked, default=INFINITE) if must else INFINITE
            made.add(operation, "merge", {}, must=must, due=due, into=account)
    for operation, lines in takes:
        cart = account if operation.cart in merged else operation.cart
        due = final.get(operation.cart, final.get(cart, INFINITE))
        made.add(operation, "take", lines, must=True, due=due)
    return made.effects


class _Effects:
    def __init__(self, sights: Sequence[Sight]) -> None:
        self.effects: list[Effect] = []
        self._sights = sights

    def add(
        self,
        operation: Operation,
        change: Change,
        lines: Lines,
        *,
        must: bool,
        due: float,
        into: str = "",
        refused: bool = False,
    ) -> None:
        names, sent = (operation.cart, into), operation.sent
        low = max((each.version for each in self._sights if each.at < sent and each.cart in names), default=0)
        bit = 1 << len(self.effects)
        self.effects.append(Effect(operation, change, operation.cart, bit, sent, lines, into, low, must, due, refused))

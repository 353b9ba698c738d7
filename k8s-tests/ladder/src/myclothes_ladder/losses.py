"""Which carts were lost, and when: acknowledged lines in a history that a later answer does not show.

Only what cannot be explained counts. A line is promised by the answer to a write. An answer that was asked for later
and shows less of it is a loss, unless a `set` or `remove` of that article was under way meanwhile or has an unknown
outcome. The ledger's own checker decides more promises and stops at a shopper's third violation; here every loss has
its time.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from myclothes_ledger.history import Call, Lines, Record, Sent

NEVER = float("-inf")
REDUCING = frozenset({"set", "remove"})
SHOWING = frozenset({"cart", "add", "set", "remove"})


@dataclass(frozen=True, slots=True)
class Look:
    """A cart that had promised lines, from when it was last seen whole to an answer that showed it, whole or not."""

    cart: str
    since: float
    at: float
    lost: bool


def looks(records: Iterable[Record], final: Mapping[str, Lines]) -> list[Look]:
    """All looks at carts in a history; `final` is what each cart shows at the end."""
    carts: dict[str, _Cart] = {}
    found: list[Look] = []
    last = NEVER
    for record in records:
        last = max(last, record.at)
        if isinstance(record, Sent):
            carts.setdefault(record.cart, _Cart()).sent(record)
        elif isinstance(record, Call) and record.kind in SHOWING:
            found += carts.setdefault(record.cart, _Cart()).answered(record)
    for name, lines in final.items():
        if name in carts:
            found += carts[name].look(name, lines, asked=last, at=last)
    return found


def by_window(found: Iterable[Look], marks: Sequence[float]) -> list[tuple[int, int]]:
    """How many carts were there and how many of them were lost, in each window that begins at one of `marks`.

    A look vouches for all windows it reaches into. A loss belongs to the first mark after the cart was last seen whole,
    or to the window in which it was seen whole and lost.
    """
    there: list[set[str]] = [set() for _ in marks]
    lost: list[set[str]] = [set() for _ in marks]
    for look in found:
        first, last = (max(0, bisect_right(marks, at) - 1) for at in (look.since, look.at))
        if look.lost:
            last = min(first + 1, last)
            lost[last].add(look.cart)
        for place in range(first, last + 1):
            there[place].add(look.cart)
    return [(len(carts), len(gone)) for carts, gone in zip(there, lost, strict=True)]


@dataclass(slots=True)
class _Promise:
    quantity: int
    since: float


@dataclass(slots=True)
class _Cart:
    promises: dict[str, _Promise] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    """Articles by operation, of reductions that are under way or whose outcome nobody knows."""
    subjects: dict[str, str] = field(default_factory=dict)
    reduced: dict[str, float] = field(default_factory=dict)
    """When an article's last reduction was answered."""
    whole: float = NEVER
    version: int = 0
    """The newest that the answer to a write has shown."""

    def sent(self, record: Sent) -> None:
        if record.kind in REDUCING:
            self.open[record.op] = self.subjects[record.op] = record.subject

    def answered(self, call: Call) -> list[Look]:
        subject = self.subjects.get(call.op)
        # a refusal of a repeat says nothing about the attempt before it
        if subject is not None and (call.outcome == "ok" or (call.outcome == "refused" and call.attempt == 1)):
            self.open.pop(call.op, None)
        found: list[Look] = []
        if call.outcome == "ok" and call.saw is not None and call.saw.lines is not None:
            found = self.look(call.cart, call.saw.lines, asked=call.sent, at=call.at, own=subject)
            version = call.saw.version or 0
            # of two changes at once the answer to the earlier one may come last: it promises nothing any more
            if call.kind != "cart" and version >= self.version:
                self.version = version
                self._promised(call.saw.lines, call, own=subject)
        if subject is not None and call.outcome == "ok":
            self.reduced[subject] = call.at
        return found

    def look(self, name: str, lines: Lines, *, asked: float, at: float, own: str | None = None) -> list[Look]:
        """What an answer says about the promises that were older than its question."""
        due = {
            sku: promise.quantity
            for sku, promise in self.promises.items()
            if promise.since <= asked and sku != own and not self._unsure(sku, asked)
        }
        if not due:
            return []
        missing = [sku for sku, quantity in due.items() if lines.get(sku, 0) < quantity]
        look = Look(name, self.whole, at, lost=bool(missing))
        for sku in missing:
            self._set(sku, lines.get(sku, 0), at)
        self.whole = at
        return [look]

    def _promised(self, lines: Lines, call: Call, own: str | None) -> None:
        if not self.promises:
            self.whole = call.at
        for sku in self.promises.keys() | lines.keys():
            promise = self.promises.get(sku)
            if promise is not None and promise.since > call.sent:
                continue
            if self._unsure(sku, call.sent) and sku != own:
                self.promises.pop(sku, None)
            else:
                self._set(sku, 0 if sku in self.open.values() else lines.get(sku, 0), call.at)

    def _unsure(self, sku: str, asked: float) -> bool:
        return sku in self.open.values() or self.reduced.get(sku, NEVER) > asked

    def _set(self, sku: str, quantity: int, at: float) -> None:
        if quantity:
            self.promises[sku] = _Promise(quantity, at)
        else:
            self.promises.pop(sku, None)

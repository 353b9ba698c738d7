"""What an operation does to carts: the cart's rules of docs/architecture.md, as simply as they can be said.

A shopper has a few carts, a guest's for each browser and perhaps an account's; a guest's that was merged forwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from myclothes_ledger.checking.stories import Operation
    from myclothes_ledger.history import Lines

INFINITE = float("inf")
Change = Literal["add", "set", "remove", "take", "merge"]


@dataclass(slots=True, eq=False)
class Effect:
    """What one operation did, or may have done, to the cart named `cart`.

    `bit` is its own in a set of effects. It happened only if it was promised (`must`), and then by the observation with
    the place `due` (infinite: not by any); else it may have happened. It happened neither before it was `sent` nor
    before the state with version `low`, which had been acknowledged by then. One that was `refused` may have been seen
    by a read, when a primary had done it that was deposed then.
    """

    operation: Operation
    change: Change
    cart: str
    bit: int
    sent: float
    lines: Lines
    into: str = ""
    low: int = 0
    must: bool = False
    due: float = INFINITE
    refused: bool = False

    def touches(self) -> set[str] | None:
        """The skus that it may change; None for a merge, which may change any."""
        return None if self.change == "merge" else set(self.lines)

    @property
    def alike(self) -> tuple[object, ...]:
        """The same for effects that are interchangeable."""
        return self.change, self.cart, tuple(self.lines.items()), self.into, self.low, self.must, self.due, self.refused


class Carts:
    """A shopper's carts at one moment; a change makes new ones."""

    __slots__ = ("_forwards", "_lines")

    def __init__(self, lines: dict[str, Lines] | None = None, forwards: dict[str, str] | None = None) -> None:
        self._lines = lines or {}
        self._forwards = forwards or {}

    def shown(self, cart: str) -> Lines:
        """What the cart of this name shows; it may be another's that it was merged into."""
        return self._lines.get(self._forwards.get(cart, cart), {})

    def same(self, cart: str, other: str) -> bool:
        """Whether two names lead to one cart by now."""
        return self._forwards.get(cart, cart) == self._forwards.get(other, other)

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for equal carts."""
        carts = tuple(sorted((cart, tuple(sorted(lines.items()))) for cart, lines in self._lines.items() if lines))
        return carts, tuple(sorted(self._forwards))

    def after(self, effect: Effect) -> Carts:
        """The carts after an effect."""
        if effect.change == "merge":
            return self._merged(effect.cart, effect.into)
        return self.showing(effect.cart, changed(self.shown(effect.cart), effect))

    def showing(self, cart: str, lines: Lines) -> Carts:
        """The same with other lines in one cart."""
        return Carts(self._lines | {self._forwards.get(cart, cart): lines}, self._forwards)

    def _merged(self, guest: str, into: str) -> Carts:
        if guest in self._forwards or guest == into:
            return self
        lines = dict(self._lines.get(into, {}))
        for sku, quantity in self._lines.get(guest, {}).items():
            lines[sku] = lines.get(sku, 0) + quantity
        return Carts(self._lines | {guest: {}, into: lines}, self._forwards | {guest: into})


def changed(lines: Lines, effect: Effect) -> Lines:
    """A cart's lines after an effect that is no merge."""
    new = dict(lines)
    for sku, quantity in effect.lines.items():
        have = new.get(sku, 0)
        match effect.change:
            case "add":
                have += quantity
            case "take":
                have = max(0, have - quantity)
            case _:
                have = quantity
        if have:
            new[sku] = have
        else:
            new.pop(sku, None)
    return new

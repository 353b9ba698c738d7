"""The cart's rules for the rungs without a cart service: pure, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from myclothes_gateway.errors import CartLineLimit, CartQuantityLimit
from myclothes_gateway.models import Cart, Line
from myclothes_kit.problems import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable

OPERATION_BYTES = 6
MAX_QUANTITY = 65_535
"""Most of a sku after merges, which no limit binds; what a cookie has room for."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of adds, and how many operation ids a cart remembers."""

    lines: int = 100
    quantity: int = 99
    operations: int = 8


@dataclass(frozen=True, slots=True)
class KeptCart:
    """A cart with the operations that it has seen last, newest first."""

    version: int = 0
    lines: tuple[Line, ...] = ()
    operations: tuple[bytes, ...] = ()

    def knows(self, operation: str) -> bool:
        """Whether `operation` has been applied."""
        return digest(operation) in self.operations

    def after(self, operation: str, lines: Iterable[Line], now_ms: int, rules: Rules) -> KeptCart:
        """The cart once `operation` has made its lines `lines`."""
        seen = (digest(operation), *self.operations)[: rules.operations]
        return KeptCart(max(self.version + 1, now_ms), tuple(lines), seen)

    def shown(self, owner: str) -> Cart:
        """As the services see it."""
        return Cart(owner, self.version, list(self.lines))


def digest(operation: str) -> bytes:
    """What is kept of an operation id."""
    return sha256(operation.encode()).digest()[:OPERATION_BYTES]


def added(cart: KeptCart, sku: str, quantity: int, rules: Rules) -> list[Line]:
    """The lines with `quantity` more of `sku`; raises CartLineLimit or CartQuantityLimit."""
    present = next((line.quantity for line in cart.lines if line.sku == sku), 0)
    return with_quantity(cart, sku, present + quantity, rules)


def with_quantity(cart: KeptCart, sku: str, quantity: int, rules: Rules) -> list[Line]:
    """The lines with exactly `quantity` of `sku`, 0 removing it; raises as `added`, but never for lowering."""
    present = next((line.quantity for line in cart.lines if line.sku == sku), 0)
    if quantity > max(rules.quantity, present):
        message = f"at most {rules.quantity} of one article"
        raise CartQuantityLimit(f"A cart takes {message}.", errors=[FieldError("quantity", "too_large", message)])
    if not present and quantity and len(cart.lines) >= rules.lines:
        message = f"at most {rules.lines} different articles"
        raise CartLineLimit(f"A cart takes {message}.", errors=[FieldError("sku", "too_many", message)])
    if not present:
        return [*cart.lines, Line(sku, quantity)] if quantity else list(cart.lines)
    changed = (Line(sku, quantity) if line.sku == sku else line for line in cart.lines)
    return [line for line in changed if line.quantity]


def merged(cart: KeptCart, other: KeptCart) -> list[Line]:
    """The lines of both; quantities add up, and no limit of adds binds."""
    quantities = {line.sku: line.quantity for line in cart.lines}
    for line in other.lines:
        quantities[line.sku] = min(quantities.get(line.sku, 0) + line.quantity, MAX_QUANTITY)
    return [Line(sku, quantity) for sku, quantity in quantities.items()]


def taken(cart: KeptCart, lines: Iterable[Line]) -> list[Line]:
    """The lines less `lines`, of each min(asked, present)."""
    quantities = {line.sku: line.quantity for line in cart.lines}
    for line in lines:
        if line.sku in quantities:
            quantities[line.sku] = max(0, quantities[line.sku] - line.quantity)
    return [Line(sku, quantity) for sku, quantity in quantities.items() if quantity]

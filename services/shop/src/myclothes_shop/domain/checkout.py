"""What a checkout asks for and how it is decided: no order is made of anything but what the shop has and asks now."""

from __future__ import annotations

import re
import secrets
from datetime import datetime  # noqa: TC003 - msgspec reads it when it decodes
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from myclothes_kit.problems import FieldError
from myclothes_shop.domain.money import Money
from myclothes_shop.errors import CartEmpty, CurrenciesMixed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# a merged cart may hold more than adds may make; what an order may have, the cart must be able to take
MAX_LINES = 1_000
MAX_QUANTITY = 1_000_000
OWNER_PATTERN = "^(guest|account)-[0-9a-f]{32}$(?!\n)"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})
_GROUP = 4
NUMBER_PATTERN = "^MC-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$(?!\n)"
_NUMBER = re.compile(NUMBER_PATTERN)

Owner = Annotated[str, msgspec.Meta(pattern=OWNER_PATTERN)]
Email = Annotated[
    str, msgspec.Meta(max_length=254, pattern="^[^@\u0000-\u0020\u007f]+@[^@\u0000-\u0020\u007f]+$(?!\n)")
]
Sku = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9._-]{1,64}$(?!\n)")]
_LINE = "[^\u0000-\u001f\u007f]*"
_Line = Annotated[str, msgspec.Meta(max_length=200, pattern=f"^{_LINE}$(?!\n)")]
_Filled = Annotated[str, msgspec.Meta(max_length=200, pattern=f"^{_LINE}[^\u0000-\u0020\u007f]{_LINE}$(?!\n)")]
_Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$(?!\n)", description="ISO 3166-1 alpha-2")]


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an order goes; which of the optional fields it needs depends on the country (`addresses`)."""

    name: _Filled
    line1: _Filled
    country: _Country
    line2: _Line = ""
    city: _Line = ""
    region: _Line = ""
    postal_code: _Line = ""
    phone: _Line = ""


class WantedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line as the shopper saw it."""

    sku: Sku
    quantity: Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)]
    price: Money


class OrderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checkout of a cart at a version. A sku given twice counts as one line.

    No lines at all are for repeats only: the first order has emptied the cart meanwhile.
    """

    owner: Owner
    cart_version: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    email: Email
    address: Address
    lines: Annotated[list[WantedLine], msgspec.Meta(max_length=MAX_LINES)]


class Stocked(msgspec.Struct, frozen=True):
    """A variant as it is now, its stock locked."""

    sku: str
    title: str
    options: dict[str, str]
    price: Money
    available: int
    withdrawn: bool


class OrderLine(msgspec.Struct, frozen=True):
    """What was ordered, at the price that was paid."""

    sku: str
    quantity: int
    title: str
    options: dict[str, str]
    price: Money


class LineConflict(msgspec.Struct, frozen=True):
    """A line that cannot be ordered as asked: what is so now. A variant that is gone has no price."""

    sku: str
    code: Literal["price_changed", "not_enough_stock", "gone"]
    price: Money | None
    available: int
    quantity: int


class Payment(msgspec.Struct, frozen=True):
    method: Literal["on_delivery"]
    status: Literal["due", "cancelled"]


class Order(msgspec.Struct, frozen=True):
    """An order. E-mail and address are null once its owner's personal data has been erased."""

    number: str
    status: Literal["placed", "cancelled", "shipped"]
    created_at: datetime
    email: str | None
    address: Address | None
    lines: list[OrderLine]
    total: Money
    payment: Payment


class OrderPage(msgspec.Struct, frozen=True):
    items: list[Order]
    next: str | None


class OrderExport(msgspec.Struct, frozen=True):
    orders: list[Order]


def decide(wanted: Sequence[WantedLine], now: Mapping[str, Stocked]) -> tuple[list[OrderLine], list[LineConflict]]:
    """The lines to order, or the conflicts that forbid all of it; exactly one of the two is empty.

    Raises CartEmpty for no lines and CurrenciesMixed when what is asked for is sold in different currencies.
    """
    if not wanted:
        raise CartEmpty(
            "Put something into the cart first.", errors=[FieldError("lines", "missing", "give one or more")]
        )
    quantities: dict[str, int] = {}
    seen: dict[str, set[Money]] = {}
    for line in wanted:
        quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
        seen.setdefault(line.sku, set()).add(line.price)
    lines, conflicts = [], []
    for sku, quantity in quantities.items():
        stocked = now.get(sku)
        if stocked is None or stocked.withdrawn:
            conflicts.append(LineConflict(sku, "gone", None, 0, quantity))
        elif seen[sku] != {stocked.price}:
            conflicts.append(LineConflict(sku, "price_changed", stocked.price, stocked.available, quantity))
        elif stocked.available < quantity:
            conflicts.append(LineConflict(sku, "not_enough_stock", stocked.price, stocked.available, quantity))
        else:
            lines.append(OrderLine(sku, quantity, stocked.title, stocked.options, stocked.price))
    if conflicts:
        return [], conflicts
    if len({line.price.currency for line in lines}) > 1:
        raise CurrenciesMixed("The lines are sold in different currencies. Order them separately.")
    return lines, []


def total(lines: Sequence[OrderLine]) -> Money:
    """What the lines cost together; all are in one currency."""
    return Money(sum(line.price.amount * line.quantity for line in lines), lines[0].price.currency)


def new_number() -> str:
    """A random order number that people can read out, e.g. `MC-7K2P-04XD`; 40 bits."""
    symbols = "".join(secrets.choice(_ALPHABET) for _ in range(2 * _GROUP))
    return f"MC-{symbols[:_GROUP]}-{symbols[_GROUP:]}"


def read_number(text: str) -> str | None:
    """An order number as somebody typed it, in the form it was given out: `mc-7k2p-o4xd` is `MC-7K2P-04XD`.

    None for what cannot be one.
    """
    prefix, _, rest = text.upper().partition("-")
    number = f"{prefix}-{rest.translate(_READ_AS)}"
    return number if _NUMBER.match(number) else None

"""A cart, the changes that can be made to it, and what may be asked of them. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CART_ID = r"^(guest|account)-[0-9a-f]{32}$"
SKU = r"^[A-Za-z0-9._-]{1,64}$"
MAX_QUANTITY_SENT = 1_000_000
"""More in one payload is a mistake, whatever the limits are."""
MAX_LINES_TAKEN = 1_000
"""As many as an order may have: a take that is refused keeps its owner from ordering again."""


def whole(pattern: str) -> str:
    """`pattern` in Python's dialect, where a `$` also matches before a last line feed."""
    return pattern.removesuffix("$") + r"\Z"


_cart_id = re.compile(whole(CART_ID))
_sku = re.compile(whole(SKU))
_META = ":"


class Line(msgspec.Struct, frozen=True):
    """A quantity of a sku."""

    sku: str
    quantity: int


class Cart(msgspec.Struct, frozen=True):
    """A cart's state: lines in the order they were first added; version 0 has never been written."""

    id: str
    version: int
    lines: tuple[Line, ...] = ()

    @property
    def etag(self) -> str:
        """Names this state of this cart."""
        return f'"{self.id}.{self.version}"'


def is_cart_id(text: str) -> bool:
    """Whether `text` is a cart's id."""
    return _cart_id.match(text) is not None


def is_sku(text: str, max_length: int) -> bool:
    """Whether `text` is a sku of at most `max_length` characters."""
    return len(text) <= max_length and _sku.match(text) is not None


def is_guest(cart_id: str) -> bool:
    """Whether the cart belongs to a guest rather than an account."""
    return cart_id.startswith("guest-")


def cart_of(cart_id: str, fields: Mapping[str, str]) -> Cart:
    """The cart from its stored fields: a sku's value is `quantity:place`, others begin with a colon."""
    placed = []
    for name, value in fields.items():
        if not name.startswith(_META):
            quantity, _, place = value.partition(":")
            placed.append((int(place), Line(name, int(quantity))))
    placed.sort()
    return Cart(cart_id, int(fields.get(":v", 0)), tuple(line for _, line in placed))


@dataclass(frozen=True)
class Add:
    """Adds `quantity` of `sku`; the limits bind it."""

    sku: str
    quantity: int

    @property
    def fingerprint(self) -> str:
        """Tells this change from another one under the same operation id."""
        return _digest("add", self.sku, str(self.quantity))


@dataclass(frozen=True)
class Set:
    """Sets the quantity of `sku`, 0 removes it; the limits bind it where it raises."""

    sku: str
    quantity: int

    @property
    def fingerprint(self) -> str:
        """Tells this change from another one under the same operation id."""
        return _digest("set", self.sku, str(self.quantity))


@dataclass(frozen=True)
class Take:
    """Takes each line's quantity out, or as much as is there."""

    lines: tuple[Line, ...]

    @property
    def fingerprint(self) -> str:
        """Tells this change from another one under the same operation id."""
        return _digest("take", *_flat(self.lines))


@dataclass(frozen=True)
class Merge:
    """Brings the lines of cart `source` in and leaves it as a forward."""

    source: str

    @property
    def fingerprint(self) -> str:
        """Tells this change from another one under the same operation id."""
        return _digest("merge", self.source)


@dataclass(frozen=True)
class Erase:
    """Removes everything."""

    @property
    def fingerprint(self) -> str:
        """Tells this change from another one under the same operation id."""
        return _digest("erase")


Change = Add | Set | Take | Merge | Erase


def _flat(lines: Iterable[Line]) -> list[str]:
    return [part for line in lines for part in (line.sku, str(line.quantity))]


def _digest(*parts: str) -> str:
    # no part holds a space
    return blake2b(" ".join(parts).encode(), digest_size=8).hexdigest()

"""Where carts are kept: the ladder's three rungs behind one interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from myclothes_gateway.models import Cart, Line
    from myclothes_gateway.sessions import Session


class Carts(Protocol):
    """The cart of a session's owner. Every write carries an operation id and applies at most once.

    Raises CartLineLimit and CartQuantityLimit (adds only), and a 503 when a write cannot be promised.
    """

    async def read(self, session: Session) -> Cart:
        """The cart, no older than the session has seen it."""

    async def add(self, session: Session, sku: str, quantity: int, operation: str) -> Cart:
        """The cart with `quantity` more of `sku`."""

    async def set_quantity(self, session: Session, sku: str, quantity: int, operation: str) -> Cart:
        """The cart with `quantity` of `sku`; 0 removes the line."""

    async def remove(self, session: Session, sku: str, operation: str) -> Cart:
        """The cart without `sku`, also when there was none."""

    async def merge(self, session: Session, guest: str, into: str, operation: str) -> Cart:
        """The cart `into` with all lines of the cart `guest`, which forwards there from then on."""

    async def take(self, session: Session, lines: Sequence[Line], operation: str) -> Cart:
        """The cart less what was ordered: of each line min(ordered, present)."""

    async def erase(self, owner: str, operation: str) -> None:
        """Forget the cart of `owner` for good."""

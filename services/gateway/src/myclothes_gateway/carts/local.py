"""What the rungs `memory` and `cookie` share: the cart's writes, wherever the cart is kept."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from myclothes_gateway.carts import domain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from myclothes_gateway.carts.domain import KeptCart, Rules
    from myclothes_gateway.models import Cart, Line
    from myclothes_gateway.sessions import Session


class LocalCarts(ABC):
    """Carts that this process changes itself; see Carts for the calls."""

    def __init__(self, rules: Rules, *, clock: Callable[[], float] = time.time) -> None:
        self._rules = rules
        self._clock = clock

    @abstractmethod
    def _load(self, session: Session) -> KeptCart:
        """The session's cart; an empty one when there is none."""

    @abstractmethod
    def _keep(self, session: Session, cart: KeptCart) -> None:
        """Keep the session's cart."""

    async def read(self, session: Session) -> Cart:
        return self._load(session).shown(session.owner or "")

    async def add(self, session: Session, sku: str, quantity: int, operation: str) -> Cart:
        return self._write(session, operation, lambda cart: domain.added(cart, sku, quantity, self._rules))

    async def set_quantity(self, session: Session, sku: str, quantity: int, operation: str) -> Cart:
        return self._write(session, operation, lambda cart: domain.with_quantity(cart, sku, quantity, self._rules))

    async def remove(self, session: Session, sku: str, operation: str) -> Cart:
        return self._write(session, operation, lambda cart: domain.with_quantity(cart, sku, 0, self._rules))

    async def take(self, session: Session, lines: Sequence[Line], operation: str) -> Cart:
        return self._write(session, operation, lambda cart: domain.taken(cart, lines))

    def _write(self, session: Session, operation: str, change: Callable[[KeptCart], Iterable[Line]]) -> Cart:
        cart = self._load(session)
        if not cart.knows(operation):
            cart = cart.after(operation, change(cart), self._now_ms(), self._rules)
            self._keep(session, cart)
        return cart.shown(session.owner or "")

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

"""Carts in this process: gone with it, and unknown to every other replica."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from myclothes_gateway.carts import domain
from myclothes_gateway.carts.domain import KeptCart, Rules
from myclothes_gateway.carts.local import LocalCarts

if TYPE_CHECKING:
    from myclothes_gateway.models import Cart
    from myclothes_gateway.sessions import Session


class MemoryCarts(LocalCarts):
    """At most `capacity` carts; the one not used for longest goes first. See Carts for the calls."""

    def __init__(self, capacity: int, rules: Rules) -> None:
        super().__init__(rules)
        self._capacity = capacity
        self._carts: OrderedDict[str, KeptCart] = OrderedDict()
        self._forwards: OrderedDict[str, str] = OrderedDict()

    def _load(self, session: Session) -> KeptCart:
        return self._get(self._resolve(session.owner or ""))

    def _keep(self, session: Session, cart: KeptCart) -> None:
        self._put(self._resolve(session.owner or ""), cart)

    async def merge(self, session: Session, guest: str, into: str, operation: str) -> Cart:  # noqa: ARG002 - Carts
        cart = self._get(into)
        if not cart.knows(operation):
            lines = domain.merged(cart, self._carts.pop(guest, KeptCart()))
            cart = cart.after(operation, lines, self._now_ms(), self._rules)
            self._put(into, cart)
            self._forwards[guest] = into
            while len(self._forwards) > self._capacity:
                self._forwards.popitem(last=False)
        return cart.shown(into)

    async def erase(self, owner: str, operation: str) -> None:  # noqa: ARG002 - Carts
        self._carts.pop(owner, None)

    def _resolve(self, owner: str) -> str:
        return self._forwards.get(owner, owner)

    def _get(self, owner: str) -> KeptCart:
        cart = self._carts.get(owner)
        if cart is None:
            return KeptCart()
        self._carts.move_to_end(owner)
        return cart

    def _put(self, owner: str, cart: KeptCart) -> None:
        self._carts[owner] = cart
        self._carts.move_to_end(owner)
        while len(self._carts) > self._capacity:
            self._carts.popitem(last=False)

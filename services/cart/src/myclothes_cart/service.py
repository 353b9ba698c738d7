"""What is done with carts: forwards are followed, limits become failures, a session never sees an older state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from myclothes_cart import metrics
from myclothes_cart.domain import Cart, Change, Erase
from myclothes_cart.errors import CartLineLimit, CartQuantityLimit, ForwardChain, OperationReused, TooManyChanges
from myclothes_cart.store import CartStore, Forward, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from myclothes_cart.settings import CartSettings

MAX_FORWARDS = 4
"""A guest's cart forwards to an account's, so one is usual; a chain this long has been made on purpose."""
_log = structlog.get_logger()


class CartService:
    """Reads and changes carts by id."""

    def __init__(self, store: CartStore, settings: CartSettings) -> None:
        self._store = store
        self._max_lines = settings.max_lines
        self._max_quantity = settings.max_quantity

    async def read(self, cart_id: str, min_version: int) -> Cart:
        """The cart, or the one it was merged into.

        A state older than `min_version` is proved by a write before it is shown: then it is the truth. Raises
        ForwardChain, or Unavailable when there is no answer or no proof.
        """
        cart = await self._follow(cart_id, self._store.read)
        if cart.version >= min_version:
            return cart
        metrics.CONFIRMED_READS.inc()
        cart = await self._follow(cart_id, self._store.confirm)
        if cart.version < min_version:
            # either a state was seen that was never acknowledged, or an acknowledged one was lost
            metrics.OLDER_THAN_SEEN.inc()
            _log.error("cart_older_than_seen", cart=cart.id, version=cart.version, seen=min_version)
        return cart

    async def change(self, cart_id: str, change: Change, operation: str) -> Cart:
        """The cart after `change`, which is made once for each `operation`; a repeat gets the state as it is now.

        Raises CartLineLimit, CartQuantityLimit, OperationReused, TooManyChanges, ForwardChain or Unavailable.
        """

        async def once(at: str) -> Cart | Forward:
            outcome = await self._store.change(at, change, operation)
            if isinstance(outcome, Refused):
                raise self._failure(outcome)
            return outcome

        return await self._follow(cart_id, once)

    async def erase(self, cart_id: str, operation: str) -> None:
        """Erase the cart named; one that it forwards to stays."""
        outcome = await self._store.change(cart_id, Erase(), operation)
        if isinstance(outcome, Refused):
            raise self._failure(outcome)

    async def _follow(self, cart_id: str, call: Callable[[str], Awaitable[Cart | Forward]]) -> Cart:
        # a forward is for good, so following it in steps cannot go wrong
        for _ in range(MAX_FORWARDS + 1):
            outcome = await call(cart_id)
            if isinstance(outcome, Cart):
                return outcome
            cart_id = outcome.to
        raise ForwardChain

    def _failure(self, refused: Refused) -> Exception:
        match refused.reason:
            case "line_limit":
                return CartLineLimit(f"A cart takes {self._max_lines} different items.", limit=self._max_lines)
            case "quantity_limit":
                return CartQuantityLimit(
                    f"A cart takes {self._max_quantity} of an item; it holds {refused.quantity} of this one.",
                    limit=self._max_quantity,
                    quantity=refused.quantity,
                )
            case "reused":
                return OperationReused("Use a new operation id for another change.")
            case _:
                return TooManyChanges("Try again in a minute.")

"""The shopper's cart: lines from where carts are kept, titles and prices from the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_gateway.errors import SkuGone, SkuUnknown
from myclothes_gateway.models import Cart, CartLineView, CartVariant, CartView, Money
from myclothes_kit.problems import FieldError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from myclothes_gateway.carts import Carts
    from myclothes_gateway.catalogue import Variants
    from myclothes_gateway.sessions import Session
    from myclothes_gateway.sessions.logins import Logins

ADD_PATIENCE_SECONDS = 4.5
"""How long an add waits for the shop: rather late than refused."""
NOTHING = CartView(version=0, lines=[], total=None)


class Basket:
    """Reads and changes the cart of a session, and shows it priced."""

    def __init__(self, carts: Carts, variants: Variants, logins: Logins) -> None:
        self._carts = carts
        self._variants = variants
        self._logins = logins

    async def view(self, session: Session) -> CartView:
        """The cart; nothing is asked or written for a session that has none."""
        await self._logins.resolve(session)
        if session.owner is None:
            return NOTHING
        return await self._priced(session, await self._carts.read(session))

    async def add(self, session: Session, sku: str, quantity: int, operation: str) -> CartView:
        """The cart after an add. Raises SkuUnknown, SkuGone, CartLineLimit, CartQuantityLimit (422) or a 503."""
        found = await self._variants.find([sku], patience_seconds=ADD_PATIENCE_SECONDS)
        if sku not in found:
            raise Unavailable("The shop cannot tell right now whether this article is for sale.")
        variant = found[sku]
        if variant is None:
            raise SkuUnknown(errors=[FieldError("sku", "unknown", "there is no such article")])
        if variant.gone:
            raise SkuGone(errors=[FieldError("sku", "gone", "this article is no longer sold")])
        await self._logins.resolve(session)
        session.ensure()
        return await self._priced(session, await self._carts.add(session, sku, quantity, operation))

    async def set_quantity(self, session: Session, sku: str, quantity: int, operation: str) -> CartView:
        """The cart with `quantity` of a line; 0 removes it. Raises CartLineLimit, CartQuantityLimit or a 503."""
        await self._logins.resolve(session)
        if session.owner is None and quantity == 0:
            return NOTHING
        if session.owner is None:
            return await self.add(session, sku, quantity, operation)
        return await self._priced(session, await self._carts.set_quantity(session, sku, quantity, operation))

    async def remove(self, session: Session, sku: str, operation: str) -> CartView:
        """The cart without a line, also when there was none."""
        await self._logins.resolve(session)
        if session.owner is None:
            return NOTHING
        return await self._priced(session, await self._carts.remove(session, sku, operation))

    async def _priced(self, session: Session, cart: Cart) -> CartView:
        session.saw_cart(cart)
        if not cart.lines:
            return CartView(cart.version, [], None)
        return priced(cart, await self._variants.find([line.sku for line in cart.lines]))


def priced(cart: Cart, variants: Mapping[str, CartVariant | None]) -> CartView:
    """`cart` with what `variants` knows of its skus; a sku that the shop does not know counts as gone."""
    lines = [_line(line.sku, line.quantity, variants) for line in cart.lines]
    return CartView(cart.version, lines, _total(lines))


def _line(sku: str, quantity: int, variants: Mapping[str, CartVariant | None]) -> CartLineView:
    variant = variants.get(sku)
    if variant is None:
        return CartLineView(sku, quantity, gone=sku in variants)
    return CartLineView(
        sku,
        quantity,
        title=variant.title,
        price=variant.price,
        handle=variant.handle,
        picture=variant.picture,
        options=variant.options,
        available=variant.available,
        gone=variant.gone,
    )


def _total(lines: list[CartLineView]) -> Money | None:
    """The sum over lines that can be bought."""
    amount = 0
    currencies = set()
    for line in lines:
        if line.gone:
            continue
        if line.price is None:
            return None
        amount += line.quantity * line.price.amount
        currencies.add(line.price.currency)
    return Money(amount, currencies.pop()) if len(currencies) == 1 else None

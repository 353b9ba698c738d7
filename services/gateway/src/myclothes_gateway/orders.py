"""Orders: from the cart to an order, and what a shopper sees and does afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import structlog

from myclothes_gateway import metrics
from myclothes_gateway.basket import priced
from myclothes_gateway.catalogue import FRESH_SECONDS
from myclothes_gateway.errors import CartChanged, CartEmpty, CheckoutConflict, GuestClaimed, NothingHere
from myclothes_gateway.inputs import SeenLine
from myclothes_gateway.models import Account, Addresses, Line, Order, OrderPage
from myclothes_gateway.peers import with_query
from myclothes_kit.problems import FieldError, Problem, Unavailable, Unprocessable

if TYPE_CHECKING:
    from myclothes_gateway.carts import Carts
    from myclothes_gateway.catalogue import Variants
    from myclothes_gateway.inputs import OrderInput, OrdersQuery
    from myclothes_gateway.models import Cart, CartView
    from myclothes_gateway.peers import Peer
    from myclothes_gateway.sessions import Session
    from myclothes_gateway.sessions.logins import Logins

_log = structlog.get_logger()


class Orders:
    """The orders of a session's owner, guest or account."""

    def __init__(self, shop: Peer, users: Peer, carts: Carts, variants: Variants, logins: Logins) -> None:
        self._shop = shop
        self._users = users
        self._carts = carts
        self._variants = variants
        self._logins = logins

    async def place(self, session: Session, wish: OrderInput, operation: str) -> Order:
        """Order what is in the cart. A repeat of `operation` answers the first order.

        Raises CartEmpty (422), CartChanged, GuestClaimed, CheckoutConflict, CartAlreadyOrdered or PreviousOrderSettling
        (409), Unprocessable naming a field of the address, or a 503.
        """
        await self._logins.resolve(session)
        owner = session.owner
        if owner is None:
            raise CartEmpty("Put something into the cart first.")
        email, address = await self._destination(session, wish)
        cart = await self._carts.read(session)
        refusal: Problem | None = None
        try:
            lines = await self._lines(owner, cart, wish)
        except (CartEmpty, CartChanged, Unavailable) as problem:
            # of a repeat it is none: asked without lines, the shop answers the first order, or that there is none
            lines, refusal = [], problem
        body = {
            "owner": owner,
            "cart_version": cart.version,
            "email": email,
            "address": address,
            "lines": lines,
        }
        if session.account_id is None and not session.ordered:
            # before it is sent: whether an order was placed may never be known here
            session.ordered = session.changed = True
        try:
            order = await self._shop.tell(Order, "POST", "/v1/orders", operation, body=body, session=session)
        except Unprocessable as problem:
            raise refusal or problem from None
        except CheckoutConflict:
            # the cart that is looked at next shows the prices and the stock that the order failed by
            self._variants.forget(line.sku for line in lines)
            raise
        except GuestClaimed as problem:
            # the login came after the cart was read
            raise GuestClaimed(problem.detail, cart=await self._shown(await self._carts.read(session))) from None
        await self._take(session, cart, order)
        return order

    async def _destination(self, session: Session, wish: OrderInput) -> tuple[str, dict[str, Any]]:
        """E-mail and address, from the account or as a guest gave them."""
        if (wish.address is None) == (wish.address_id is None):
            raise Unprocessable(
                "Give either address_id or address.",
                errors=[FieldError("address", "missing", "give either address_id or address")],
            )
        email, address = wish.email, wish.address
        if email is None and session.account_id is not None:
            email = (await self._users.ask(Account, f"/v1/accounts/{session.account_id}", session)).email
        if email is None:
            raise Unprocessable("email: this field is required", errors=[FieldError("email", "missing", "required")])
        if address is not None:
            return email, _fields(address)
        account_id = await self._logins.account_id(session)
        known = await self._users.ask(Addresses, f"/v1/accounts/{account_id}/addresses", session)
        for item in known.items:
            if item.id == wish.address_id:
                return email, _fields(item)
        raise Unprocessable(
            "address_id: there is no such address",
            errors=[FieldError("address_id", "unknown", "there is no such address")],
        )

    async def _lines(self, owner: str, cart: Cart, wish: OrderInput) -> list[SeenLine]:
        """The cart's lines with the prices that the shopper saw, else those of now."""
        if not cart.lines:
            raise CartEmpty("Put something into the cart first.")
        if cart.id != owner:
            # a guest's request that was held up while the guest logged in: the cart that its own forwards to is the
            # account's, which would lose its lines to an order that it never sees
            raise GuestClaimed(
                "Nothing was ordered. The cart is the account's now: log in, look at it, and order again.",
                cart=await self._shown(cart),
            )
        if wish.lines is not None:
            wanted = sorted((line.sku, line.quantity) for line in wish.lines)
            if wanted != sorted((line.sku, line.quantity) for line in cart.lines):
                raise CartChanged("Please look at the cart again.", cart=await self._shown(cart))
            return wish.lines
        variants = await self._variants.find([line.sku for line in cart.lines], age_seconds=FRESH_SECONDS)
        lines = []
        for line in cart.lines:
            variant = variants.get(line.sku)
            if variant is None:
                if line.sku in variants:
                    raise CartChanged(
                        f"{line.sku} is no longer sold; take it out of the cart.", cart=priced(cart, variants)
                    )
                raise Unavailable("The shop cannot tell today's prices right now.")
            lines.append(SeenLine(line.sku, line.quantity, variant.price))
        return lines

    async def _shown(self, cart: Cart) -> CartView:
        """The cart as a refusal shows it."""
        return priced(cart, await self._variants.find([line.sku for line in cart.lines], age_seconds=FRESH_SECONDS))

    async def _take(self, session: Session, cart: Cart, order: Order) -> None:
        """Take what was ordered out of the cart; if that fails here, the shop's outbox does it."""
        try:
            lines = [Line(line.sku, line.quantity) for line in order.lines]
            left = await self._carts.take(session, lines, f"order:{order.number}")
        except Problem as problem:
            metrics.TAKES_LEFT.inc()
            _log.warning("take_left_to_outbox", order=order.number, code=problem.code)
            session.saw_cart(cart)
        else:
            session.saw_cart(left)

    async def list(self, session: Session, query: OrdersQuery) -> OrderPage:
        """A page of the owner's orders, newest first."""
        await self._logins.resolve(session)
        if session.owner is None:
            return OrderPage([])
        path = with_query("/v1/orders", [("owner", session.owner), ("cursor", query.cursor), ("limit", query.limit)])
        return await self._shop.ask(OrderPage, path, session)

    async def get(self, session: Session, number: str) -> Order:
        """An order; NothingHere (404) also for another's."""
        return await self._shop.ask(Order, await self._path(session, number), session)

    async def cancel(self, session: Session, number: str, operation: str) -> Order:
        """The order, cancelled, its stock given back once. OrderShipped (409)."""
        path = await self._path(session, number, "/cancel")
        return await self._shop.tell(Order, "POST", path, operation, session=session)

    async def _path(self, session: Session, number: str, rest: str = "") -> str:
        await self._logins.resolve(session)
        if session.owner is None:
            raise NothingHere("There is no such order.")
        return with_query(f"/v1/orders/{quote(number, safe='')}{rest}", [("owner", session.owner)])


def _fields(address: Any) -> dict[str, Any]:
    """An address as an order keeps it."""
    names = ("name", "line1", "line2", "city", "region", "postal_code", "country", "phone")
    return {name: getattr(address, name) for name in names}

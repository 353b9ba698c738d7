"""Orders: placed in one transaction with the stock they take, cancelled once, claimed, erased and exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from myclothes_kit import bodies
from myclothes_kit.postgres import Answer, Stored, fingerprint, once
from myclothes_kit.problems import Problem
from myclothes_shop.domain import addresses, checkout, cursors
from myclothes_shop.domain.checkout import Order, OrderExport, OrderPage, OrderRequest, Owner
from myclothes_shop.errors import (
    CartAlreadyOrdered,
    CheckoutConflict,
    GuestClaimed,
    OrderNotFound,
    OrderShipped,
    OwnerErased,
    PreviousOrderSettling,
)
from myclothes_shop.metrics import ORDERS
from myclothes_shop.store import orders as store
from myclothes_shop.store import stock
from myclothes_shop.store.tables import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_kit.postgres import Database, Position
    from myclothes_shop.service.payments import Payments


class _Whose(msgspec.Struct, frozen=True):
    """As much of a checkout as a repeat of one must be right in."""

    owner: Owner


class Orders:
    """The shop's orders. `placed` is called after each new one, so that the cart is told at once."""

    def __init__(self, database: Database, payments: Payments, placed: Callable[[], None]) -> None:
        self._database = database
        self._payments = payments
        self._placed = placed

    async def place(self, operation: str, raw: bytes) -> Answer[Order]:
        """Place the order that `raw`, an OrderRequest in JSON, asks for.

        A repeat of `operation` by the same owner answers its order before anything else in it is looked at: the cart,
        prices and stock have changed meanwhile, by this very order. Raises Unprocessable, OwnerErased, GuestClaimed,
        CartAlreadyOrdered, PreviousOrderSettling or CheckoutConflict, and then nothing was taken; or what
        Database.write raises.
        """
        owner = bodies.decode(raw, _Whose).owner

        async def place(connection: AsyncConnection) -> Order:
            return await self._place(connection, bodies.decode(raw, OrderRequest))

        try:
            answer = await self._once(operation, _print("place", owner), owner, place)
        except Problem as problem:
            ORDERS.labels(problem.code).inc()
            raise
        order, repeated = answer.value
        ORDERS.labels("repeated" if repeated else "placed").inc()
        self._placed()
        return Answer(order, answer.position)

    async def _place(self, connection: AsyncConnection, request: OrderRequest) -> Order:
        addresses.check(request.address)
        await store.lock_owner(connection, request.owner)
        hindered = await store.hindrances(connection, request, _erasure(request.owner), _claim(request.owner))
        if hindered.erased:
            raise OwnerErased
        if hindered.claimed:
            raise GuestClaimed
        if hindered.ordered is not None:
            raise CartAlreadyOrdered(hindered.ordered)
        if hindered.settling:
            raise PreviousOrderSettling
        now = await stock.lock_and_read(connection, (line.sku for line in request.lines))
        lines, conflicts = checkout.decide(request.lines, now)
        if conflicts:
            raise CheckoutConflict(conflicts)
        total = checkout.total(lines)
        return await store.add(connection, request, lines, total, self._payments.begin(total))

    async def cancel(self, operation: str, number: str, owner: str) -> Answer[Order]:
        """Cancel an order that has not been shipped, and give its stock back, once.

        Raises OrderNotFound, also for another's, or OrderShipped.
        """
        number = _number(number)

        async def cancel(connection: AsyncConnection) -> Order:
            status = await store.lock_status(connection, number, owner)
            if status is None:
                raise OrderNotFound
            if status == "shipped":
                raise OrderShipped(f"Order {number} has been shipped and cannot be cancelled any more.")
            order = await _existing(connection, number)
            return await self._cancel(connection, order) if status == "placed" else order

        answer = await self._once(operation, _print("cancel", owner, number), owner, cancel)
        return Answer(answer.value[0], answer.position)

    async def _cancel(self, connection: AsyncConnection, order: Order) -> Order:
        quantities = {line.sku: line.quantity for line in order.lines}
        await stock.lock(connection, quantities)
        await stock.give_back(connection, order.number, quantities)
        payment = self._payments.cancel(order.payment)
        await store.set_status(connection, order.number, "cancelled", payment)
        return msgspec.structs.replace(order, status="cancelled", payment=payment)

    async def _once(
        self,
        operation: str,
        request: bytes,
        owner: str,
        make: Callable[[AsyncConnection], Awaitable[Order]],
    ) -> Answer[tuple[Order, bool]]:
        """The order that `make` makes under this operation id, or for a repeat (True) that order as it is now."""

        async def work(connection: AsyncConnection) -> tuple[Order, bool]:
            made: list[Order] = []

            async def first() -> Stored:
                made.append(await make(connection))
                return Stored(200, made[0].number.encode())

            stored = await once(connection, OPERATIONS, operation, request, first, subject=owner)
            return made[0] if made else await _existing(connection, stored.body.decode()), stored.repeated

        return await self._database.write(work)

    async def ship(self, number: str) -> Order:
        """Note that an order has left the house; harmless when it has already. Raises OrderNotFound or Conflict."""
        number = _number(number)

        async def work(connection: AsyncConnection) -> Order:
            status = await store.lock_status(connection, number)
            if status == "placed":
                await store.set_status(connection, number, "shipped")
            return await _existing(connection, number)

        return (await self._database.write(work)).value

    async def claim(self, operation: str, owner: str, guest: str) -> Answer[None]:
        """Make a guest's orders the account's; raises OwnerErased. The guest may not order from then on.

        A checkout that is still on its way would be an order that the account never sees: the operation is remembered
        as this guest's claim, for longer than any request lasts.
        """

        async def change(connection: AsyncConnection) -> None:
            await store.claim(connection, owner, guest)
            if await store.is_known(connection, _erasure(owner)):
                raise OwnerErased

        return await self._change(operation, _print("claim", owner, guest), _claim(guest), change)

    async def erase(self, operation: str, owner: str) -> Answer[None]:
        """Take everything personal out of the orders of `owner`, who gets none from then on.

        What is still on its way would bring the person back: the operation is remembered as this owner's erasure, for
        longer than any request lasts.
        """
        return await self._change(operation, _print("erase", owner), _erasure(owner), lambda c: store.erase(c, owner))

    async def _change(
        self,
        operation: str,
        request: bytes,
        subject: str,
        change: Callable[[AsyncConnection], Awaitable[None]],
    ) -> Answer[None]:
        async def work(connection: AsyncConnection) -> None:
            async def first() -> Stored:
                await change(connection)
                return Stored(204)

            await once(connection, OPERATIONS, operation, request, first, subject=subject)

        return await self._database.write(work)

    async def get(self, number: str, owner: str, at_least: Position | None) -> Answer[Order]:
        """An order; raises OrderNotFound, also for another's."""
        number = _number(number)

        async def work(connection: AsyncConnection) -> Order:
            return await _existing(connection, number, owner)

        return await self._database.read(work, at_least)

    async def page(self, owner: str, cursor: str, limit: int, at_least: Position | None) -> Answer[OrderPage]:
        """A page of the owner's orders, the newest first; raises CursorInvalid."""
        of = cursors.list_id("orders", owner)
        after = cursors.decode(of, cursor)

        async def work(connection: AsyncConnection) -> OrderPage:
            found = await store.page(connection, owner, after, limit + 1)
            more = len(found) > limit
            found = found[:limit]
            return OrderPage([order for order, _ in found], cursors.encode(of, found[-1][1]) if more else None)

        return await self._database.read(work, at_least)

    async def export(self, owner: str, at_least: Position | None) -> Answer[OrderExport]:
        """Everything held here about `owner`."""

        async def work(connection: AsyncConnection) -> OrderExport:
            return OrderExport([order for order, _ in await store.page(connection, owner, None, None)])

        return await self._database.read(work, at_least)


def _number(text: str) -> str:
    number = checkout.read_number(text)
    if number is None:
        raise OrderNotFound
    return number


async def _existing(connection: AsyncConnection, number: str, owner: str | None = None) -> Order:
    order = await store.get(connection, number, owner)
    if order is None:
        raise OrderNotFound
    return order


def _erasure(owner: str) -> str:
    """The subject of an erasure's operation, which must not name the erased."""
    return f"erasure:{_print('erase', owner).hex()}"


def _claim(guest: str) -> str:
    """The subject of a claim's operation, which outlives the account's erasure and must name neither of them."""
    return f"claim:{_print('claim', guest).hex()}"


def _print(*parts: str) -> bytes:
    return fingerprint("shop", *parts)

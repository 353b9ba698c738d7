"""Orders and their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from myclothes_kit.postgres import any_of
from myclothes_shop.domain.checkout import Address, Order, OrderLine, Payment, new_number
from myclothes_shop.domain.cursors import Position
from myclothes_shop.domain.money import Money
from myclothes_shop.store.tables import OPERATIONS, ORDER_LINES, ORDERS, OUTBOX

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_shop.domain.checkout import OrderRequest

Status = Literal["placed", "cancelled", "shipped"]
_NUMBER_TRIES = 5
_LOCKS = 1  # apart from other advisory locks


class Hindrances(msgspec.Struct, frozen=True):
    """What can stand in the way of an order."""

    erased: bool
    """Its owner was erased."""
    claimed: bool
    """Its owner, a guest, has become an account."""
    settling: bool
    """An order of this owner still waits for the cart to give up what was ordered."""
    ordered: str | None
    """The number of the order that was made of this cart at this version."""


async def lock_owner(connection: AsyncConnection, owner: str) -> None:
    """Let one order of `owner` be decided at a time."""
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(owner, _LOCKS))))


async def hindrances(connection: AsyncConnection, request: OrderRequest, erasure: str, claim: str) -> Hindrances:
    """What stands in the way of an order.

    `erasure` and `claim` are the subjects under which either would be remembered. To be called with the owner locked,
    as erasures, claims and orders do; a statement of its own, since its snapshot is newer than the waiting for that.

    An order claimed from a guest settles here too: the guest's lines may have been merged into the cart before they
    are taken. A parked one does not, or its owner could never order again.
    """
    waiting = (
        sa.select(OUTBOX.c.id)
        .join(ORDERS, ORDERS.c.number == OUTBOX.c.order_number)
        .where(OUTBOX.c.parked_at.is_(None), sa.or_(OUTBOX.c.cart_id == request.owner, ORDERS.c.owner == request.owner))
    )
    ordered = sa.select(ORDERS.c.number).where(
        ORDERS.c.cart_id == request.owner, ORDERS.c.cart_version == request.cart_version
    )
    row = (
        await connection.execute(
            sa.select(
                _remembers(erasure).label("erased"),
                _remembers(claim).label("claimed"),
                sa.exists(waiting).label("settling"),
                ordered.scalar_subquery().label("ordered"),
            )
        )
    ).one()
    return Hindrances(row.erased, row.claimed, row.settling, row.ordered)


async def add(
    connection: AsyncConnection, request: OrderRequest, lines: list[OrderLine], total: Money, payment: Payment
) -> Order:
    """Write a new order, its lines and its row in the outbox."""
    values = {
        "owner": request.owner,
        "cart_id": request.owner,
        "cart_version": request.cart_version,
        "email": request.email,
        "address": msgspec.structs.asdict(request.address),
        "total": total.amount,
        "currency": total.currency,
        "payment_method": payment.method,
        "payment_status": payment.status,
    }
    number, created_at = await _insert(connection, values)
    await connection.execute(
        sa.insert(ORDER_LINES),
        [
            {
                "order_number": number,
                "position": position,
                "sku": line.sku,
                "quantity": line.quantity,
                "title": line.title,
                "options": line.options,
                "price": line.price.amount,
            }
            for position, line in enumerate(lines)
        ],
    )
    await connection.execute(sa.insert(OUTBOX).inline().values(order_number=number, cart_id=request.owner))
    return Order(
        number=number,
        status="placed",
        created_at=created_at,
        email=request.email,
        address=request.address,
        lines=lines,
        total=total,
        payment=payment,
    )


async def _insert(connection: AsyncConnection, values: dict[str, Any]) -> tuple[str, datetime]:
    """Numbers are random, so that nobody learns how much is sold: a taken one is drawn again."""
    for _ in range(_NUMBER_TRIES):
        statement = insert(ORDERS).values(number=new_number(), **values)
        statement = statement.on_conflict_do_nothing(index_elements=[ORDERS.c.number])
        returning = statement.returning(ORDERS.c.number, ORDERS.c.created_at)
        row = (await connection.execute(returning)).one_or_none()
        if row is not None:
            return row.number, row.created_at
    raise RuntimeError("no free order number found")


async def get(connection: AsyncConnection, number: str, owner: str | None = None) -> Order | None:
    """An order; None also when it is not `owner`'s (None: anybody's)."""
    statement = sa.select(ORDERS).where(ORDERS.c.number == number)
    if owner is not None:
        statement = statement.where(ORDERS.c.owner == owner)
    found = await _read(connection, statement)
    return found[0][0] if found else None


async def page(
    connection: AsyncConnection, owner: str, after: Position | None, limit: int | None
) -> list[tuple[Order, Position]]:
    """The owner's orders, the newest first, each with its position."""
    statement = sa.select(ORDERS).where(ORDERS.c.owner == owner).order_by(ORDERS.c.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(ORDERS.c.id < after.id)
    return await _read(connection, statement)


async def lock_status(connection: AsyncConnection, number: str, owner: str | None = None) -> Status | None:
    """The status of an order (of `owner`, if given), locked until the transaction ends."""
    statement = sa.select(ORDERS.c.status).where(ORDERS.c.number == number)
    if owner is not None:
        statement = statement.where(ORDERS.c.owner == owner)
    status = await connection.scalar(statement.with_for_update())
    return next((known for known in get_args(Status) if known == status), None)


async def set_status(connection: AsyncConnection, number: str, status: Status, payment: Payment | None = None) -> None:
    """Set the status of an order, and its payment's."""
    values = {"status": status} | ({"payment_status": payment.status} if payment else {})
    await connection.execute(sa.update(ORDERS).where(ORDERS.c.number == number).values(values))


async def claim(connection: AsyncConnection, owner: str, guest: str) -> None:
    """Make a guest's orders the account's, and what is remembered about them."""
    for one in sorted((owner, guest)):
        await lock_owner(connection, one)
    await connection.execute(sa.update(ORDERS).where(ORDERS.c.owner == guest).values(owner=owner))
    # so that an erasure of the account finds it
    await connection.execute(sa.update(OPERATIONS).where(OPERATIONS.c.subject == guest).values(subject=owner))


async def erase(connection: AsyncConnection, owner: str) -> None:
    """Keep the orders of `owner` without anything that says whose they are."""
    await lock_owner(connection, owner)
    await connection.execute(
        sa.update(ORDERS)
        .where(ORDERS.c.owner == owner)
        .values(owner=None, email=None, address=sa.null(), cart_id=sa.func.concat("erased-", ORDERS.c.number))
    )
    await connection.execute(sa.update(OPERATIONS).where(OPERATIONS.c.subject == owner).values(subject=None))


async def is_known(connection: AsyncConnection, subject: str) -> bool:
    """Whether an operation of this subject is remembered."""
    return bool(await connection.scalar(sa.select(_remembers(subject))))


def _remembers(subject: str) -> sa.Exists:
    return sa.exists().where(OPERATIONS.c.subject == subject)


async def _read(connection: AsyncConnection, statement: sa.Select[Any]) -> list[tuple[Order, Position]]:
    rows = (await connection.execute(statement)).all()
    lines: dict[str, list[OrderLine]] = {row.number: [] for row in rows}
    currencies = {row.number: row.currency for row in rows}
    for line in await connection.execute(
        sa.select(ORDER_LINES)
        .where(any_of(ORDER_LINES.c.order_number, lines))
        .order_by(ORDER_LINES.c.order_number, ORDER_LINES.c.position)
    ):
        price = Money(line.price, currencies[line.order_number])
        lines[line.order_number].append(OrderLine(line.sku, line.quantity, line.title, line.options, price))
    return [(_order(row, lines[row.number]), Position(row.id, row.id)) for row in rows]


def _order(row: sa.Row[Any], lines: list[OrderLine]) -> Order:
    return Order(
        number=row.number,
        status=row.status,
        created_at=row.created_at,
        email=row.email,
        address=None if row.address is None else msgspec.convert(row.address, Address),
        lines=lines,
        total=Money(row.total, row.currency),
        payment=Payment(row.payment_method, row.payment_status),
    )

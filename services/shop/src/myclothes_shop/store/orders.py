"""Orders and their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from myclothes_kit.postgres import any_of
from myclothes_shop.domain.checkout import Address, Order, OrderLine, Payment, new_number
from myclothes_shop.domain.cursors import Position
from myclothes_shop.domain.money import Money
from myclothes_shop.store.tables import OPERATIONS, ORDER_LINES, ORDERS, OUTBOX

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_shop.domain.checkout import OrderRequest

Status = Literal["placed", "cancelled", "shipped"]
_NUMBER_TRIES = 5
_LOCKS = 1  # apart from other advisory locks

# one statement, since the stock is locked meanwhile and others wait for it
_ADD = sa.text("""
WITH placed AS (
    INSERT INTO orders (number, owner, cart_id, cart_version, email, address,
                        total, currency, payment_method, payment_status)
    VALUES (:number, :owner, :owner, :cart_version, :email, :address,
            :total, :currency, :payment_method, :payment_status)
    ON CONFLICT (number) DO NOTHING
    RETURNING number, created_at
), lines AS (
    SELECT number, position - 1 AS position, sku, quantity, title, options, price
    FROM placed, unnest(:skus, :quantities, :titles, :options, :prices)
        WITH ORDINALITY AS line (sku, quantity, title, options, price, position)
), written AS (
    INSERT INTO order_lines (order_number, position, sku, quantity, title, options, price)
    SELECT number, position, sku, quantity, title, options::json, price FROM lines
), sold AS (
    INSERT INTO stock_movements (order_number, sku, kind, quantity)
    SELECT number, sku, 'sold', -quantity FROM lines ORDER BY sku
), waiting AS (
    INSERT INTO outbox (order_number, cart_id) SELECT number, :owner FROM placed
)
SELECT number, created_at FROM placed
""").bindparams(
    sa.bindparam("owner", type_=sa.Text),
    sa.bindparam("cart_version", type_=sa.BigInteger),
    sa.bindparam("address", type_=JSONB),
    sa.bindparam("total", type_=sa.BigInteger),
    sa.bindparam("skus", type_=ARRAY(sa.Text)),
    sa.bindparam("quantities", type_=ARRAY(sa.Integer)),
    sa.bindparam("titles", type_=ARRAY(sa.Text)),
    sa.bindparam("options", type_=ARRAY(sa.Text)),
    sa.bindparam("prices", type_=ARRAY(sa.BigInteger)),
)


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
    """Write a new order, its lines, its row in the outbox and what it takes out of the stock, whose rows are locked.

    Numbers are random, so that nobody learns how much is sold: a taken one is drawn again.
    """
    values = {
        "owner": request.owner,
        "cart_version": request.cart_version,
        "email": request.email,
        "address": msgspec.structs.asdict(request.address),
        "total": total.amount,
        "currency": total.currency,
        "payment_method": payment.method,
        "payment_status": payment.status,
        "skus": [line.sku for line in lines],
        "quantities": [line.quantity for line in lines],
        "titles": [line.title for line in lines],
        "options": [msgspec.json.encode(line.options).decode() for line in lines],
        "prices": [line.price.amount for line in lines],
    }
    for _ in range(_NUMBER_TRIES):
        added = (await connection.execute(_ADD, values | {"number": new_number()})).one_or_none()
        if added is not None:
            break
    else:
        raise RuntimeError("no free order number found")
    return Order(
        number=added.number,
        status="placed",
        created_at=added.created_at,
        email=request.email,
        address=request.address,
        lines=lines,
        total=total,
        payment=payment,
    )


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

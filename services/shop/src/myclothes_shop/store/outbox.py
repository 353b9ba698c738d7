"""The outbox: which orders the cart has not confirmed yet, and whose turn it is to tell it.

A row is leased, not locked: it stays with the replica that took it until `not_before`, across its transactions, and
falls to another one when that replica dies. Telling the cart twice is harmless, telling it never is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from myclothes_kit.postgres import any_of
from myclothes_shop.store.tables import ORDER_LINES, OUTBOX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection

BATCH = 20
BACKOFF_MAX_SECONDS = 60.0

# the oldest row of each cart only: a cart hears of its orders in their order
_TAKE = sa.text("""
UPDATE outbox SET attempts = attempts + 1,
    not_before = now() + make_interval(secs =>
        greatest(:lease, least(:most, power(2, least(attempts, 10)) / 2) * (0.8 + 0.4 * random())))
WHERE id IN (
    SELECT id FROM outbox AS mine
    WHERE parked_at IS NULL AND not_before <= now() AND NOT EXISTS (
        SELECT FROM outbox AS older
        WHERE older.cart_id = mine.cart_id AND older.id < mine.id AND older.parked_at IS NULL)
    ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED)
RETURNING order_number, cart_id
""")
_PARK = sa.text("""
UPDATE outbox SET parked_at = now()
WHERE parked_at IS NULL AND created_at < now() - make_interval(secs => :seconds)
RETURNING order_number
""")
_STATE = sa.text("""
SELECT count(*) FILTER (WHERE parked_at IS NULL) AS waiting,
       coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE parked_at IS NULL)), 0)::float8 AS age,
       count(*) FILTER (WHERE parked_at IS NOT NULL) AS parked
FROM outbox
""")


class Ordered(msgspec.Struct, frozen=True):
    """What a cart has to give up: (sku, quantity) of each line of an order."""

    number: str
    cart_id: str
    lines: list[tuple[str, int]]


class State(msgspec.Struct, frozen=True):
    """How many rows wait, the age of the oldest in seconds, and how many are parked."""

    waiting: int
    age: float
    parked: int


async def take(connection: AsyncConnection, lease_seconds: float) -> list[Ordered]:
    """Lease up to BATCH rows that are due, one a cart at most; the longer a row has failed, the rarer it is due."""
    leased = await connection.execute(_TAKE, {"lease": lease_seconds, "most": BACKOFF_MAX_SECONDS, "batch": BATCH})
    carts = {row.order_number: row.cart_id for row in leased}
    if not carts:
        return []
    lines: dict[str, list[tuple[str, int]]] = {number: [] for number in sorted(carts)}
    for row in await connection.execute(
        sa.select(ORDER_LINES.c.order_number, ORDER_LINES.c.sku, ORDER_LINES.c.quantity)
        .where(any_of(ORDER_LINES.c.order_number, carts))
        .order_by(ORDER_LINES.c.order_number, ORDER_LINES.c.position)
    ):
        lines[row.order_number].append((row.sku, row.quantity))
    return [Ordered(number, carts[number], lines[number]) for number in lines]


async def confirm(connection: AsyncConnection, numbers: Iterable[str]) -> None:
    """Forget the rows that the cart has acknowledged."""
    await connection.execute(sa.delete(OUTBOX).where(any_of(OUTBOX.c.order_number, numbers)))


async def park(connection: AsyncConnection, after_seconds: float) -> list[str]:
    """Give up rows older than this; returns their orders' numbers."""
    return list((await connection.execute(_PARK, {"seconds": after_seconds})).scalars())


async def state(connection: AsyncConnection) -> State:
    """What the outbox holds."""
    row = (await connection.execute(_STATE)).one()
    return State(row.waiting, row.age, row.parked)

"""Stock: locked in the order of skus, changed by movements only (a trigger keeps the sum), never below zero.

What an order takes is written with the order itself (`orders.add`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from myclothes_kit.postgres import any_of
from myclothes_shop.domain.checkout import Stocked
from myclothes_shop.domain.money import Money
from myclothes_shop.store.tables import PRODUCTS, STOCK, STOCK_MOVEMENTS, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection


async def lock(connection: AsyncConnection, skus: Iterable[str]) -> dict[str, int]:
    """Lock the stock of `skus` until the transaction ends: units available by sku, without the unknown ones.

    All who lock stock do it in the same order, so that two checkouts wait for each other but never both at once.
    """
    held = await connection.execute(
        sa.select(STOCK.c.sku, STOCK.c.available)
        .where(any_of(STOCK.c.sku, set(skus)))
        .order_by(STOCK.c.sku)
        .with_for_update()
    )
    return {row.sku: row.available for row in held}


async def lock_and_read(connection: AsyncConnection, skus: Iterable[str]) -> dict[str, Stocked]:
    """Lock the stock of `skus` as `lock` does, and read what is so now; unknown skus are left out."""
    available = await lock(connection, skus)
    # a second statement, since its snapshot is newer than the waiting for the locks
    rows = await connection.execute(
        sa.select(
            VARIANTS.c.sku,
            VARIANTS.c.options,
            VARIANTS.c.price,
            VARIANTS.c.currency,
            PRODUCTS.c.title,
            sa.or_(VARIANTS.c.withdrawn_at.is_not(None), PRODUCTS.c.withdrawn_at.is_not(None)).label("withdrawn"),
        )
        .join(PRODUCTS, PRODUCTS.c.id == VARIANTS.c.product_id)
        .where(any_of(VARIANTS.c.sku, available))
    )
    return {
        row.sku: Stocked(
            sku=row.sku,
            title=row.title,
            options=row.options,
            price=Money(row.price, row.currency),
            available=available[row.sku],
            withdrawn=row.withdrawn,
        )
        for row in rows
    }


async def give_back(connection: AsyncConnection, number: str, quantities: Mapping[str, int]) -> None:
    """Put the `quantities` (units by sku) of the order `number` back into the stock.

    Their rows are locked already. The database refuses to give back a sku of an order a second time.
    """
    await connection.execute(
        sa.insert(STOCK_MOVEMENTS).inline(),
        [
            {"sku": sku, "kind": "returned", "quantity": quantity, "order_number": number}
            for sku, quantity in sorted(quantities.items())
        ],
    )


# what was received, less what was sold for good, is what is left: a row here is a broken promise
OFF_BALANCE = sa.text("""
SELECT sku, stock.available, coalesce(sum(quantity), 0) AS expected
FROM stock LEFT JOIN stock_movements USING (sku)
GROUP BY sku HAVING stock.available <> coalesce(sum(quantity), 0)
UNION ALL
SELECT order_lines.sku, order_lines.quantity, coalesce(sum(-stock_movements.quantity), 0)
FROM order_lines JOIN orders ON number = order_lines.order_number
LEFT JOIN stock_movements ON stock_movements.order_number = number AND stock_movements.sku = order_lines.sku
GROUP BY number, order_lines.sku, order_lines.quantity, status
HAVING coalesce(sum(-stock_movements.quantity), 0) <> CASE status WHEN 'cancelled' THEN 0 ELSE order_lines.quantity END
""")


async def off_balance(connection: AsyncConnection) -> list[tuple[str, int, int]]:
    """The skus whose books do not add up: (sku, units found, units expected). Always empty."""
    return [(row[0], row[1], row[2]) for row in await connection.execute(OFF_BALANCE)]

"""Writes listings of a feed into the catalogue, a batch a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from myclothes_shop.domain import catalogue, words
from myclothes_shop.importer.listings import PICTURE_HEIGHT, PICTURE_WIDTH, RowError
from myclothes_shop.store import sql_listings as sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_shop.importer.listings import ListedVariant, Listing


class Changes(msgspec.Struct):
    """What a batch, or a whole import, did."""

    products_new: int = 0
    products_known: int = 0
    variants_new: int = 0
    variants_known: int = 0
    units_received: int = 0
    stocks_set: int = 0
    withdrawn: int = 0
    errors: list[RowError] = []

    def add(self, other: Changes) -> None:
        """Count another batch in; its errors are left to the caller."""
        for name in self.__struct_fields__:
            if name != "errors":
                setattr(self, name, getattr(self, name) + getattr(other, name))


async def new_import(connection: AsyncConnection) -> int:
    """The id of a new import; what an import has seen carries it."""
    return int(await connection.scalar(sa.text("SELECT nextval('imports')")) or 0)


async def put(connection: AsyncConnection, batch: Sequence[Listing], import_id: int, *, set_stock: bool) -> Changes:
    """Insert or update `batch`, in which no handle and no sku occurs twice.

    New variants get their stock as a received movement; the stock of known ones changes only with `set_stock`.
    Parts of a product that does not exist, and skus of other products, become errors.
    """
    # one import at a time: two would lock products in different orders
    await connection.execute(sql.LOCK)
    await _put_vocabulary(connection, batch)
    changes = Changes()
    ids = await _put_products(connection, batch, import_id, changes)
    await _put_variants(connection, batch, ids, import_id, changes, set_stock=set_stock)
    await connection.execute(sql.REFRESH, {"ids": list(ids.values())})
    return changes


async def withdraw_others(connection: AsyncConnection, import_id: int) -> int:
    """Withdraw every variant that the import `import_id` and later ones have not seen; returns how many."""
    await connection.execute(sql.LOCK)
    products = (await connection.execute(sql.WITHDRAW_OTHERS, {"import": import_id})).scalars().all()
    await connection.execute(sql.REFRESH, {"ids": list(set(products))})
    return len(products)


async def _put_vocabulary(connection: AsyncConnection, batch: Sequence[Listing]) -> None:
    categories = {words.slug(listing.category): listing.category for listing in batch}
    await connection.execute(
        sql.CATEGORIES, {"slugs": sorted(categories), "titles": [categories[slug] for slug in sorted(categories)]}
    )
    known = {word for listing in batch for text in _texts(listing) for word in words.words(text)}
    await connection.execute(sql.WORDS, {"words": sorted(known)})


async def _put_products(
    connection: AsyncConnection, batch: Sequence[Listing], import_id: int, changes: Changes
) -> dict[str, int]:
    """The ids of the products by handle."""
    whole = [_product(listing) for listing in batch if listing.title is not None]
    parts = [_product(listing) for listing in batch if listing.title is None]
    ids: dict[str, int] = {}
    for row in await connection.execute(sql.PRODUCTS, {"rows": _rows(whole), "import": import_id}):
        ids[row.handle] = row.id
        changes.products_new += row.new
        changes.products_known += not row.new
    for row in await connection.execute(sql.PARTS, {"rows": _rows(parts), "import": import_id}):
        ids[row.handle] = row.id
    changes.errors += [
        RowError(listing.line, "Title", f"it is blank, and there is no product {listing.handle!r} yet")
        for listing in batch
        if listing.handle not in ids
    ]
    return ids


async def _put_variants(
    connection: AsyncConnection,
    batch: Sequence[Listing],
    ids: dict[str, int],
    import_id: int,
    changes: Changes,
    *,
    set_stock: bool,
) -> None:
    wanted = {
        variant.sku: (ids[listing.handle], variant)
        for listing in batch
        if listing.handle in ids
        for variant in listing.variants
    }
    known = await connection.execute(sql.OWNERS, {"skus": list(wanted)})
    for row in known:
        product_id, variant = wanted[row.sku]
        if row.product_id != product_id:
            changes.errors.append(RowError(variant.line, variant.column, f"sku {row.sku} belongs to {row.handle!r}"))
            del wanted[row.sku]
    rows = _rows([_variant(product_id, variant) for product_id, variant in wanted.values()])
    new = []
    for row in await connection.execute(sql.VARIANTS, {"rows": rows, "import": import_id}):
        changes.variants_new += row.new
        changes.variants_known += not row.new
        if row.new:
            new.append(row.sku)
    await connection.execute(sql.SUPERSEDED, {"rows": rows, "import": import_id})
    await connection.execute(sql.NEW_STOCK, {"skus": new})
    received = [{"sku": sku, "quantity": wanted[sku][1].stock} for sku in sorted(new) if wanted[sku][1].stock]
    await connection.execute(sql.MOVE, {"kind": "received", "rows": _rows(received)})
    changes.units_received += sum(wanted[sku][1].stock for sku in new)
    if set_stock:
        stocks = [{"sku": sku, "quantity": wanted[sku][1].stock} for sku in sorted(wanted.keys() - new)]
        changes.stocks_set += (await connection.execute(sql.SET_STOCK, {"rows": _rows(stocks)})).rowcount


def _rows(rows: list[dict[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()


def _product(listing: Listing) -> dict[str, Any]:
    title, names, rest = (" ".join(words.words(text)) for text in _texts(listing))
    return {
        "handle": listing.handle,
        "title": listing.title,
        "description_html": listing.description_html,
        "vendor": listing.vendor,
        "category": words.slug(listing.category),
        "published": listing.published,
        "pictures": [
            {"src": one.src, "alt": one.alt or listing.title or "", "width": PICTURE_WIDTH, "height": PICTURE_HEIGHT}
            for one in listing.pictures
        ],
        "words_a": title,
        "words_b": names,
        "words_d": rest,
    }


def _texts(listing: Listing) -> tuple[str, str, str]:
    """What a product is found by: its title; category, brand, tags and options; its description."""
    values = {value for variant in listing.variants for value in variant.options.values()}
    names = [listing.category, listing.vendor, *listing.tags, *sorted(values)]
    return listing.title or "", " ".join(names), words.without_tags(listing.description_html)


def _variant(product_id: int, variant: ListedVariant) -> dict[str, Any]:
    folded = {words.fold(name): value for name, value in variant.options.items()}
    return {
        "product_id": product_id,
        "sku": variant.sku,
        "position": variant.line,
        "options": variant.options,
        "size": next((value for name, value in folded.items() if catalogue.is_size(name)), None),
        "colour": next((value for name, value in folded.items() if catalogue.is_colour(name)), None),
        "price": variant.price.amount,
        "currency": variant.price.currency,
        "compare_at": variant.compare_at,
    }

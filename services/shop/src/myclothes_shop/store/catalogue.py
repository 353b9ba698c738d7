"""Reads the catalogue: lists, products, facets and the variants of a cart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from myclothes_kit.postgres import any_of
from myclothes_shop.domain.catalogue import (
    CartVariant,
    Category,
    CategoryCount,
    Facets,
    Picture,
    Product,
    ProductOption,
    Summary,
    Variant,
    showing,
    size_order,
)
from myclothes_shop.domain.cursors import Position
from myclothes_shop.domain.money import MAX_AMOUNT, Money
from myclothes_shop.store.search import CONFIGURATION, text_query
from myclothes_shop.store.tables import CATEGORIES, PRODUCTS, STOCK, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_shop.domain.catalogue import Search

# ranks become integers, so that a cursor holds them exactly
_RANK_UNITS = 1_000_000
# a match in the title counts most, then category, options and brand, then the description; by length of the document
_WEIGHTS = "{0.05, 0.2, 0.5, 1.0}"
_BY_LENGTH = 1


async def find(
    connection: AsyncConnection, search: Search, after: Position | None, limit: int
) -> list[tuple[Summary, Position]]:
    """Up to `limit` products of a search after a position, each with its own."""
    query = await text_query(connection, search.q)
    if query is None and search.q.strip():
        return []
    key, descending = _order(search.sort, query)
    statement = sa.select(PRODUCTS, key.label("key")).where(*_shown(query, search.category), *_filters(search))
    if after is not None:
        place = sa.tuple_(key, PRODUCTS.c.id)
        last = sa.tuple_(sa.literal(after.key, sa.BigInteger), sa.literal(after.id, sa.BigInteger))
        statement = statement.where(place < last if descending else place > last)
    columns = (key.desc(), PRODUCTS.c.id.desc()) if descending else (key.asc(), PRODUCTS.c.id.asc())
    # the page first, what is looked up for each of its products after it: Postgres would do that for all of them
    page = statement.order_by(*columns).limit(limit).subquery("page")
    columns = (page.c.key.desc(), page.c.id.desc()) if descending else (page.c.key.asc(), page.c.id.asc())
    in_stock = (
        sa.select(STOCK.c.sku)
        .join(VARIANTS, VARIANTS.c.sku == STOCK.c.sku)
        .where(VARIANTS.c.product_id == page.c.id, VARIANTS.c.withdrawn_at.is_(None), STOCK.c.available > 0)
        .correlate(page)
    )
    rows = await connection.execute(
        sa.select(page, CATEGORIES.c.title.label("category_title"), sa.exists(in_stock).label("available"))
        .join(CATEGORIES, CATEGORIES.c.slug == page.c.category)
        .order_by(*columns)
    )
    return [(_summary(row), Position(row.key, row.id)) for row in rows]


async def product(connection: AsyncConnection, handle: str) -> Product | None:
    """A product that is sold, with the variants that are."""
    row = (
        await connection.execute(
            sa.select(PRODUCTS, CATEGORIES.c.title.label("category_title"))
            .join(CATEGORIES, CATEGORIES.c.slug == PRODUCTS.c.category)
            .where(PRODUCTS.c.handle == handle, *_shown(None, ""))
        )
    ).one_or_none()
    if row is None:
        return None
    variants = [
        _variant(found)
        for found in await connection.execute(
            sa.select(VARIANTS, STOCK.c.available)
            .join(STOCK, STOCK.c.sku == VARIANTS.c.sku)
            .where(VARIANTS.c.product_id == row.id, VARIANTS.c.withdrawn_at.is_(None))
            .order_by(VARIANTS.c.position)
        )
    ]
    return Product(
        handle=row.handle,
        title=row.title,
        description_html=row.description_html,
        vendor=row.vendor,
        category=Category(row.category, row.category_title),
        pictures=[Picture(**one) for one in row.pictures],
        options=_options(variants),
        variants=variants,
    )


async def facets(connection: AsyncConnection, text: str, category: str) -> Facets:
    """What the products of a text and a category can be narrowed by."""
    query = await text_query(connection, text)
    if query is None and text.strip():
        return Facets([], [], [], None, None)
    counts = await connection.execute(
        sa.select(CATEGORIES.c.slug, CATEGORIES.c.title, sa.func.count())
        .join(PRODUCTS, PRODUCTS.c.category == CATEGORIES.c.slug)
        .where(*_shown(query, ""))
        .group_by(CATEGORIES.c.slug, CATEGORIES.c.title)
        .order_by(CATEGORIES.c.title, CATEGORIES.c.slug)
    )
    variants = (
        sa.select(VARIANTS.c.size, VARIANTS.c.colour, VARIANTS.c.price)
        .join(PRODUCTS, PRODUCTS.c.id == VARIANTS.c.product_id)
        .where(VARIANTS.c.withdrawn_at.is_(None), *_shown(query, category))
        .subquery()
    )
    row = (
        await connection.execute(
            sa.select(
                sa.func.array_agg(variants.c.size.distinct()),
                sa.func.array_agg(variants.c.colour.distinct()),
                sa.func.min(variants.c.price),
                sa.func.max(variants.c.price),
            )
        )
    ).one()
    return Facets(
        categories=[CategoryCount(*count) for count in counts],
        sizes=sorted((size for size in row[0] or () if size), key=size_order),
        colours=sorted((colour for colour in row[1] or () if colour), key=str.casefold),
        min_price=row[2],
        max_price=row[3],
    )


async def variants_of(connection: AsyncConnection, skus: Sequence[str]) -> list[CartVariant]:
    """The variants of these skus in their order, withdrawn ones too."""
    rows = await connection.execute(
        sa.select(
            VARIANTS,
            STOCK.c.available,
            PRODUCTS.c.handle,
            PRODUCTS.c.title,
            PRODUCTS.c.pictures,
            sa.or_(VARIANTS.c.withdrawn_at.is_not(None), PRODUCTS.c.withdrawn_at.is_not(None)).label("gone"),
        )
        .join(STOCK, STOCK.c.sku == VARIANTS.c.sku)
        .join(PRODUCTS, PRODUCTS.c.id == VARIANTS.c.product_id)
        .where(any_of(VARIANTS.c.sku, skus))
    )
    found = {row.sku: _cart_variant(row) for row in rows}
    return [found[sku] for sku in dict.fromkeys(skus) if sku in found]


def _order(sort: str, query: str | None) -> tuple[sa.ColumnElement[int], bool]:
    """The integer that a list is sorted by, and whether the largest comes first."""
    if sort in ("price", "-price"):
        return PRODUCTS.c.price_from, sort == "-price"
    if sort == "relevance" and query is not None:
        rank = sa.func.ts_rank(sa.text(f"'{_WEIGHTS}'"), PRODUCTS.c.search, _tsquery(query), _BY_LENGTH)
        return sa.cast(rank * _RANK_UNITS, sa.BigInteger), True
    return PRODUCTS.c.id, True  # ids grow with time


def _tsquery(query: str) -> sa.ColumnElement[Any]:
    return sa.func.to_tsquery(sa.text(f"'{CONFIGURATION}'"), query)


def _shown(query: str | None, category: str) -> list[sa.ColumnElement[bool]]:
    """A product is shown when neither it nor all of its variants have been withdrawn."""
    shown: list[sa.ColumnElement[bool]] = [PRODUCTS.c.withdrawn_at.is_(None), PRODUCTS.c.price_from.is_not(None)]
    if query is not None:
        shown.append(PRODUCTS.c.search.op("@@")(_tsquery(query)))
    if category:
        shown.append(PRODUCTS.c.category == category)
    return shown


def _filters(search: Search) -> list[sa.ColumnElement[bool]]:
    """One variant must meet them all: a shirt that is navy in S and white in M is no navy shirt in M."""
    wanted: list[sa.ColumnElement[bool]] = []
    if sizes := [size for size in search.size if size]:
        wanted.append(any_of(VARIANTS.c.size, sizes))
    if colours := [colour for colour in search.colour if colour]:
        wanted.append(any_of(VARIANTS.c.colour, colours))
    if search.min_price > 0:
        wanted.append(VARIANTS.c.price >= search.min_price)
    if search.max_price < MAX_AMOUNT:
        wanted.append(VARIANTS.c.price <= search.max_price)
    if not wanted:
        return []
    of_product = sa.select(VARIANTS.c.sku).where(
        VARIANTS.c.product_id == PRODUCTS.c.id, VARIANTS.c.withdrawn_at.is_(None), *wanted
    )
    return [sa.exists(of_product.correlate(PRODUCTS))]


def _summary(row: sa.Row[Any]) -> Summary:
    return Summary(
        handle=row.handle,
        title=row.title,
        vendor=row.vendor,
        category=Category(row.category, row.category_title),
        picture=Picture(**row.pictures[0]) if row.pictures else None,
        price_from=Money(row.price_from, row.currency),
        price_to=Money(row.price_to, row.currency),
        colours=row.colours,
        available=row.available,
    )


def _variant(row: sa.Row[Any]) -> Variant:
    return Variant(row.sku, row.options, Money(row.price, row.currency), _compare_at(row), row.available)


def _cart_variant(row: sa.Row[Any]) -> CartVariant:
    return CartVariant(
        sku=row.sku,
        options=row.options,
        price=Money(row.price, row.currency),
        compare_at=_compare_at(row),
        available=row.available,
        handle=row.handle,
        title=row.title,
        picture=showing([Picture(**one) for one in row.pictures], row.options),
        gone=row.gone,
    )


def _compare_at(row: sa.Row[Any]) -> Money | None:
    return None if row.compare_at is None else Money(row.compare_at, row.currency)


def _options(variants: Sequence[Variant]) -> list[ProductOption]:
    """The options of the variants and their values, in the order in which they first occur."""
    values: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, value in variant.options.items():
            values.setdefault(name, {})[value] = None
    return [ProductOption(name, list(found)) for name, found in values.items()]

"""What there is to buy: the articles that a run's shoppers use, and their stock as the public API shows it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from myclothes_ledger.history import Stock
from myclothes_ledger.requests import API

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from myclothes_ledger.client import Client

Shape = TypeVar("Shape")
ARTICLES = 60
"""How many skus a run buys at most, those with the most units left."""
PRODUCTS = 30
TRIES = 10
RETRY_SECONDS = 1.0
FRESH_SECONDS = 4.0
"""The shop's cache keeps an answer for less than this before asking for it renews it."""
_OK = 200


class CatalogueError(Exception):
    """The shop's catalogue could not be read, or has nothing to buy."""


class _Category(Struct):
    slug: str


class _Summary(Struct):
    handle: str
    title: str
    category: _Category | None = None


class _Page(Struct):
    items: list[_Summary]


class _Variant(Struct):
    sku: str
    available: int


class _Product(Struct):
    variants: list[_Variant]


class _CartLine(Struct):
    sku: str
    handle: str | None = None


class _CartView(Struct):
    lines: list[_CartLine]


_page = msgspec.json.Decoder(_Page).decode
_product = msgspec.json.Decoder(_Product).decode


async def explore(client: Client) -> Stock:
    """The articles with the most stock of the first products, their stock as it is now."""
    summaries = (await _get(client, f"{API}/products?limit={PRODUCTS}", _page)).items
    handles: dict[str, str] = {}
    left: dict[str, int] = {}
    for summary in summaries:
        found = await stock(client, [summary.handle])
        left |= found
        handles |= dict.fromkeys(found, summary.handle)
    best = sorted((sku for sku in left if left[sku] > 0), key=lambda sku: (-left[sku], sku))[:ARTICLES]
    if not best:
        raise CatalogueError("the shop has nothing to sell: import a catalogue first")
    left = await _stock_now(client, sorted({handles[sku] for sku in best}))
    return Stock(
        time.monotonic(),
        time.time(),
        {sku: left[sku] for sku in best},
        {sku: handles[sku] for sku in best},
        tuple(sorted({each.category.slug for each in summaries if each.category})),
        tuple(sorted({each.title.split()[-1] for each in summaries})),
    )


async def only(client: Client, sku: str) -> Stock:
    """One marked article, found by putting it into a cart of nobody's."""
    answer = await client.send(client.next_url(), "POST", f"{API}/cart/lines", body={"sku": sku, "quantity": 1})
    lines = msgspec.json.decode(answer.body, type=_CartView).lines if answer.status == _OK else []
    handle = next((line.handle for line in lines if line.sku == sku), None)
    if handle is None:
        raise CatalogueError(f"the shop does not sell {sku}: give --test-sku one that it does (status {answer.status})")
    whole = await explore(client)
    left = (await _stock_now(client, [handle]))[sku]
    return Stock(time.monotonic(), time.time(), {sku: left}, {sku: handle}, whole.categories, whole.words)


async def stock(client: Client, handles: Iterable[str]) -> dict[str, int]:
    """Units left of each variant of these products; as old as the shop's cache may be."""
    left: dict[str, int] = {}
    for handle in handles:
        found = await _get(client, f"{API}/products/{quote(handle, safe='')}", _product)
        left |= {variant.sku: variant.available for variant in found.variants}
    return left


async def _stock_now(client: Client, handles: list[str]) -> dict[str, int]:
    """As `stock`, but not older than this call: else what was sold before would count as sold by this run.

    Asking renews an old answer of the cache, so that what is read after two pauses longer than an answer stays fresh
    was loaded after the first reading.
    """
    for _ in range(2):
        await stock(client, handles)
        await asyncio.sleep(FRESH_SECONDS)
    return await stock(client, handles)


async def _get(client: Client, path: str, decode: Callable[[bytes], Shape]) -> Shape:
    for attempt in range(TRIES):
        if attempt:
            await asyncio.sleep(RETRY_SECONDS)
        answer = await client.send(client.next_url(), "GET", path)
        if answer.status == _OK:
            try:
                return decode(answer.body)
            except msgspec.DecodeError as error:
                raise CatalogueError(
                    f"GET {path} is not answered as the shop would: {error}; is it another's?"
                ) from error
    raise CatalogueError(f"GET {client.urls[0]}{path} failed {TRIES} times: {answer.reason or answer.status}")

"""Browsing: from the cache if it has the answer, else from a replica, one query for all who ask the same at once.

An answer that is due to be renewed is shown while one query renews it: only what the cache does not have is waited for.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from myclothes_kit.problems import Problem
from myclothes_shop.domain import cursors
from myclothes_shop.domain.catalogue import CartVariants, ProductPage
from myclothes_shop.domain.words import is_handle
from myclothes_shop.errors import ProductNotFound
from myclothes_shop.store import catalogue as store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_kit.postgres import Database
    from myclothes_shop.domain.catalogue import FacetSearch, Search
    from myclothes_shop.store.cache import Cache

# part of each key: to be raised whenever an answer's shape changes, since both releases share the cache meanwhile
_SHAPE = 1
_DIGEST_BYTES = 16
_log = structlog.get_logger()


class Rendered(msgspec.Struct, frozen=True):
    """An encoded answer and its ETag, quotes included."""

    etag: str
    body: bytes


class Catalogue:
    """The catalogue as encoded answers."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache
        self._loads: dict[str, asyncio.Task[bytes]] = {}

    async def page(self, search: Search) -> Rendered:
        """A page of products; raises CursorInvalid."""
        of = cursors.list_id("products", msgspec.structs.replace(search, cursor="", limit=1))
        after = cursors.decode(of, search.cursor)

        async def load(connection: AsyncConnection) -> ProductPage:
            found = await store.find(connection, search, after, search.limit + 1)
            more = len(found) > search.limit
            found = found[: search.limit]
            return ProductPage([one for one, _ in found], cursors.encode(of, found[-1][1]) if more else None)

        return await self._cached("products", search, load)

    async def product(self, handle: str) -> Rendered:
        """A product; raises ProductNotFound."""
        if not is_handle(handle):
            raise ProductNotFound

        async def load(connection: AsyncConnection) -> object:
            found = await store.product(connection, handle)
            if found is None:
                raise ProductNotFound(f"There is no product {handle!r}, or it is sold no more.")
            return found

        return await self._cached("product", handle, load)

    async def facets(self, search: FacetSearch) -> Rendered:
        """What a search can be narrowed by."""
        return await self._cached(
            "facets", search, lambda connection: store.facets(connection, search.q, search.category)
        )

    async def variants(self, skus: Sequence[str]) -> Rendered:
        """The variants of a cart. Not cached here: hardly two carts ask the same."""
        answer = await self._database.read(lambda connection: store.variants_of(connection, skus))
        return _rendered(msgspec.json.encode(CartVariants(answer.value)))

    async def close(self) -> None:
        """Give up the loads under way."""
        loads = list(self._loads.values())
        for load in loads:
            load.cancel()
        await asyncio.gather(*loads, return_exceptions=True)

    async def _cached(self, kind: str, asked: object, load: Callable[[AsyncConnection], Awaitable[object]]) -> Rendered:
        key = f"shop:{_SHAPE}:{kind}:{_digest(msgspec.json.encode(asked))}"
        kept = await self._cache.get(key)
        if kept is not None and kept.fresh:
            return _rendered(kept.value)
        loading = self._load_once(key, load)
        # shielded: the first caller may leave while others wait
        return _rendered(await asyncio.shield(loading) if kept is None else kept.value)

    def _load_once(self, key: str, load: Callable[[AsyncConnection], Awaitable[object]]) -> asyncio.Task[bytes]:
        task = self._loads.get(key)
        if task is None:
            task = self._loads[key] = asyncio.create_task(self._load(key, load))
            task.add_done_callback(lambda done: self._loaded(key, done))
        return task

    async def _load(self, key: str, load: Callable[[AsyncConnection], Awaitable[object]]) -> bytes:
        answer = await self._database.read(load)
        body = msgspec.json.encode(answer.value)
        await self._cache.put(key, body)
        return body

    def _loaded(self, key: str, task: asyncio.Task[Any]) -> None:
        del self._loads[key]
        # those who waited see it, too; often nobody does
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Problem):
            _log.error("catalogue_load_failed", exc_info=error)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()


def _rendered(body: bytes) -> Rendered:
    return Rendered(f'"{_digest(body)}"', body)

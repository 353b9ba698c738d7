"""Products for pages and API, and what carts show of their variants."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog

from myclothes_gateway.models import CartVariant, CartVariants, Facets, Product, SummaryPage
from myclothes_gateway.peers import with_query
from myclothes_kit import deadlines
from myclothes_kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from myclothes_gateway.inputs import ProductQuery
    from myclothes_gateway.peers import Peer

FRESH_SECONDS = 5.0
"""How long a variant's title, price and stock are those of now: an order is of such."""
SHOWN_SECONDS = 30.0
"""How long a cart shows them at once, while they are renewed: few are asked for again within FRESH_SECONDS."""
GATHER_SECONDS = 1.0
"""Renewals wait for so long for others, to be one lookup with them."""
STALE_SECONDS = 600.0
"""How long they are shown while the shop is away."""
MAX_VARIANTS = 20_000
LOOKUP_SECONDS = 4.5
LOOKUP_SKUS = 100
"""Most skus that the shop answers at once."""
PATIENCE_SECONDS = 1.5
"""A cart is shown without prices rather than late."""
_log = structlog.get_logger()


class Catalogue:
    """The shop's products, as everybody sees them."""

    def __init__(self, shop: Peer) -> None:
        self._shop = shop

    async def products(self, query: ProductQuery) -> SummaryPage:
        """A page of products; 422 for a cursor that is none, 503 while the shop is away."""
        names = query.__struct_fields__
        return await self._shop.ask(
            SummaryPage, with_query("/v1/products", [(name, getattr(query, name)) for name in names])
        )

    async def product(self, handle: str) -> Product:
        """A product; NothingHere (404) for an unknown handle."""
        return await self._shop.ask(Product, f"/v1/products/{quote(handle, safe='')}")

    async def facets(self, q: str = "", category: str = "") -> Facets:
        """What a list of products can be narrowed by."""
        return await self._shop.ask(Facets, with_query("/v1/facets", [("q", q), ("category", category)]))


class Variants:
    """A bounded cache of variants by sku; one lookup a sku at a time, many skus a lookup.

    Carts need the shop only for what nobody has looked at lately: without it, and without its database, they go on.
    """

    def __init__(self, shop: Peer, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._shop = shop
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, CartVariant | None]] = OrderedDict()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._due: set[str] = set()
        self._renewal: asyncio.TimerHandle | None = None

    async def find(
        self,
        skus: Iterable[str],
        *,
        age_seconds: float = SHOWN_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> dict[str, CartVariant | None]:
        """What is known of each sku: None for one that the shop does not know, nothing for one it cannot be asked for.

        What is older than `age_seconds` is asked for anew and waited for. Never raises: an old answer stands in while
        the shop is away.
        """
        wanted = list(skus)
        found: dict[str, CartVariant | None] = {}
        missing, old = [], []
        for sku in wanted:
            known, age = self._entry(sku)
            # one that the shop did not know may have come since
            if age >= (FRESH_SECONDS if known is None else age_seconds):
                missing.append(sku)
                continue
            found[sku] = known
            if age >= FRESH_SECONDS:
                old.append(sku)
        if old:
            self._renew(old)
        if missing:
            await self._look_up(missing, patience_seconds)
        for sku in missing:
            known, age = self._entry(sku)
            if age < STALE_SECONDS:
                found[sku] = known
        return found

    def forget(self, skus: Iterable[str]) -> None:
        """Ask for these anew when they are next wanted: they are known to have changed."""
        for sku in skus:
            self._known.pop(sku, None)

    def _entry(self, sku: str) -> tuple[CartVariant | None, float]:
        """What is known of a sku, and for how many seconds; infinity when nothing is."""
        entry = self._known.get(sku)
        return (None, float("inf")) if entry is None else (entry[1], self._clock() - entry[0])

    def _renew(self, skus: list[str]) -> None:
        self._due.update(skus)
        if self._renewal is None:
            self._renewal = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._renew_due)

    def _renew_due(self) -> None:
        due, self._due, self._renewal = sorted(self._due), set(), None
        self._start(due)

    async def _look_up(self, skus: list[str], patience_seconds: float) -> None:
        self._start(skus)
        tasks = {self._running[sku] for sku in skus if sku in self._running}
        if tasks:
            # the lookup goes on for others when this request's patience ends
            await asyncio.wait(tasks, timeout=deadlines.left(patience_seconds))

    def _start(self, skus: list[str]) -> None:
        """Begin to ask for those that nobody asks for yet."""
        own = [sku for sku in skus if sku not in self._running]
        for start in range(0, len(own), LOOKUP_SKUS):
            batch = own[start : start + LOOKUP_SKUS]
            task = asyncio.create_task(self._fetch(batch))
            for sku in batch:
                self._running[sku] = task

    async def _fetch(self, skus: list[str]) -> None:
        try:
            path = with_query("/v1/variants", [("sku", sku) for sku in skus])
            # for all who wait, also when the one who began it has run out of time
            with deadlines.within(LOOKUP_SECONDS):
                answer = await self._shop.ask(CartVariants, path)
        except Problem as problem:
            _log.warning("variants_unknown", skus=len(skus), code=problem.code)
        else:
            now = self._clock()
            by_sku = {variant.sku: variant for variant in answer.items}
            for sku in skus:
                self._known[sku] = (now, by_sku.get(sku))
                self._known.move_to_end(sku)
            while len(self._known) > MAX_VARIANTS:
                self._known.popitem(last=False)
        finally:
            for sku in skus:
                self._running.pop(sku, None)

    async def close(self) -> None:
        """Give up the lookups under way."""
        if self._renewal is not None:
            self._renewal.cancel()
        for task in set(self._running.values()):
            task.cancel()
        await asyncio.gather(*set(self._running.values()), return_exceptions=True)

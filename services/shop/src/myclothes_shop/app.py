"""The shop's application: what it opens, what runs beside the requests, and its routes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog

from myclothes_kit import app
from myclothes_kit.http_client import open_upstream
from myclothes_kit.postgres import open_database, purge, schema
from myclothes_kit.problems import Problem
from myclothes_shop.commands import ALEMBIC
from myclothes_shop.handlers import catalogue, orders
from myclothes_shop.service.catalogue import Catalogue
from myclothes_shop.service.orders import Orders
from myclothes_shop.service.outbox import Outbox
from myclothes_shop.service.payments import OnDelivery
from myclothes_shop.store.cache import open_cache
from myclothes_shop.store.carts import POLICY, HttpCarts
from myclothes_shop.store.tables import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.applications import Starlette

    from myclothes_kit.health import Readiness
    from myclothes_kit.postgres import Database
    from myclothes_shop.settings import ShopSettings

PURGE_SECONDS = 60.0
"""Between two looks for operation ids that are too old to be repeated."""
_log = structlog.get_logger()


def create_app(settings: ShopSettings, readiness: Readiness) -> Starlette:
    """The shop as an ASGI application; unready until its schema is there."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(open_database("shop", settings))
            cart = await stack.enter_async_context(open_upstream("cart", settings.cart_url, POLICY))
            cache = open_cache(settings)
            stack.push_async_callback(cache.close)
            browsing = Catalogue(database, cache)
            stack.push_async_callback(browsing.close)
            outbox = Outbox(database, HttpCarts(cart), settings)
            readiness.block(schema.UNCHECKED)
            tasks = [asyncio.create_task(_beside(database, outbox, settings, readiness))]
            stack.push_async_callback(_stop, tasks)
            yield {
                "catalogue": browsing,
                "orders": Orders(database, OnDelivery(), placed=outbox.wake),
            }

    return app.create(settings, [*catalogue.ROUTES, *orders.ROUTES], readiness=readiness, lifespan=lifespan)


async def _beside(database: Database, outbox: Outbox, settings: ShopSettings, readiness: Readiness) -> None:
    """What runs beside the requests, once the schema is there."""
    await schema.watch(database, ALEMBIC, readiness)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(outbox.run())
        tasks.create_task(_purge(database, settings.database_operations_hours))


async def _purge(database: Database, hours: float) -> None:
    while True:
        try:
            await purge(database, OPERATIONS, hours)
        except Problem as problem:
            _log.warning("purge_waits", code=problem.code)
        except Exception:  # noqa: BLE001 - whatever it is, the outbox beside it must go on, and the next turn must come
            _log.exception("purge_failed")
        await asyncio.sleep(PURGE_SECONDS)


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

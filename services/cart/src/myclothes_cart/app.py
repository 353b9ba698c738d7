"""The cart service's application: its resources and routes."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from myclothes_cart.handlers import ROUTES
from myclothes_cart.service import CartService
from myclothes_cart.store import ValkeyCarts
from myclothes_kit import app
from myclothes_kit.valkey import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.applications import Starlette

    from myclothes_cart.settings import CartSettings
    from myclothes_kit.health import Readiness


def create_app(settings: CartSettings, readiness: Readiness) -> Starlette:
    """The application; it starts without its store, answers 503 meanwhile and recovers by itself."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        readiness.block("starting")
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(
                await open_store(
                    settings.valkey_url,
                    name="cart",
                    username=settings.valkey_username,
                    password_file=settings.valkey_password_file,
                    ca_file=settings.valkey_ca_file,
                    ack_replicas=settings.ack_replicas,
                    ack_seconds=settings.ack_timeout_ms / 1000,
                    wait_seconds=settings.store_wait_seconds,
                )
            )
            service = CartService(ValkeyCarts(store, settings), settings)
            readiness.unblock("starting")
            yield {"service": service, "max_sku_length": settings.max_sku_length}

    return app.create(settings, ROUTES, readiness=readiness, lifespan=lifespan)

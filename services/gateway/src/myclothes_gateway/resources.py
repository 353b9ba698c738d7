"""What a gateway process holds open: clients of the other services and the store, and the services made of them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from myclothes_gateway.accounts import Accounts
from myclothes_gateway.basket import Basket
from myclothes_gateway.carts.cookie import CartCookieCodec, CookieCarts
from myclothes_gateway.carts.domain import Rules
from myclothes_gateway.carts.memory import MemoryCarts
from myclothes_gateway.carts.service import ServiceCarts
from myclothes_gateway.catalogue import Catalogue, Variants
from myclothes_gateway.erasures import Erasures
from myclothes_gateway.limits import StoreLimits
from myclothes_gateway.orders import Orders
from myclothes_gateway.peers import Peer
from myclothes_gateway.services import Services
from myclothes_gateway.sessions.logins import Logins
from myclothes_gateway.sessions.records import StoreRecords
from myclothes_gateway.store import PatientStore
from myclothes_kit.http_client import Policy, open_upstream
from myclothes_kit.valkey import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from myclothes_gateway.assets import Assets
    from myclothes_gateway.carts import Carts
    from myclothes_gateway.sessions.codec import SessionCodec
    from myclothes_gateway.settings import GatewaySettings
    from myclothes_kit.http_client import Upstream


@asynccontextmanager
async def open_services(
    settings: GatewaySettings, sessions: SessionCodec, carts_in_cookies: CartCookieCodec, assets: Assets
) -> AsyncIterator[Services]:
    """The services over open clients, closed at the end. None of them need be there yet."""
    policy = Policy(
        connect_seconds=settings.upstream_connect_seconds,
        read_seconds=settings.upstream_read_seconds,
        deadline_seconds=settings.deadline_seconds,
        max_connections=settings.upstream_connections,
    )
    async with AsyncExitStack() as stack:
        cart = await stack.enter_async_context(open_upstream("cart", settings.cart_url, policy))
        users = Peer(await stack.enter_async_context(open_upstream("users", settings.users_url, policy)))
        shop = Peer(await stack.enter_async_context(open_upstream("shop", settings.shop_url, policy)))
        opened = await stack.enter_async_context(
            await open_store(
                settings.valkey_url,
                name="sessions",
                username=settings.valkey_username,
                password_file=settings.valkey_password_file,
                ca_file=settings.valkey_ca_file,
                ack_replicas=settings.ack_replicas,
            )
        )
        store = PatientStore(opened, settings.deadline_seconds)
        carts = _carts(settings, cart, carts_in_cookies)
        variants = Variants(shop)
        stack.push_async_callback(variants.close)
        logins = Logins(StoreRecords(store, settings.session_days), users, sessions)
        erasures = Erasures(users, shop, carts, settings.erasure_sweep_seconds)
        sweeping = asyncio.create_task(erasures.run())
        stack.push_async_callback(_cancel, sweeping)
        yield Services(
            settings=settings,
            assets=assets,
            basket=Basket(carts, variants, logins),
            catalogue=Catalogue(shop),
            accounts=Accounts(users, shop, carts, logins, StoreLimits(store, settings), erasures),
            orders=Orders(shop, users, carts, variants, logins),
        )


def rules(settings: GatewaySettings) -> Rules:
    """The limits of carts that this process keeps itself."""
    return Rules(lines=settings.cart_lines, quantity=settings.cart_quantity)


def _carts(settings: GatewaySettings, cart: Upstream, codec: CartCookieCodec) -> Carts:
    if settings.carts == "memory":
        return MemoryCarts(settings.memory_carts, rules(settings))
    if settings.carts == "cookie":
        return CookieCarts(codec, rules(settings))
    return ServiceCarts(cart)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

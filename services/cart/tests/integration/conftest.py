"""The cart service on a socket of its own, on a real Valkey."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import threading
import time

import aiohttp
import pytest
import uvicorn

from myclothes_cart.app import create_app
from myclothes_cart.settings import CartSettings
from myclothes_kit.health import Readiness
from myclothes_stores.valkey import ValkeyServer

START_LIMIT_SECONDS = 10


class Api:
    """A client of the internal API that keeps answers short to read in tests."""

    def __init__(self, base, session):
        self.base = base
        self.session = session

    async def call(self, method, path, body=None, *, op=None, **headers):
        """(status, document or None, headers); `op` "new" is a fresh operation id."""
        if op is not None:
            headers["Idempotency-Key"] = secrets.token_hex(8) if op == "new" else op
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, self.base + path, json=body, headers=headers) as answer:
            text = await answer.text()
            document = await answer.json(content_type=None) if text else None
            return answer.status, document, answer.headers

    async def get(self, cart, **headers):
        return await self.call("GET", f"/v1/carts/{cart}", **headers)

    async def add(self, cart, sku, quantity=1, op="new"):
        return await self.call("POST", f"/v1/carts/{cart}/lines", {"sku": sku, "quantity": quantity}, op=op)

    async def set(self, cart, sku, quantity, op="new"):
        return await self.call("PUT", f"/v1/carts/{cart}/lines/{sku}", {"quantity": quantity}, op=op)

    async def remove(self, cart, sku, op="new"):
        return await self.call("DELETE", f"/v1/carts/{cart}/lines/{sku}", op=op)

    async def merge(self, cart, source, op="new"):
        return await self.call("POST", f"/v1/carts/{cart}/merge", {"from": source}, op=op)

    async def take(self, cart, lines, op="new"):
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
        return await self.call("POST", f"/v1/carts/{cart}/take", {"lines": lines}, op=op)

    async def erase(self, cart, op="new"):
        return await self.call("DELETE", f"/v1/carts/{cart}", op=op)


@contextlib.contextmanager
def serve(settings):
    """The service in a thread; yields its address."""
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(create_app(settings, Readiness()), loop="uvloop", log_config=None, lifespan="on")
    )
    thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[sock]),))
    thread.start()
    limit = time.monotonic() + START_LIMIT_SECONDS
    while not server.started:
        assert time.monotonic() < limit, "the service does not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        sock.close()


@pytest.fixture(scope="module")
def base(valkey_server):
    """The address of a service with the default limits."""
    with serve(CartSettings(valkey_url=valkey_server.url, ack_replicas=0)) as address:
        yield address


@pytest.fixture
async def api(base):
    async with aiohttp.ClientSession() as session:
        yield Api(base, session)


@pytest.fixture
async def open_api(valkey_server):
    """Makes an Api on a service with other settings."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(**settings):
            defaults = {"valkey_url": valkey_server.url, "ack_replicas": 0}
            address = stack.enter_context(serve(CartSettings(**(defaults | settings))))
            return Api(address, await stack.enter_async_context(aiohttp.ClientSession()))

        yield make


@pytest.fixture
def open_valkey():
    """Starts Valkeys of the test's own."""
    with contextlib.ExitStack() as stack:

        def make(**options):
            server = ValkeyServer()
            stack.callback(server.stop)
            server.start(**options)
            return server

        yield make


@pytest.fixture
def guest():
    return f"guest-{secrets.token_hex(16)}"


@pytest.fixture
def account():
    return f"account-{secrets.token_hex(16)}"

"""The shop over HTTP and from the inside, on a real Postgres that was migrated once a session."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket

import aiohttp
import pytest
import uvicorn
from aiohttp import web

from myclothes_kit.health import Readiness
from myclothes_kit.postgres import migrations, open_database
from myclothes_shop.app import create_app
from myclothes_shop.commands import ALEMBIC
from myclothes_shop.domain.money import Money
from myclothes_shop.importer.listings import ListedPicture, ListedVariant, Listing
from myclothes_shop.service.imports import Import
from myclothes_shop.service.orders import Orders
from myclothes_shop.service.outbox import Outbox
from myclothes_shop.service.payments import OnDelivery
from myclothes_shop.settings import ShopSettings
from myclothes_shop.store import stock
from myclothes_shop.store.outbox import state

START_SECONDS = 20.0
WAIT_SECONDS = 20.0
# a busy machine is slow, not away
PATIENT = {
    "database_pool_seconds": 20.0,
    "database_lock_seconds": 20.0,
    "database_statement_seconds": 20.0,
    "database_transaction_seconds": 30.0,
    "database_commit_seconds": 20.0,
    "database_read_seconds": 20.0,
}
ADDRESS = {"name": "Ada", "line1": "Allee 1", "city": "Berlin", "postal_code": "10178", "country": "DE"}


def settings_for(database, **values):
    return ShopSettings(
        database_hosts=database.hosts, database_name=database.name, database_user=database.user, **PATIENT | values
    )


@pytest.fixture(scope="session")
def template(database):
    """A migrated database to copy."""
    made = database("shop_template", owner="shop")
    asyncio.run(migrations.migrate("shop", settings_for(made), ALEMBIC))
    return made


@pytest.fixture
def shop_database(database, template):
    """A fresh, migrated database."""
    return database("shop", owner="shop", template=template.name)


@pytest.fixture
def settings(shop_database):
    return settings_for(shop_database)


@pytest.fixture
def configure(shop_database):
    """Settings for the test's database with some of them changed."""
    return lambda **values: settings_for(shop_database, **values)


@pytest.fixture
async def db(settings):
    async with open_database("shop", settings) as opened:
        yield opened


def owner(number=0, kind="guest"):
    return f"{kind}-{number:032x}"


def listing(handle="tee", variants=(("S", 5),), **changes):
    """A product with a variant a size: (size, stock), at 19.90 EUR."""
    fields = {
        "line": 2,
        "handle": handle,
        "title": handle.replace("-", " ").title(),
        "description_html": "",
        "vendor": "Us",
        "category": "T-Shirts",
        "tags": [],
        "published": True,
        "pictures": [ListedPicture(f"/static/pictures/{handle}.svg", "")],
        "variants": [
            ListedVariant(2 + n, "Variant SKU", f"{handle}-{size}", {"Size": size}, Money(1990, "EUR"), None, units)
            for n, (size, units) in enumerate(variants)
        ],
    }
    return Listing(**fields | changes)


def line(sku="tee-S", quantity=1, amount=1990):
    return {"sku": sku, "quantity": quantity, "price": {"amount": amount, "currency": "EUR"}}


def wish(*lines, version=1, of=None, **changes):
    body = {
        "owner": of or owner(),
        "cart_version": version,
        "email": "ada@example.org",
        "address": ADDRESS,
        "lines": list(lines) if lines else [line()],
    }
    return body | changes


class Inside:
    """The shop without HTTP: what a test puts in and looks at."""

    def __init__(self, database, settings):
        self.database, self.settings = database, settings
        self.orders = Orders(database, OnDelivery(), placed=lambda: None)
        self.errors = []
        self._keys = itertools.count(1)

    async def put(self, *found, set_stock=False, withdraw_missing=False, dry_run=False):
        run = Import(self.database, set_stock=set_stock, dry_run=dry_run, report=self.errors.append)
        good = await run.run(found, withdraw_missing=withdraw_missing, progress=lambda _changes: None)
        return run.changes, good

    async def place(self, body, key=None):
        answer = await self.orders.place(key or f"key-{next(self._keys):08}", json.dumps(body).encode())
        return answer.value

    def outbox(self, carts, **values):
        return Outbox(self.database, carts, self.settings.model_copy(update=values))

    async def available(self):
        return dict(await self.rows("SELECT sku, available FROM stock"))

    async def rows(self, statement, **values):
        import sqlalchemy as sa

        async def work(connection):
            return [tuple(row) for row in await connection.execute(sa.text(statement), values)]

        return (await self.database.read_newest(work)).value

    async def execute(self, statement, **values):
        import sqlalchemy as sa

        await self.database.write(lambda connection: connection.execute(sa.text(statement), values))

    async def off_balance(self):
        return (await self.database.read_newest(stock.off_balance)).value

    async def waiting(self):
        return (await self.database.read_newest(state)).value.waiting


@pytest.fixture
async def inside(db, settings):
    made = Inside(db, settings)
    yield made
    # whatever a test does to a shop: sold + left = received
    assert await made.off_balance() == []


class Client:
    """Calls one replica of the service; each write gets an operation id unless it is given one."""

    def __init__(self, session):
        self.session = session
        self._keys = itertools.count(1)

    async def __call__(self, method, path, body=None, *, key=None, position=None, headers=None):
        headers = dict(headers or {})
        if method != "GET" and key != "":
            headers["Idempotency-Key"] = key or f"key-{id(self):x}-{next(self._keys):08}"
        if position:
            headers["Myclothes-Position"] = position
        async with self.session.request(method, path, json=body, headers=headers) as response:
            raw = await response.read()
            is_json = "json" in response.headers.get("Content-Type", "")
            return Answer(response.status, response.headers, json.loads(raw) if is_json else None)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def position(self):
        return self.headers["Myclothes-Position"]

    @property
    def code(self):
        return self.body["code"]

    @property
    def fields(self):
        return [error["field"] for error in self.body["errors"]]


async def ready(session):
    async with session.get("/readyz") as response:
        return response.status == 200


@contextlib.asynccontextmanager
async def serving(settings, *, wait=True):
    """A replica of the service on a free port, ready unless `wait` is false."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(settings, Readiness()), log_config=None, lifespan="on", loop="none")
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext
    task = asyncio.create_task(server.serve([listener]))
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{listener.getsockname()[1]}") as session:
            if wait:
                await eventually(lambda: ready(session), "ready", START_SECONDS)
            yield Client(session)
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def serve():
    return serving


@pytest.fixture
async def call(settings, carts):
    async with serving(settings.model_copy(update={"cart_url": carts.url})) as client:
        yield client


class Carts:
    """A cart service that keeps what it was told: the takes by operation id, in order, each applied once.

    While `answering` is cleared it does what it is told and does not say so.
    """

    def __init__(self):
        self.url = ""
        self.calls = []
        self.taken = {}
        self.status = 200
        self.answering = asyncio.Event()
        self.answering.set()

    async def handle(self, request):
        key, cart = request.headers["Idempotency-Key"], request.match_info["cart"]
        lines = (await request.json())["lines"]
        self.calls.append((key, cart))
        if self.status != 200:
            return web.json_response({}, status=self.status, headers={"Retry-After": "1"})
        if key in self.taken:
            assert self.taken[key] == (cart, lines), "the same operation id with another payload"
        self.taken.setdefault(key, (cart, lines))
        await self.answering.wait()
        return web.json_response({"id": cart, "version": 2, "lines": []})


@pytest.fixture
async def carts():
    made = Carts()
    app = web.Application()
    app.router.add_post("/v1/carts/{cart}/take", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    made.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield made
    await runner.cleanup()


async def eventually(condition, what, seconds=WAIT_SECONDS):
    """Wait until `condition()` is true; fails saying what was waited for."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110 - polls a server
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"after {seconds} s still not: {what}")


class Kit:
    """The helpers above, for test modules that cannot import them."""

    owner = staticmethod(owner)
    listing = staticmethod(listing)
    line = staticmethod(line)
    wish = staticmethod(wish)
    eventually = staticmethod(eventually)
    inside = Inside
    address = ADDRESS
    settings_for = staticmethod(settings_for)


@pytest.fixture(scope="session")
def kit():
    return Kit

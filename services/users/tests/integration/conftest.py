"""The users service over HTTP, on a real Postgres that was migrated once a session."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket

import aiohttp
import pytest
import uvicorn

from myclothes_kit.health import Readiness
from myclothes_kit.postgres import migrations
from myclothes_users.app import MIGRATIONS, SERVICE, create_app
from myclothes_users.settings import UsersSettings

START_SECONDS = 20.0


def settings_for(database, **values):
    """Settings with cheap hashes."""
    return UsersSettings(
        database_hosts=database.hosts,
        database_name=database.name,
        database_user=database.user,
        **{"hash_memory_kib": 8, "hash_rounds": 1, **values},
    )


@pytest.fixture(scope="session")
def template(database, postgres):
    """A migrated database to copy."""
    made = database("users_template", owner="users")
    asyncio.run(migrations.migrate(SERVICE, settings_for(made), MIGRATIONS))
    return made


@pytest.fixture
def users_database(database, template):
    """A fresh, migrated database."""
    return database("users", owner="users", template=template.name)


class Client:
    """Calls one replica of the service; each write gets an operation id unless it is given one."""

    def __init__(self, session, app):
        self.session = session
        self.app = app
        self._keys = itertools.count(1)

    async def __call__(self, method, path, body=None, *, key=None, position=None, headers=None):
        headers = dict(headers or {})
        if method != "GET" and path != "/v1/logins" and key != "":
            headers["Idempotency-Key"] = key or f"key-{id(self):x}-{next(self._keys):08}"
        if position:
            headers["Myclothes-Position"] = position
        async with self.session.request(method, path, json=body, headers=headers) as response:
            raw = await response.read()
            return Answer(response.status, response.headers, raw, await response.json() if raw else None)


class Answer:
    def __init__(self, status, headers, raw, body):
        self.status, self.headers, self.raw, self.body = status, headers, raw, body

    @property
    def position(self):
        return self.headers["Myclothes-Position"]

    @property
    def code(self):
        return self.body["code"]

    @property
    def fields(self):
        return {error["field"]: error["code"] for error in self.body["errors"]}


async def ready(session):
    async with session.get("/readyz") as response:
        return response.status == 200


@contextlib.asynccontextmanager
async def serving(settings):
    """A replica of the service on a free port, ready."""
    readiness = Readiness()
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(settings, readiness)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", loop="none"))
    server.capture_signals = contextlib.nullcontext
    task = asyncio.create_task(server.serve([listener]))
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{listener.getsockname()[1]}") as session:
            async with asyncio.timeout(START_SECONDS):
                while not await ready(session):  # noqa: ASYNC110 - polls a server
                    await asyncio.sleep(0.02)
            yield Client(session, app)
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def call(users_database):
    async with serving(settings_for(users_database)) as client:
        yield client


PASSWORD = "a long enough secret"
ADA = {"email": "Ada@Example.org", "password": PASSWORD, "name": "Ada Lovelace"}
HOME = {
    "name": "Ada Lovelace",
    "line1": "Karl-Marx-Allee 1",
    "line2": "",
    "city": "Berlin",
    "region": "",
    "postal_code": "10178",
    "country": "DE",
    "phone": "+49 30 123",
}


@pytest.fixture
async def ada(call):
    answer = await call("POST", "/v1/accounts", ADA)
    assert answer.status == 201
    return answer.body

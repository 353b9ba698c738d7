"""The users service's application: its resources, its timers, its routes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from myclothes_kit import app, postgres
from myclothes_kit.postgres import schema
from myclothes_kit.problems import Unavailable
from myclothes_users import store
from myclothes_users.address_book import AddressBook
from myclothes_users.handlers import ROUTES
from myclothes_users.hashing import Argon, Hasher
from myclothes_users.metrics import ERASURES_PENDING
from myclothes_users.service import Users
from myclothes_users.tables import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.applications import Starlette

    from myclothes_kit.health import Readiness
    from myclothes_kit.postgres import Database
    from myclothes_users.settings import UsersSettings

SERVICE = "users"
MIGRATIONS = Path(__file__).parent / "alembic"
HOUSEKEEPING_SECONDS = 60.0
"""Between two purges of old operation ids, of postgres.purge's size each."""

log = structlog.get_logger()


def create_app(settings: UsersSettings, readiness: Readiness) -> Starlette:
    """The application; its resources are opened by its lifespan."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(postgres.open_database(SERVICE, settings))
            hasher = await stack.enter_async_context(open_hasher(settings))
            for background in (
                schema.watch(database, MIGRATIONS, readiness),
                keep_house(database, settings.database_operations_hours),
            ):
                task = asyncio.create_task(background)
                stack.push_async_callback(_end, task)
            yield {"users": Users(database, hasher), "addresses": AddressBook(database, settings.max_addresses)}

    return app.create(settings, ROUTES, readiness=readiness, lifespan=lifespan)


@asynccontextmanager
async def open_hasher(settings: UsersSettings) -> AsyncIterator[Hasher]:
    """The password hasher with its threads."""
    argon = await asyncio.to_thread(Argon, settings.hash_memory_kib, settings.hash_rounds)
    hasher = Hasher(argon, settings.hash_threads, settings.hash_queue)
    try:
        yield hasher
    finally:
        hasher.close()


async def keep_house(database: Database, hours: float) -> None:
    """Forget old operation ids and count open erasures, for ever; a failure waits for the next turn."""
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        try:
            await postgres.purge(database, OPERATIONS, hours)
            ERASURES_PENDING.set((await database.read(store.count_erasures)).value)
        except Unavailable as problem:
            log.info("housekeeping_postponed", code=problem.code)
        except Exception:
            log.exception("housekeeping_failed")


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

"""SQL from blocking code: asyncpg on an event loop of its own, in one background thread."""

from __future__ import annotations

import asyncio
import threading
from functools import cache
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 60.0

# What a server that is away, starting or refusing makes `run_sql` raise.
UNREACHABLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

Row = tuple[Any, ...]


def run_sql(port: int, host: str, database: str, user: str, statement: str, arguments: tuple[Any, ...]) -> list[Row]:
    """Runs one statement on a connection of its own and returns its rows.

    Raises OSError or TimeoutError when the server cannot be reached, asyncpg.PostgresError when it refuses.
    """
    query = _query(port, host, database, user, statement, arguments)
    return asyncio.run_coroutine_threadsafe(query, _loop()).result()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="myclothes-stores-sql", daemon=True).start()
    return loop


async def _query(
    port: int, host: str, database: str, user: str, statement: str, arguments: tuple[Any, ...]
) -> list[Row]:
    connection = await asyncpg.connect(
        host=host, port=port, user=user, database=database, ssl=False, timeout=CONNECT_SECONDS
    )
    try:
        return [tuple(row) for row in await connection.fetch(statement, *arguments, timeout=STATEMENT_SECONDS)]
    finally:
        connection.terminate()

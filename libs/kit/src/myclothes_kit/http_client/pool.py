"""Connections to one service: kept for a while, opened within a limit of time, never older than their life."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from myclothes_kit.http_client.wire import Connection
from myclothes_kit.resolver import StaleResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from myclothes_kit.http_client.policy import Policy

PORTS = {"http": 80, "https": 443}


class Pool:
    """Kept connections to `base_url`; the one used last is used next, so that those not needed grow old and go."""

    def __init__(self, base_url: str, policy: Policy) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError(f"{base_url!r} is not http://host:port")
        self.host = parts.netloc
        self._name = parts.hostname
        self._port = parts.port or PORTS[parts.scheme]
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._policy = policy
        self._resolver = StaleResolver()
        self._idle: list[Connection] = []
        self._loop = asyncio.get_running_loop()
        self._sweeping = asyncio.create_task(self._sweep())

    def kept(self) -> Connection | None:
        """A connection that is open and young enough, None when there is none."""
        oldest = self._loop.time() - self._life
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable and connection.born > oldest:
                return connection
            connection.close()
        return None

    def keep(self, connection: Connection) -> None:
        """Have `connection` back after a request."""
        if connection.reusable:
            self._idle.append(connection)
        else:
            connection.close()

    def suspect(self, connection: Connection) -> None:
        """Part with all that was kept beside `connection`, on which an answer did not come.

        Behind a service's address nobody can tell which of them lead to the same dead pod: each would cost a request
        its patience, while a new connection costs next to nothing.
        """
        connection.close()
        self._drop(self._idle)

    async def open(self, seconds: float) -> Connection:
        """A new connection, within `seconds` and the policy's limit; raises OSError or TimeoutError."""
        async with asyncio.timeout(min(self._policy.connect_seconds, seconds)):
            return await self._resolver.dial(self._name, self._port, self._connect)

    async def _connect(self, address: str) -> Connection:
        _, connection = await self._loop.create_connection(
            lambda: Connection(self._loop, self._policy.max_answer_bytes),
            address,
            self._port,
            ssl=self._tls,
            server_hostname=self._name if self._tls else None,
        )
        return connection

    async def close(self) -> None:
        """Close every kept connection."""
        self._sweeping.cancel()
        await asyncio.gather(self._sweeping, return_exceptions=True)
        self._drop(self._idle)
        await self._resolver.close()

    @property
    def _life(self) -> float:
        """How old a connection may be when a request begins on it: with the request it stays below its life."""
        return max(self._policy.connection_seconds - self._policy.attempt_seconds, self._policy.connection_seconds / 2)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._policy.connection_seconds / 4)
            oldest = self._loop.time() - self._life
            self._drop([each for each in self._idle if each.born <= oldest or not each.reusable])

    def _drop(self, connections: list[Connection]) -> None:
        for connection in list(connections):
            self._idle.remove(connection)
            connection.close()


@asynccontextmanager
async def open_pool(base_url: str, policy: Policy) -> AsyncIterator[Pool]:
    """The connections to one service, closed at the end."""
    pool = Pool(base_url, policy)
    try:
        yield pool
    finally:
        await pool.close()

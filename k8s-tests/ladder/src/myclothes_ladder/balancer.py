"""A load balancer before the zones' ingresses: all go to one of them, and to the next when told or when it dies.

That is what an address that fails over does (a router's, a name's in DNS). A shopper's requests stay on one server
for as long as nothing happens, which is why carts in memory seem to work.
"""

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from typing import Self

CONNECT_SECONDS = 0.5
CHECK_SECONDS = 0.5
"""Between two looks at the servers, and how long one may take."""
MISSES = 2
"""So many looks in vain: the server is dead."""
QUIET_SECONDS = 0.05
"""A connection on which nothing has moved for so long, the server's bytes last, is between two requests."""
CHUNK_BYTES = 65_536
START_SECONDS = 10.0

Address = tuple[str, int]


class Balancer:
    """A context manager; `url` is where shoppers come in."""

    def __init__(self, servers: Sequence[Address]) -> None:
        self._servers = list(servers)
        self.active = 0
        """The place of the server that everyone is sent to."""
        self._misses = [0] * len(self._servers)
        self._connections: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._over = asyncio.Event()
        self._port = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, on this machine alone."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def thread(self) -> int:
        """The kernel's id of the thread that it works in, while it listens."""
        return self._thread.native_id or 0

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._listening.wait(START_SECONDS):
            raise RuntimeError("the load balancer does not listen")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def switch(self, to: int | None = None) -> None:
        """Send everyone to server `to`, the next one without it; open connections end after their answer."""
        place = (self.active + 1) % len(self._servers) if to is None else to
        self._loop.call_soon_threadsafe(setattr, self, "active", place)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        tasks = [
            asyncio.create_task(self._drain()),
            *(asyncio.create_task(self._watch(n)) for n in range(len(self._servers))),
        ]
        self._listening.set()
        await self._over.wait()
        for task in tasks:
            task.cancel()
        server.close()
        while self._connections:
            for connection in set(self._connections):
                connection.abort()
            await asyncio.sleep(QUIET_SECONDS)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = self.active
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                far_reader, far_writer = await asyncio.open_connection(*self._servers[place])
        except (OSError, TimeoutError):
            writer.transport.abort()
            return
        connection = _Connection(place, writer, far_writer)
        self._connections.add(connection)
        try:
            await asyncio.gather(
                connection.pump(reader, far_writer, answers=False), connection.pump(far_reader, writer, answers=True)
            )
        finally:
            connection.abort()
            self._connections.discard(connection)

    async def _drain(self) -> None:
        """End the connections to servers that are not the active one, each between two requests."""
        while True:
            for connection in set(self._connections):
                if connection.place != self.active and connection.is_quiet():
                    connection.abort()
            await asyncio.sleep(QUIET_SECONDS)

    async def _watch(self, place: int) -> None:
        """Look whether a server lives; a dead one loses all connections, and the next living one gets everyone."""
        while True:
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    _, writer = await asyncio.open_connection(*self._servers[place])
                writer.transport.abort()
                self._misses[place] = 0
            except (OSError, TimeoutError):
                self._misses[place] += 1
                if self._misses[place] >= MISSES:
                    self._leave(place)
            await asyncio.sleep(CHECK_SECONDS)

    def _leave(self, dead: int) -> None:
        if self.active == dead:
            order = [(dead + step) % len(self._servers) for step in range(1, len(self._servers))]
            self.active = next((place for place in order if self._misses[place] < MISSES), dead)
        for connection in set(self._connections):
            if connection.place == dead:
                connection.abort()


class _Connection:
    def __init__(self, place: int, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.place = place
        self._writers = (near, far)
        self._answered = False
        self._moved = asyncio.get_running_loop().time()

    def is_quiet(self) -> bool:
        return self._answered and asyncio.get_running_loop().time() - self._moved >= QUIET_SECONDS

    def abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        """Hand on what comes, until one side ends."""
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                self._answered, self._moved = answers, asyncio.get_running_loop().time()
                sink.write(data)
                await sink.drain()
        self.abort()

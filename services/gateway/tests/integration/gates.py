"""A way to a service on which chosen requests fail: away at that moment, or done with the answer lost."""

from __future__ import annotations

import asyncio
import time

CHUNK_BYTES = 65_536
WAIT_SECONDS = 30.0
POLL_SECONDS = 0.05


class Gate:
    """Passes on what it gets to the service at `port`, byte for byte, but for requests that contain a pattern.

    A request is what arrives in one piece, which small ones do. `seen` counts those that were kept.
    """

    def __init__(self, port):
        self._target = port
        self._pattern = None
        self._lose = False
        self._first = None
        self._writers = set()
        self.seen = 0

    async def listen(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def refuse(self, pattern):
        """From now on the service is away for requests that contain `pattern`."""
        self._pattern, self._lose, self.seen = pattern, False, 0

    def lose(self, pattern):
        """From now on requests that contain `pattern` are done, but their answers never arrive."""
        self._pattern, self._lose, self.seen = pattern, True, 0

    def open(self):
        """Let all pass."""
        self._pattern = None

    def before(self, pattern, action):
        """Run the coroutine function `action` once, just before a request that contains `pattern` passes."""
        self._first = (pattern, action)

    async def close(self):
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        both = {writer, upstream_writer}
        self._writers |= both
        answers = asyncio.create_task(self._pass(upstream_reader, writer))
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                if self._first is not None and self._first[0] in chunk:
                    (_, action), self._first = self._first, None
                    await action()
                if self._pattern is not None and self._pattern in chunk:
                    self.seen += 1
                    answers.cancel()
                    if self._lose:
                        upstream_writer.write(chunk)
                        await upstream_reader.read(CHUNK_BYTES)
                    break
                upstream_writer.write(chunk)
        except (OSError, asyncio.CancelledError):
            pass  # either side is gone, or the test is over
        finally:
            answers.cancel()
            for each in both:
                each.close()
            self._writers -= both

    async def _pass(self, reader, writer):
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                writer.write(chunk)
        except OSError:
            pass
        writer.close()


async def until(condition, what, seconds=WAIT_SECONDS):
    """Wait until the coroutine function `condition` is true, looking again and again."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(POLL_SECONDS)

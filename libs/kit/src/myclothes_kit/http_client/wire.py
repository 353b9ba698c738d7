"""One HTTP/1.1 connection to another service: a request at a time, parsed by httptools."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httptools

from myclothes_kit.http_client.answers import Answer, AnswerInvalid, Headers

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_HEAD_BYTES = 32 * 1024
"""Of an answer's headers together."""
FIRST_FINAL_STATUS = 200


class ConnectionLostError(ConnectionError):
    """The connection ended, or spoke no HTTP, before the answer was complete."""


class Connection(asyncio.Protocol):
    """`send` a request, `await` the answer; `reusable` says whether another may follow."""

    _transport: asyncio.Transport
    _parser: httptools.HttpResponseParser

    def __init__(self, loop: asyncio.AbstractEventLoop, max_body: int) -> None:
        self._loop = loop
        self._max_body = max_body
        self._answer: asyncio.Future[Answer] | None = None
        self._keep = False
        self.born = loop.time()

    @property
    def reusable(self) -> bool:
        """Whether the answer left the connection fit for another request."""
        return self._keep and self._answer is None and not self._transport.is_closing()

    async def request(self, data: bytes, seconds: float) -> Answer:
        """The answer to the request `data`. Raises TimeoutError, ConnectionLostError, or AnswerInvalid (too large)."""
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._answer = answer
        self._keep = False
        timer = self._loop.call_later(seconds, self._fail, TimeoutError())
        self._transport.write(data)
        try:
            return await answer
        finally:
            timer.cancel()
            self._answer = None
            if not self._keep:
                self.close()

    def close(self) -> None:
        """End the connection, whatever is under way."""
        self._transport.abort()

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    # asyncio's calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # of a stream
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # nobody asked
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail(ConnectionLostError("no HTTP"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._keep = False
        self._fail(ConnectionLostError(str(exc or "closed")))

    # the parser's calls

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.done():  # one more than was asked for
            self._keep = False
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = self._head_size = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_size += len(name) + len(value)
        if self._head_size > MAX_HEAD_BYTES:
            self._fail(AnswerInvalid())
        else:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._max_body:
            self._body.clear()
            self._fail(AnswerInvalid())
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < FIRST_FINAL_STATUS or self._answer is None or self._answer.done():
            return
        self._keep = self._parser.should_keep_alive()
        self._answer.set_result(Answer(status, Headers(self._headers), b"".join(self._body)))


def encode(method: str, target: str, host: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The bytes of a request; raises ValueError for a target or header that would become more than one."""
    length = "" if body is None else f"Content-Length: {len(body)}\r\n"
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{length}{fields}\r\n"
    lines = 3 + len(headers) + (body is not None)
    if head.count("\n") != lines or head.count("\r") != lines or " " in target or "\0" in head:
        raise ValueError("a request's target and headers are one line each")
    return head.encode("latin-1") + (body or b"")

"""The one layer around every service's routes: request id, limits on bodies, access log, metrics, the last resort."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from time import perf_counter
from typing import TYPE_CHECKING

import structlog
from starlette.requests import ClientDisconnect

from myclothes_kit import request_ids
from myclothes_kit.metrics import observe_request
from myclothes_kit.problems import Internal, PayloadTooLarge, Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from myclothes_kit.settings import ServiceSettings

SLOW_SECONDS = 1.0
REQUEST_ID_HEADER = request_ids.HEADER.lower().encode()
LINGER_BYTES = 4 * 1024 * 1024
LINGER_SECONDS = 5.0
"""How much more is received, and for how long, from a client that has its answer and is still sending."""
CLOSE = (b"connection", b"close")
END: Message = {"type": "http.response.body"}
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")
_log = structlog.get_logger()


class RequestTimeout(Problem):
    """The client took longer than `body_seconds` to send what it announced."""

    status, code, title = 408, "request_timeout", "The request took too long to arrive"


class RequestLayer:
    """Pure ASGI middleware: gives each request an id, bounds its body in bytes and seconds, logs and measures it.

    An unexpected exception becomes a 500 without its text; the text goes to the log. An answer that comes before the
    whole body has arrived ends the connection, but not before the client had time to read it.
    """

    def __init__(self, app: ASGIApp, *, settings: ServiceSettings) -> None:
        self._app = app
        self._max_body = settings.max_body_bytes
        self._body_seconds = settings.body_seconds
        self._log_all = settings.access_log == "all"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        answered = 0.0
        request_id, announced = _request_id_and_length(scope)
        request_ids.current.set(request_id)
        body = None if announced == 0 else _Body(receive, self._max_body, self._body_seconds)
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID_HEADER, request_id.encode())]
                if body is not None and not body.complete:
                    message["headers"].append(CLOSE)
            elif body is not None and not body.complete and not message.get("more_body", False):
                await send({**message, "more_body": True})
                answered = perf_counter()
                await body.drain()
                message = END
            await send(message)

        try:
            if announced is not None and announced > self._max_body:
                await _too_large(self._max_body).response()(scope, receive, send_with_id)
            else:
                await self._app(scope, receive if body is None else body.receive, send_with_id)
        except ClientDisconnect:
            status = status or 499
        except Exception:
            _log.exception("unexpected_error", method=scope["method"], path=scope["path"])
            if status:
                raise
            await Internal().response()(scope, receive, send_with_id)
        finally:
            self._record(scope, status, (answered or perf_counter()) - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        template = getattr(route, "path", "unmatched")
        method = scope["method"] if scope["method"] in METHODS else "other"
        observe_request(method, template, status, seconds)
        if self._log_all or status >= Internal.status or seconds > SLOW_SECONDS:
            level = _log.warning if status >= Internal.status or seconds > SLOW_SECONDS else _log.info
            level("request", method=scope["method"], path=scope["path"], status=status, ms=round(seconds * 1000, 1))


class _Body:
    """A request's body on its way in: refused when it grows too large (413) or arrives too slowly (408)."""

    def __init__(self, receive: Receive, max_bytes: int, seconds: float) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._received = 0
        self.complete = False

    async def receive(self) -> Message:
        """ASGI's receive. Raises RequestTimeout or PayloadTooLarge."""
        if self.complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout(f"Send the body within {self._seconds:g} seconds.") from None
        self._note(message)
        if self._received > self._max_bytes:
            raise _too_large(self._max_bytes)
        return message

    async def drain(self) -> None:
        """Receive the rest and forget it: closing on a client that sends resets the connection, answer and all."""
        most = self._received + LINGER_BYTES
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while not self.complete and self._received < most:
                    self._note(await self._receive())

    def _note(self, message: Message) -> None:
        self._received += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)


def _too_large(max_bytes: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"A body takes at most {max_bytes} bytes.")


def _request_id_and_length(scope: Scope) -> tuple[str, int | None]:
    """The caller's request id if it is well-formed, else a new one; and the announced length of the body.

    The length is 0 for no body and None for one of unknown length.
    """
    request_id = b""
    length: int | None = 0
    for name, value in scope["headers"]:
        if name == REQUEST_ID_HEADER and _REQUEST_ID.match(value):
            request_id = value
        elif name == b"content-length":
            length = int(value) if value.isdigit() else None
        elif name == b"transfer-encoding":
            length = None
    return request_id.decode() or os.urandom(16).hex(), length

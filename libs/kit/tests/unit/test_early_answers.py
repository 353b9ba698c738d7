"""An answer that comes before the body has: the client can finish sending and read it."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from myclothes_kit import app as kit_app
from myclothes_kit import middleware
from myclothes_kit.health import Readiness
from myclothes_kit.settings import ServiceSettings

BODY_BYTES = 1024 * 1024
PIECE_BYTES = 64 * 1024
LIMIT_SECONDS = 20.0


@contextlib.asynccontextmanager
async def serving():
    async def hasty(_request):
        return PlainTextResponse("not read")

    @contextlib.asynccontextmanager
    async def lifespan(_app):
        yield {}

    app = kit_app.create(
        ServiceSettings(max_body_bytes=2 * BODY_BYTES),
        [Route("/hasty", hasty, methods=["POST"])],
        readiness=Readiness(),
        lifespan=lifespan,
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, http="httptools"))
    server.capture_signals = contextlib.nullcontext
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        await task


async def send_all_then_read(address, announced=BODY_BYTES, sent=BODY_BYTES):
    """The answer and how it ended, for a client that goes on sending when it could already read."""
    loop = asyncio.get_running_loop()
    head = f"POST /hasty HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n".encode()
    with socket.socket() as client:
        client.setblocking(False)
        async with asyncio.timeout(LIMIT_SECONDS):
            await loop.sock_connect(client, address)
            await loop.sock_sendall(client, head + bytes(PIECE_BYTES))
            answer = await loop.sock_recv(client, 65536)
            for _ in range(sent // PIECE_BYTES - 1):
                await loop.sock_sendall(client, bytes(PIECE_BYTES))
            while more := await loop.sock_recv(client, 65536):
                answer += more
    return answer


@pytest.mark.parametrize(
    ("announced", "status", "text"),
    [(BODY_BYTES, b"200 OK", b"not read"), (BODY_BYTES * 3, b"413", b"payload_too_large")],
)
async def test_it_is_not_lost_to_a_reset(monkeypatch, announced, status, text):
    monkeypatch.setattr(middleware, "LINGER_BYTES", announced)
    async with serving() as address:
        answer = await send_all_then_read(address, announced, announced)
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert b"connection: close" in answer
        assert text in answer


@pytest.mark.parametrize("bound", ["LINGER_BYTES", "LINGER_SECONDS"])
async def test_the_lingering_is_bounded(monkeypatch, bound):
    monkeypatch.setattr(middleware, bound, 0)
    async with serving() as address:
        with pytest.raises(ConnectionError):  # noqa: PT012 - the control: how it ends without lingering
            # how much fits into the sockets' buffers before the reset arrives is the machine's affair
            for _ in range(100):
                await send_all_then_read(address)


async def test_a_client_that_sends_no_more_is_left_after_a_while(monkeypatch):
    monkeypatch.setattr(middleware, "LINGER_SECONDS", 0.2)
    async with serving() as address:
        answer = await send_all_then_read(address, sent=PIECE_BYTES)
        assert answer.endswith(b"not read")

"""One connection, byte by byte."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from myclothes_kit.http_client import AnswerInvalid
from myclothes_kit.http_client.wire import MAX_HEAD_BYTES, Connection, ConnectionLostError, encode

SECONDS = 2.0
REQUEST = encode("GET", "/", "peer", {}, None)


@asynccontextmanager
async def connected(*parts, max_body=100, ends=False):
    """A connection to a server that answers each request with `parts`, one write each."""

    async def answer(reader, writer):
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0)
                if ends:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    address = server.sockets[0].getsockname()
    _, connection = await loop.create_connection(lambda: Connection(loop, max_body), *address)
    try:
        yield connection
    finally:
        connection.close()
        server.close()
        await server.wait_closed()


FULL = b'HTTP/1.1 200 OK\r\nETag: "7"\r\nContent-Length: 2\r\n\r\n{}'
CHUNKED = b'HTTP/1.1 200 OK\r\nETag: "7"\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n'
INFORMED = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + FULL


@pytest.mark.parametrize("raw", [FULL, CHUNKED, INFORMED])
@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_an_answer_is_the_same_however_it_arrives(raw, size):
    async with connected(*(raw[at : at + size] for at in range(0, len(raw), size))) as connection:
        for _ in range(2):
            answer = await connection.request(REQUEST, SECONDS)
            assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"{}", '"7"')
            assert connection.reusable


async def test_an_answer_without_a_body_is_complete():
    async with connected(b"HTTP/1.1 204 No Content\r\n\r\n") as connection:
        assert (await connection.request(REQUEST, SECONDS)).status == 204
        assert connection.reusable


async def test_a_server_that_says_close_is_not_asked_again():
    async with connected(FULL.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) as connection:
        assert (await connection.request(REQUEST, SECONDS)).ok
        assert not connection.reusable


@pytest.mark.parametrize("raw", [b"", FULL[:20], FULL[:-1], CHUNKED[:-5], b"SSH-2.0-peer\r\n"])
async def test_an_answer_that_breaks_off_is_a_lost_connection(raw):
    async with connected(raw, ends=True) as connection:
        with pytest.raises(ConnectionLostError):
            await connection.request(REQUEST, SECONDS)
        assert not connection.reusable


async def test_time_is_limited():
    async with connected(FULL[:-1]) as connection:
        with pytest.raises(TimeoutError):
            await connection.request(REQUEST, 0.05)
        assert not connection.reusable


async def test_headers_and_bodies_are_bounded():
    large = b"HTTP/1.1 200 OK\r\nX: " + b"x" * MAX_HEAD_BYTES + b"\r\nContent-Length: 0\r\n\r\n"
    async with connected(large) as connection:
        with pytest.raises(AnswerInvalid):
            await connection.request(REQUEST, SECONDS)
    async with connected(FULL, max_body=1) as connection:
        with pytest.raises(AnswerInvalid):
            await connection.request(REQUEST, SECONDS)
    async with connected(FULL, max_body=2) as connection:
        assert (await connection.request(REQUEST, SECONDS)).ok


@pytest.mark.parametrize("stray", [(FULL, FULL), (FULL + FULL,), (FULL + FULL[:30],), (FULL, b"H")])
async def test_what_nobody_asked_for_ends_the_connection(stray):
    async with connected(*stray) as connection:
        assert (await connection.request(REQUEST, SECONDS)).ok
        async with asyncio.timeout(SECONDS):
            while connection.reusable:  # noqa: ASYNC110 - what is waited for is the server's doing
                await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/a b", {}),
        ("/a\r\nX-Evil: yes", {}),
        ("/", {"X": "a\r\nX-Evil: yes"}),
        ("/", {"X": "a\nX-Evil: yes"}),
        ("/", {"X": "a\rb"}),
        ("/", {"X": "a\0b"}),
        ("/", {"X: y\r\nX-Evil": "yes"}),
        ("/", {"X": "☂"}),
    ],
)
def test_a_request_stays_one_request(target, headers):
    with pytest.raises(ValueError, match=r"one line each|latin-1"):
        encode("GET", target, "peer", headers, None)
    assert encode("POST", "/a%20b", "peer", {"X": "fine: yes"}, b"{}") == (
        b"POST /a%20b HTTP/1.1\r\nHost: peer\r\nContent-Length: 2\r\nX: fine: yes\r\n\r\n{}"
    )

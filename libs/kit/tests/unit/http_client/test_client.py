"""The upstream client against a real server on a socket."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from myclothes_kit import deadlines
from myclothes_kit.http_client import AnswerInvalid, Policy, UpstreamUnavailable, open_upstream

QUICK = Policy(
    connect_seconds=0.2,
    read_seconds=0.2,
    deadline_seconds=1.0,
    connection_seconds=0.2,
    max_connections=3,
    max_answer_bytes=1000,
)
GENEROUS_SECONDS = 20.0
"""For what takes a second and would otherwise take for ever."""
KEY = {"Idempotency-Key": "operation-1"}


class Peer:
    """A service that answers by a script: one handler a request, the last one for all further."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.connections = []

    async def handle(self, request):
        self.requests.append((request.method, request.path_qs, dict(request.headers), await request.read()))
        self.connections.append(request.transport.get_extra_info("peername"))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


def says(status=200, body=b"{}", **headers):
    async def answer(_request):
        return web.Response(status=status, body=body, headers=headers)

    return answer


async def hangs(_request):
    await asyncio.sleep(30)


async def resets(request):
    request.transport.abort()
    await asyncio.sleep(0)
    return web.Response()


@asynccontextmanager
async def serving(peer, policy=QUICK):
    runner = web.ServerRunner(web.Server(peer.handle, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    try:
        async with open_upstream("peer", f"http://127.0.0.1:{port}", policy) as upstream:
            yield upstream
    finally:
        await runner.cleanup()


async def test_sends_what_it_is_given_and_answers_what_it_gets():
    peer = Peer(says(201, b'{"a":1}', ETag='"7"'))
    async with serving(peer) as upstream:
        answer = await upstream.request("POST", "/v1/x%20y?q=a%26b", headers=KEY, body=b'{"b":2}')
    assert (answer.status, answer.body, answer.headers["etag"], answer.json(dict)) == (201, b'{"a":1}', '"7"', {"a": 1})
    ((method, path, headers, body),) = peer.requests
    assert (method, path, body) == ("POST", "/v1/x%20y?q=a%26b", b'{"b":2}')
    assert headers["Idempotency-Key"] == "operation-1"
    assert headers["Content-Type"] == "application/json"


async def test_a_refusal_is_an_answer():
    async with serving(Peer(says(409, b"{}"))) as upstream:
        answer = await upstream.request("POST", "/", headers=KEY, body=b"{}")
    assert (answer.status, answer.ok) == (409, False)


@pytest.mark.parametrize("failure", [says(502), says(503), says(504), hangs, resets])
async def test_an_idempotent_request_is_repeated_on_new_connections_until_it_is_answered(failure):
    peer = Peer(failure, failure, says(200, b"[1]"))
    async with serving(peer) as upstream:
        answer = await upstream.request("POST", "/", headers=KEY, body=b"{}")
    assert answer.json(list) == [1]
    assert len(peer.requests) == 3
    assert len(set(peer.connections)) == 3
    assert {headers["Idempotency-Key"] for _, _, headers, _ in peer.requests} == {"operation-1"}


@pytest.mark.parametrize("failure", [says(503), hangs, resets])
async def test_a_write_without_an_operation_id_is_sent_once(failure):
    peer = Peer(failure, says(200))
    async with serving(peer) as upstream:
        if failure in (hangs, resets):
            with pytest.raises(UpstreamUnavailable):
                await upstream.request("POST", "/", body=b"{}")
        else:
            assert (await upstream.request("POST", "/", body=b"{}")).status == 503
    assert len(peer.requests) == 1


async def test_repeats_end_with_the_deadline():
    peer = Peer(says(503))
    async with (
        serving(peer, replace(QUICK, deadline_seconds=2 * GENEROUS_SECONDS)) as upstream,
        asyncio.timeout(GENEROUS_SECONDS),
    ):
        with pytest.raises(UpstreamUnavailable):
            await upstream.request("GET", "/", deadline_seconds=1.0)
    assert len(peer.requests) > 1


async def test_all_calls_of_a_request_share_its_deadline():
    peer = Peer(hangs)
    async with serving(peer) as upstream:
        with deadlines.within(0.3):
            for _ in range(5):
                with pytest.raises(UpstreamUnavailable):
                    await upstream.request("GET", "/")
    # two attempts and a bit of the first call, and one of next to no length for each of the others
    assert len(peer.requests) <= 2 + 5
    assert deadlines.left(1.0) > 0.9


async def test_a_service_that_is_slow_for_everybody_is_answered_in_the_end():
    async def slow(_request):
        await asyncio.sleep(0.5)
        return web.Response()

    peer = Peer(slow)
    async with serving(peer, replace(QUICK, deadline_seconds=5.0)) as upstream:
        assert (await upstream.request("GET", "/")).ok
    # 0.2 s and 0.4 s are too short, 0.8 s is not
    assert len(peer.requests) == 3


async def test_what_was_kept_beside_a_connection_that_hangs_is_not_used_again():
    answering, hanging = asyncio.Event(), asyncio.Event()

    async def when_all_have_come(_request):
        await answering.wait()
        return web.Response()

    async def hangs_from_now_on(request):
        return await (hangs if hanging.is_set() else when_all_have_come)(request)

    peer = Peer(hangs_from_now_on)
    async with serving(peer, replace(QUICK, read_seconds=2.0, connection_seconds=60.0)) as upstream:
        calls = [asyncio.create_task(upstream.request("GET", "/")) for _ in range(3)]
        async with asyncio.timeout(5):
            while len(peer.requests) < len(calls):  # noqa: ASYNC110 - the peer is a list
                await asyncio.sleep(0.01)
        answering.set()
        await asyncio.gather(*calls)
        kept = set(peer.connections)
        hanging.set()
        with pytest.raises(UpstreamUnavailable):
            await upstream.request("GET", "/", deadline_seconds=0.2)
        assert peer.connections[len(calls)] in kept
        peer.answers = [says(200)]
        assert (await upstream.request("GET", "/")).ok
    assert peer.connections[-1] not in kept


async def test_a_retry_after_beyond_the_deadline_is_passed_on_at_once():
    peer = Peer(says(503, **{"Retry-After": "7"}))
    async with serving(peer) as upstream:
        with pytest.raises(UpstreamUnavailable) as caught:
            await upstream.request("GET", "/")
    assert caught.value.retry_after == 7
    assert len(peer.requests) == 1


async def test_a_retry_after_within_the_deadline_is_waited_for():
    peer = Peer(says(503, **{"Retry-After": "1"}), says(200))
    async with serving(peer) as upstream:
        started = time.monotonic()
        assert (await upstream.request("GET", "/", deadline_seconds=4)).ok
        assert time.monotonic() - started >= 1


async def test_a_server_that_is_not_there_is_unavailable():
    async with open_upstream("peer", "http://127.0.0.1:1", QUICK) as upstream:
        with pytest.raises(UpstreamUnavailable):
            await upstream.request("GET", "/", deadline_seconds=0.2)


async def test_more_than_its_share_is_refused_at_once():
    released = asyncio.Event()

    async def waits(_request):
        await released.wait()
        return web.Response()

    peer = Peer(waits)
    async with serving(peer, Policy(max_connections=3)) as upstream:
        under_way = [asyncio.create_task(upstream.request("GET", "/")) for _ in range(3)]
        async with asyncio.timeout(5):
            while len(peer.requests) < 3:  # noqa: ASYNC110 - what is waited for is another task's doing
                await asyncio.sleep(0.005)
        with pytest.raises(UpstreamUnavailable):
            await upstream.request("GET", "/")
        released.set()
        assert [answer.status for answer in await asyncio.gather(*under_way)] == [200] * 3
        assert (await upstream.request("GET", "/")).ok


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_answer_that_is_too_large_is_not_read(chunked):
    async def flood(request):
        response = web.StreamResponse(headers={} if chunked else {"Content-Length": "1001"})
        if chunked:
            response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(b"x" * 1001)
        return response

    async with serving(Peer(flood)) as upstream:
        with pytest.raises(AnswerInvalid):
            await upstream.request("GET", "/")
    async with serving(Peer(says(200, b"x" * 1000))) as upstream:
        assert len((await upstream.request("GET", "/")).body) == 1000


async def test_connections_are_kept_but_not_for_long():
    peer = Peer(says())
    async with serving(peer) as upstream:
        for _ in range(5):
            await upstream.request("GET", "/")
        assert len(set(peer.connections)) == 1
        async with asyncio.timeout(5):
            while len(set(peer.connections)) < 3:
                await upstream.request("GET", "/")
                await asyncio.sleep(0.01)


async def test_an_answer_outside_its_shape_is_invalid():
    async with serving(Peer(says(200, b'{"a": "b"}'))) as upstream:
        answer = await upstream.request("GET", "/")
    with pytest.raises(AnswerInvalid):
        answer.json(dict[str, int])
    assert answer.json(dict[str, str]) == {"a": "b"}

"""What the edge refuses, each with what it allows."""

from __future__ import annotations

import asyncio
import base64
import time

import pytest

JSON = {"Content-Type": "application/json"}


async def raw(url, text, *, seconds=10):
    """What the server answers to bytes as they are, until it closes."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(text.encode("latin-1"))
        await writer.drain()
        async with asyncio.timeout(seconds):
            return (await reader.read()).decode("latin-1")
    except ConnectionResetError:
        return ""
    finally:
        writer.close()


async def test_a_planted_session_id_is_worth_nothing_after_the_login(shopper, skus):
    attacker, victim = shopper(), shopper()
    await attacker.add(skus[0])
    victim.plant(attacker.cookie)
    account = await victim.register()
    assert victim.cookie != attacker.cookie
    await attacker.call("GET", "/account", expect=401)
    assert (await victim.call("GET", "/account", expect=200))["email"] == account["email"]
    # and a login over a login changes the id, too, and ends the old one
    before = victim.cookie
    await victim.log_in(account)
    attacker.plant(before)
    await attacker.call("GET", "/account", expect=401)
    await victim.call("GET", "/account", expect=200)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "OWN", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "OWN.evil.example"}, 403),
        ({"Origin": "OWN", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "OWN"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({}, 200),
    ],
)
async def test_another_sites_page_cannot_write(rig, shopper, skus, headers, status):
    ann = shopper()
    sent = {name: value.replace("OWN", rig.gateway.url) for name, value in headers.items()}
    answer = await ann.call("POST", "/cart/lines", {"sku": skus[0], "quantity": 1}, headers=sent, expect=status)
    if status == 403:
        assert answer["code"] == "cross_site"
        assert ann.cookie is None
    await ann.call("GET", "/cart", headers=sent, expect=200)


async def test_a_tampered_cookie_is_no_session(shopper, skus):
    ann, forger = shopper(), shopper()
    await ann.register()
    await ann.add(skus[0])
    raw_cookie = bytearray(base64.urlsafe_b64decode(ann.cookie + "=="))
    for place in range(len(raw_cookie)):
        forged = bytearray(raw_cookie)
        forged[place] ^= 1
        value = base64.urlsafe_b64encode(forged).decode().rstrip("=")
        forger.plant(value)
        assert await forger.lines() == {}, place
    for value in ("", "x", "0" * 78, "é" * 78, ann.cookie[:-1], ann.cookie + "A", "A" * 4000):
        forger.http.cookie_jar.clear()
        assert (await forger.call("GET", "/cart", headers={"Cookie": f"myclothes={value}"}, expect=200))["lines"] == []
    forger.plant(ann.cookie)
    assert await forger.lines() == {skus[0]: 1}


async def test_no_header_can_be_injected(rig, shopper):
    ann = shopper()
    await ann.call("GET", "/cart", headers={"X-Request-Id": "fine-id_1.2"}, expect=200)
    assert ann.last.headers["X-Request-Id"] == "fine-id_1.2"
    for value in ("a b", "x" * 65, "a;b"):
        await ann.call("GET", "/cart", headers={"X-Request-Id": value}, expect=200)
        assert ann.last.headers["X-Request-Id"] != value
    for path in (
        "/api/v1/products/a%0d%0aX-Evil:%20yes",
        "/api/v1/products?cursor=%0d%0aX-Evil:%20yes",
        "/%0d%0aX-Evil: yes",
    ):
        answer = await raw(rig.gateway.url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith("HTTP/1.1 4")
        assert "x-evil" not in answer.split("\r\n\r\n")[0].lower()
    bad = "a\r\nX-Evil: yes"
    answer = await ann.http.get("/api/v1/cart", params={"x": bad})
    assert "X-Evil" not in answer.headers
    problem = await ann.call("DELETE", "/cart/lines/a", key="bad key with spaces", expect=400)
    assert problem["code"] == "idempotency_key_invalid"


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large_is_refused(shopper, announced):
    """On a connection that stays open: one that the server closes may be reset before its answer has been read."""

    async def pieces(body):
        yield body

    ann = shopper()
    for size, status in [(70_000, 413), (60_000, 422)]:
        body = b'{"sku":"no-such","quantity":1,"x":"' + b"x" * size + b'"}'
        data = body if announced else pieces(body)
        headers = {"Content-Type": "application/json", "Idempotency-Key": "a-large-body"}
        async with ann.http.post("/api/v1/cart/lines", data=data, headers=headers) as answer:
            assert answer.status == status


async def test_a_slow_client_holds_nothing_up(rig, shopper, skus):
    head = (
        "POST /api/v1/cart/lines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    )
    with rig.gateway_with(body_seconds=1.5, max_concurrent=2) as gateway:
        started = time.monotonic()
        slow = [asyncio.create_task(raw(gateway.url, head + "{")) for _ in range(10)]
        slow += [asyncio.create_task(raw(gateway.url, "POST /api/v1/cart/lines HTT")) for _ in range(10)]
        await asyncio.sleep(0)
        ann = shopper(gateway.url)
        await ann.add(skus[0])
        while time.monotonic() - started < 1.2:
            await ann.call("PUT", f"/cart/lines/{skus[0]}", {"quantity": 2}, expect=200)
            await asyncio.sleep(0.02)  # as fast as it goes would meet the limit on browsing
        answers = await asyncio.gather(*slow)
        assert all(answer.startswith("HTTP/1.1 408") for answer in answers[:10])
        assert answers[10:] == [""] * 10


async def test_more_than_a_replica_can_do_is_shed_not_queued(rig, shopper, skus):
    arrived, released = asyncio.Semaphore(0), asyncio.Event()

    async def slow_cart(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        arrived.release()
        await released.wait()
        body = b'{"id":"x","version":1,"lines":[]}'
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    async with await asyncio.start_server(slow_cart, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        patience = {"upstream_read_seconds": 60, "deadline_seconds": 60}
        with rig.gateway_with(max_concurrent=2, cart_url=url, **patience) as gateway:
            ann = shopper(gateway.url)
            ann.plant((await _with_a_cart(shopper, skus)).cookie)
            waiting = [asyncio.create_task(ann.call("GET", "/cart", expect=200)) for _ in range(2)]
            async with asyncio.timeout(30):
                for _ in waiting:
                    await arrived.acquire()
            problem = await ann.call("GET", "/openapi.json", expect=503)
            assert problem["code"] == "busy"
            assert ann.last.headers["Retry-After"] == "1"
            async with ann.http.get("/livez") as answer:
                assert answer.status == 200
            released.set()
            await asyncio.gather(*waiting)
            await ann.call("GET", "/openapi.json", expect=200)


async def _with_a_cart(shopper, skus):
    ann = shopper()
    await ann.add(skus[0])
    return ann


async def test_browsing_is_limited_by_address(rig, shopper):
    with rig.gateway_with(browsing_per_minute=5, trusted_proxies=1) as gateway:
        ann = shopper(gateway.url)
        statuses = []
        for _ in range(7):
            await ann.call("GET", "/cart", headers={"X-Forwarded-For": "2001:db8::1"})
            statuses.append(ann.last.status)
        assert statuses == [200] * 5 + [429] * 2
        assert ann.last.headers["Retry-After"]
        await ann.call("GET", "/cart", headers={"X-Forwarded-For": "2001:db8:0:0:ffff::"}, expect=429)
        await ann.call("GET", "/cart", headers={"X-Forwarded-For": "2001:db8:0:1::1"}, expect=200)
        async with ann.http.get("/livez") as answer:
            assert answer.status == 200


async def test_every_answer_is_protected(rig, shopper):
    ann = shopper()
    for path in ("/cart", "/products", "/nothing", "/openapi.json", "/"):
        async with ann.http.get(f"/api/v1{path}") as answer:
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert "Strict-Transport-Security" not in answer.headers
            assert "Server" not in answer.headers
    with rig.gateway_with(public_origin="https://shop.example") as gateway:
        bob = shopper(gateway.url)
        await bob.call("DELETE", "/session", headers={"Origin": "https://shop.example"}, expect=204)
        assert bob.last.headers["Strict-Transport-Security"].startswith("max-age=")
        cookie = bob.last.headers["Set-Cookie"]
        assert cookie.startswith("__Host-myclothes=")
        for attribute in ("HttpOnly", "SameSite=Lax", "Path=/", "Secure", "Max-Age=2592000"):
            assert f"; {attribute}" in cookie
        assert "domain" not in cookie.lower()
        await bob.call("DELETE", "/session", headers={"Origin": gateway.url}, expect=403)

"""Who is calling, from where, and how often."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from myclothes_gateway.clients import Browsing, client_address, counted_as
from myclothes_gateway.cookies import Cookies
from myclothes_gateway.edge import Edge, protective_headers
from myclothes_gateway.origins import is_own
from myclothes_gateway.places import Place
from myclothes_gateway.sessions.codec import SessionCodec
from myclothes_gateway.sessions.keyring import Keyring
from myclothes_gateway.settings import GatewaySettings

SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("origins", "sites", "own"),
    [
        ([], [], True),
        ([SHOP], [], True),
        (["HTTPS://Shop.Example"], [], True),
        ([], ["same-origin"], True),
        ([], ["none"], True),
        ([SHOP], ["same-origin"], True),
        (["http://shop.example"], [], False),
        (["https://shop.example:444"], [], False),
        (["https://a.shop.example"], [], False),
        (["null"], [], False),
        ([""], [], False),
        ([SHOP, "https://evil.example"], [], False),
        ([SHOP], ["same-site"], False),
        ([SHOP], ["cross-site"], False),
        ([], ["same-origin", "cross-site"], False),
    ],
)
def test_only_the_shops_own_pages_may_write(origins, sites, own):
    assert is_own(SHOP, origins, sites) is own


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        (["203.0.113.9"], 0, "10.0.0.1"),
        ([], 1, "10.0.0.1"),
        (["203.0.113.9"], 1, "203.0.113.9"),
        (["198.51.100.1, 203.0.113.9"], 1, "203.0.113.9"),
        (["198.51.100.1", "203.0.113.9"], 1, "203.0.113.9"),
        (["198.51.100.1, 203.0.113.9"], 2, "198.51.100.1"),
        (["203.0.113.9"], 2, "10.0.0.1"),
        (["203.0.113.9, nonsense"], 1, "10.0.0.1"),
        (["2001:DB8::1"], 1, "2001:db8::1"),
    ],
)
def test_what_our_own_proxies_say_is_believed_and_no_more(forwarded, proxies, address):
    assert client_address("10.0.0.1", forwarded, proxies) == address


def test_an_ipv6_customer_counts_once():
    assert counted_as("2001:db8:1:2::1") == counted_as("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert counted_as("2001:db8:1:3::1") != counted_as("2001:db8:1:2::1")
    assert counted_as("::ffff:192.0.2.1") == counted_as("192.0.2.1") == "192.0.2.1"
    assert counted_as("unix") == "unix"


def test_browsing_is_a_bucket_that_refills():
    now = [0.0]
    browsing = Browsing(60, clock=lambda: now[0])
    assert [browsing.allows("a") for _ in range(61)] == [True] * 60 + [False]
    assert browsing.allows("b")
    now[0] = 2.0
    assert [browsing.allows("a") for _ in range(3)] == [True, True, False]


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "keys").write_text("k" * 32)

    def make(**changes):
        return GatewaySettings(signing_keys_file=tmp_path / "keys", **changes)

    return make


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80", SHOP])
def test_these_origins_are_fine(settings, origin):
    assert settings(public_origin=origin).secure is origin.startswith("https")


@pytest.mark.parametrize(
    "origin", ["http://shop.example", "https://shop.example/", "shop.example", "ftp://shop.example", "https://"]
)
def test_these_origins_are_refused(settings, origin):
    with pytest.raises(ValidationError):
        settings(public_origin=origin)
    assert not settings(public_origin="http://shop.example", insecure=True).secure


def test_pictures_may_come_from_named_origins_alone(settings):
    headers = dict(protective_headers(settings(picture_origins=["https://cdn.example"])))
    assert b"img-src 'self' data: https://cdn.example;" in headers[b"content-security-policy"]
    with pytest.raises(ValidationError):
        settings(picture_origins=["https://cdn.example; script-src *"])
    assert b"img-src 'self' data:;" in dict(protective_headers(settings()))[b"content-security-policy"]


@pytest.mark.parametrize(("secure", "name"), [(True, "__Host-myclothes"), (False, "myclothes")])
def test_the_cookie_of_another_name_is_not_looked_at(settings, secure, name):
    codec = SessionCodec(Keyring(settings().signing_keys_file), 30)
    cookies = Cookies(codec, secure=secure, days=30)
    session = cookies.read([])
    assert cookies.write(session) == []
    session.ensure()
    ((header, value),) = cookies.write(session)
    assert header == b"set-cookie"
    pair = value.split(b";")[0]
    assert pair.startswith(name.encode() + b"=")
    assert cookies.read([b"a=b; " + pair + b"; c=d"]).id == session.id
    assert cookies.read([b"a=b", pair]).id == session.id
    assert cookies.read([b"x" + pair]).id is None
    other = b"myclothes" if secure else b"__Host-myclothes"
    assert cookies.read([other + b"=" + pair.split(b"=")[1]]).id is None


@pytest.mark.parametrize(
    ("rest", "arrived"),
    [([{"type": "http.request", "body": b"b"}], [b"ab"]), ([{"type": "http.disconnect"}], [])],
)
async def test_a_body_that_was_cut_off_is_handled_by_nobody(settings, rest, arrived):
    messages, handled = [{"type": "http.request", "body": b"a", "more_body": True}, *rest], []

    async def app(scope, receive, _send):
        handled.append(await Request(scope, receive).body())

    async def receive():
        return messages.pop(0)

    codec = SessionCodec(Keyring(settings().signing_keys_file), 30)
    cookies = Cookies(codec, secure=False, days=30)
    edge = Edge(app, settings=settings(), cookies=cookies, show=lambda _request, problem: problem.response())
    scope = {"type": "http", "method": "POST", "path": "/account", "headers": []}
    with nullcontext() if arrived else pytest.raises(ClientDisconnect):
        await edge(scope, receive, None)
    assert handled == arrived


@pytest.mark.parametrize(("status", "good"), [(200, True), (409, True), (500, False), (503, False), (None, False)])
async def test_only_a_good_answer_counts_as_one(settings, monkeypatch, status, good):
    places = []

    class Noted(Place):
        def __init__(self):
            super().__init__()
            places.append(self)

    monkeypatch.setattr("myclothes_gateway.places.Place", Noted)

    async def app(scope, receive, send):
        if status is not None:
            await Response(status_code=status)(scope, receive, send)

    async def send(_message):
        pass

    codec = SessionCodec(Keyring(settings().signing_keys_file), 30)
    cookies = Cookies(codec, secure=False, days=30)
    edge = Edge(app, settings=settings(), cookies=cookies, show=lambda _request, problem: problem.response())
    await edge({"type": "http", "method": "GET", "path": "/", "headers": []}, None, send)
    assert [place.answered for place in places] == [good]

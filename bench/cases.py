"""What is measured: each case is a request, repeated, against one port of the stack."""

from __future__ import annotations

import http.client
import itertools
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from myclothes_stores.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.stack import Stack

CARTS = 4000
"""Carts (and sessions) that the requests rotate over: what a busy minute looks like, and no cart's limit is met."""
CART_LINES = 3
ACCOUNTS = 4
PASSWORD = "a long enough phrase"  # noqa: S105 - of an account of this run's own


@dataclass(frozen=True)
class Case:
    """One row of the table. `variants` are (method, path, headers, body) to rotate over."""

    name: str
    target: str
    parts: Sequence[str]
    """The processes whose CPU a request costs."""
    variants: Sequence[Request]
    writes: bool = False
    connections: int = 32


@dataclass(frozen=True)
class Request:
    """What is sent; a write gets a fresh operation id each time."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


def all_cases(stack: Stack) -> Iterator[Case]:
    """The table's rows, in its order; fills the carts and makes the accounts that they need."""
    skus, handles = _catalogue(stack)
    yield Case("nginx, a static file", "nginx", ["nginx"], [Request("GET", "/cart.json")])
    yield Case("uvicorn, bare", "uvicorn", ["uvicorn"], [Request("GET", "/")])
    carts = _fill_carts(stack, skus)
    reads = [Request("GET", f"/v1/carts/{cart}") for cart in carts]
    yield Case("cart read, direct", "cart", ["cart", "valkey"], reads)
    yield Case("cart read, nginx in front", "nginx", ["nginx", "cart", "valkey"], reads)
    adds = [
        Request("POST", f"/v1/carts/{cart}/lines", _JSON, json.dumps({"sku": skus[0], "quantity": 1})) for cart in carts
    ]
    stores = ["valkey", "replicas"]
    yield Case(
        "cart add, no acknowledgement", "cart-unacknowledged", ["cart-unacknowledged", *stores], adds, writes=True
    )
    yield Case("cart add, acknowledged", "cart", ["cart", *stores], adds, writes=True)
    sessions = _sessions(stack, skus)
    edge = ["gateway", "cart", *stores]
    yield Case("cart read, gateway", "gateway", edge, [Request("GET", "/api/v1/cart", _cookie(s)) for s in sessions])
    one = json.dumps({"sku": skus[0], "quantity": 1})
    adding = [Request("POST", "/api/v1/cart/lines", _JSON | _cookie(s), one) for s in _sessions(stack, [])]
    yield Case("cart add, gateway", "gateway", edge, adding, writes=True)
    catalogue = ["gateway", "shop", "cache", "postgres"]
    pages = [Request("GET", f"/products/{handle}") for handle in handles]
    documents = [Request("GET", f"/api/v1/products/{handle}") for handle in handles]
    yield Case("product page, warm", "gateway", catalogue, pages)
    yield Case("product JSON, warm", "gateway", catalogue, documents)
    cold = ["gateway-cold", "shop-uncached", "postgres"]
    yield Case("product page, no cache", "gateway-cold", cold, pages, connections=8)
    yield Case("product JSON, no cache", "gateway-cold", cold, documents, connections=8)
    everything = ["gateway", "users", "shop", "postgres", *edge[1:]]
    yield Case("login", "gateway", everything, list(_logins(stack)), writes=True, connections=2)


_JSON = {"Content-Type": "application/json"}


def _cookie(value: str) -> dict[str, str]:
    return {"Cookie": value}


def _call(
    connection: http.client.HTTPConnection, request: Request, *, expect: int
) -> tuple[dict[str, object], str | None]:
    headers = dict(request.headers)
    if request.method != "GET":
        headers["Idempotency-Key"] = secrets.token_hex(16)
    connection.request(request.method, request.path, request.body or None, headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != expect:
        raise SystemExit(f"{request.method} {request.path}: {answer.status} {body[:300]!r}")
    return json.loads(body), answer.getheader("Set-Cookie")


def _catalogue(stack: Stack) -> tuple[list[str], list[str]]:
    """Skus in stock and handles of the sample catalogue."""
    connection = http.client.HTTPConnection(HOST, stack.ports["shop"])
    page, _ = _call(connection, Request("GET", "/v1/products?limit=48"), expect=200)
    handles = [item["handle"] for item in page["items"] if item["available"]]  # type: ignore[attr-defined]
    skus: list[str] = []
    for handle in handles[:CART_LINES]:
        product, _ = _call(connection, Request("GET", f"/v1/products/{handle}"), expect=200)
        skus.append(next(v["sku"] for v in product["variants"] if v["available"]))  # type: ignore[attr-defined]
    return skus, handles


def _fill_carts(stack: Stack, skus: Sequence[str]) -> list[str]:
    connection = http.client.HTTPConnection(HOST, stack.ports["cart"])
    carts = [f"guest-{number:032x}" for number in range(CARTS)]
    for cart, sku in itertools.product(carts, skus):
        line = Request("PUT", f"/v1/carts/{cart}/lines/{sku}", _JSON, '{"quantity": 2}')
        _call(connection, line, expect=200)
    return carts


def _sessions(stack: Stack, skus: Sequence[str]) -> list[str]:
    """Cookies of guests that have `skus` in their carts, or one line of their own."""
    connection = http.client.HTTPConnection(HOST, stack.ports["gateway"])
    cookies = []
    first, _ = _catalogue(stack)
    for _ in range(CARTS if not skus else CARTS // 4):
        cookie: dict[str, str] = {}
        for sku in skus or first[:1]:
            body = json.dumps({"sku": sku, "quantity": 1})
            _, set_cookie = _call(connection, Request("POST", "/api/v1/cart/lines", _JSON | cookie, body), expect=200)
            if set_cookie:
                cookie = _cookie(set_cookie.partition(";")[0])
        cookies.append(cookie["Cookie"])
    return cookies


def _logins(stack: Stack) -> Iterator[Request]:
    connection = http.client.HTTPConnection(HOST, stack.ports["gateway"])
    for number in range(ACCOUNTS):
        email = f"shopper-{number}@example.com"
        account = json.dumps({"email": email, "password": PASSWORD, "name": "A Shopper"})
        _call(connection, Request("POST", "/api/v1/account", _JSON, account), expect=201)
        yield Request("POST", "/api/v1/session", _JSON, json.dumps({"email": email, "password": PASSWORD}))

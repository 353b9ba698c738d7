"""The shop's OpenAPI document, made from the types that parse its requests: `python -m myclothes_shop.openapi`."""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple

import msgspec

from myclothes_kit import idempotency, openapi
from myclothes_kit.postgres import HEADER, PATTERN
from myclothes_shop.domain import addresses, catalogue, checkout
from myclothes_shop.handlers import orders


class OrderConflict(openapi.Problem):
    """What is so now (`checkout_conflict`), or the order there is already (`cart_already_ordered`)."""

    lines: list[checkout.LineConflict] | msgspec.UnsetType = msgspec.UNSET
    number: str | msgspec.UnsetType = msgspec.UNSET


class Call(NamedTuple):
    """One operation: its summary, query, body, answers and failures."""

    summary: str
    status: int
    answer: type | None
    failures: tuple[int, ...] = ()
    query: type | None = None
    body: type | None = None
    writes: bool = False
    tagged: bool = False


_REFUSED_BODY = (400, 413, 415, 422)
_WHY = {
    400: "It cannot be parsed, a header is missing or malformed, or the cursor was not given out for this list.",
    404: "There is no such product or order.",
    408: "The body took too long to arrive.",
    409: "The state has changed meanwhile.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The payload breaks a rule, or the operation id was used for another request; `errors` name the fields.",
    503: "The database cannot promise an answer now; repeat under the same operation id.",
}
_PATHS = {
    "handle": {"pattern": "^[a-z0-9-]{1,100}$", "minLength": 1, "maxLength": 100},
    "number": {"pattern": checkout.NUMBER_PATTERN, "minLength": 12, "maxLength": 12},
    "owner": {"pattern": checkout.OWNER_PATTERN, "minLength": 38, "maxLength": 40},
}

CALLS: dict[tuple[str, str], Call] = {
    ("get", "/v1/products"): Call(
        "List products", 200, catalogue.ProductPage, (400, 422), query=catalogue.Search, tagged=True
    ),
    ("get", "/v1/products/{handle}"): Call("Show a product", 200, catalogue.Product, (404,), tagged=True),
    ("get", "/v1/facets"): Call(
        "Say how a list can be narrowed", 200, catalogue.Facets, (422,), query=catalogue.FacetSearch, tagged=True
    ),
    ("get", "/v1/variants"): Call(
        "Show the variants of a cart", 200, catalogue.CartVariants, (422,), query=catalogue.Skus, tagged=True
    ),
    ("post", "/v1/orders"): Call(
        "Place an order", 201, checkout.Order, (*_REFUSED_BODY, 409), body=checkout.OrderRequest, writes=True
    ),
    ("get", "/v1/orders"): Call("List orders", 200, checkout.OrderPage, (400, 422), query=orders.List),
    ("get", "/v1/orders/{number}"): Call("Show an order", 200, checkout.Order, (400, 404, 422), query=orders.Whose),
    ("post", "/v1/orders/{number}/cancel"): Call(
        "Cancel an order", 200, checkout.Order, (400, 404, 409, 422), query=orders.Whose, writes=True
    ),
    ("post", "/v1/owners/{owner}/claim"): Call(
        "Make a guest's orders an account's", 204, None, (*_REFUSED_BODY, 409), body=orders.Claim, writes=True
    ),
    ("delete", "/v1/owners/{owner}"): Call("Erase the person of orders", 204, None, (400, 422), writes=True),
    ("get", "/v1/owners/{owner}/export"): Call("Export a person's orders", 200, checkout.OrderExport, (400, 422)),
}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    kinds: set[type] = {openapi.Problem, OrderConflict}
    kinds |= {kind for call in CALLS.values() for kind in (call.body, call.answer) if kind}
    schemas = openapi.schemas(sorted(kinds, key=lambda kind: kind.__name__))
    country = schemas["Address"]["properties"]["country"]
    schemas["Address"]["properties"]["country"] = {
        "type": "string",
        "enum": sorted(addresses.countries()),
        "description": f"{country['description']}. It decides which of city, region and postal_code are required.",
    }
    # none at all is for repeats only, and nothing to begin with
    schemas["OrderRequest"]["properties"]["lines"]["minItems"] = 1
    made = openapi.document(
        "shop",
        "Products, prices, stock, search and orders. Internal: for the gateway.",
        {at: _operation(*at, call) for at, call in CALLS.items()},
        schemas,
    )
    # Python's $ also stands before a last line feed, which this forbids; JSON Schema's does not
    cleaned: dict[str, Any] = json.loads(json.dumps(made).replace(r"(?!\n)", ""))
    return cleaned


def _operation(method: str, path: str, call: Call) -> dict[str, Any]:
    return openapi.operation(method, path, call.summary, _parameters(path, call), _answers(call), call.body)


def _parameters(path: str, call: Call) -> list[dict[str, Any]]:
    names = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
    found = [openapi.parameter("path", name, {"type": "string", **_PATHS[name]}) for name in names]
    if call.query:
        shape = openapi.schemas([call.query])[call.query.__name__]
        required = shape.get("required", [])
        found += [
            openapi.parameter("query", name, schema, required=name in required)
            for name, schema in shape["properties"].items()
        ]
    if call.writes:
        found.append(openapi.parameter("header", idempotency.HEADER, openapi.OPERATION_ID))
    elif call.tagged:
        found.append(openapi.parameter("header", "If-None-Match", {"type": "string"}, required=False))
    else:
        reached = {"type": "string", "pattern": PATTERN, "minLength": 5, "maxLength": 28, "examples": ["1/0/0"]}
        found.append(openapi.parameter("header", HEADER, reached, required=False))
    return found


def _answers(call: Call) -> dict[str, Any]:
    if call.tagged:
        headers = {"ETag": {"schema": {"type": "string"}}}
    else:
        headers = {HEADER: {"schema": {"type": "string", "pattern": PATTERN}}}
    shown = openapi.content("application/json", call.answer)
    answers: dict[str, Any] = {str(call.status): {"description": "Done.", "headers": headers, **shown}}
    if call.tagged:
        answers["304"] = {"description": "The caller has it.", "headers": headers}
    for status in sorted({*call.failures, *((408,) if call.body else ()), 503}):
        kind = OrderConflict if status == 409 and call.body else openapi.Problem  # noqa: PLR2004 - a status is its own name
        answers[str(status)] = openapi.failure(_WHY[status], retry=status in (409, 503), kind=kind)
    return answers


def text() -> str:
    """The document as it is kept in openapi.json."""
    return openapi.text(document())


if __name__ == "__main__":
    sys.stdout.write(text())

"""The service's OpenAPI document, made from the types that parse its requests: `python -m myclothes_cart.openapi`."""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple

from myclothes_cart import domain, handlers
from myclothes_kit import idempotency, openapi


class Call(NamedTuple):
    """One operation: its summary, body and failures."""

    summary: str
    failures: tuple[int, ...]
    body: type | None = None


_WRITE = (400, 409, 422, 429)
_BODY = (*_WRITE, 408, 413, 415)
_WHY = {
    400: "It cannot be parsed, or a header is missing or malformed.",
    408: "The body took too long to arrive.",
    409: "`cart_forwards_too_often`: this id was merged on too many times.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The payload breaks a rule (`invalid`; `errors` name the field), or a limit (`cart_line_limit`, "
    "`cart_quantity_limit`), or the operation id was used for another change (`idempotency_key_reused`).",
    429: "`too_many_changes`: the cart remembers no more operation ids for now.",
    503: "The store cannot promise an answer now; repeat under the same operation id.",
}

CALLS: dict[tuple[str, str], Call] = {
    ("get", "/v1/carts/{id}"): Call("Show a cart", (400, 409, 422)),
    ("delete", "/v1/carts/{id}"): Call("Erase a cart", (400, 422)),
    ("post", "/v1/carts/{id}/lines"): Call("Add to a line", _BODY, handlers.NewLine),
    ("put", "/v1/carts/{id}/lines/{sku}"): Call("Set a line's quantity; 0 removes it", _BODY, handlers.NewQuantity),
    ("delete", "/v1/carts/{id}/lines/{sku}"): Call("Remove a line", _WRITE),
    ("post", "/v1/carts/{id}/merge"): Call(
        "Merge another cart in, which forwards here from then on", _BODY, handlers.Source
    ),
    ("post", "/v1/carts/{id}/take"): Call("Take out what was ordered, or as much as is there", _BODY, handlers.Taken),
}
_PATH = {
    "id": {"type": "string", "pattern": domain.CART_ID, "minLength": 38, "maxLength": 40},
    "sku": {"type": "string", "pattern": domain.SKU, "minLength": 1, "maxLength": 64},
}
_VERSION = {"type": "string", "pattern": r"^[0-9]{1,16}$", "minLength": 1, "maxLength": 16}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    made = openapi.document(
        "cart",
        "Carts by id. Internal: for the gateway, and for the shop's outbox.",
        {at: _operation(*at, call) for at, call in CALLS.items()},
        openapi.schemas([domain.Cart, openapi.Problem, *(call.body for call in CALLS.values() if call.body)]),
    )
    # JSON Schema's patterns have no \Z; their $ is the end.
    cleaned: dict[str, Any] = json.loads(json.dumps(made).replace(r"\\Z", "$"))
    return cleaned


def _operation(method: str, path: str, call: Call) -> dict[str, Any]:
    parameters = [openapi.parameter("path", name, schema) for name, schema in _PATH.items() if f"{{{name}}}" in path]
    if method == "get":
        parameters += [
            openapi.parameter("header", handlers.MIN_VERSION, _VERSION, required=False),
            openapi.parameter("header", "If-None-Match", {"type": "string"}, required=False),
        ]
    else:
        parameters.append(openapi.parameter("header", idempotency.HEADER, openapi.OPERATION_ID))
    return openapi.operation(method, path, call.summary, parameters, _answers(method, path, call), call.body)


def _answers(method: str, path: str, call: Call) -> dict[str, Any]:
    etag = {"headers": {"ETag": {"schema": {"type": "string"}, "description": "Names this state of this cart."}}}
    answers: dict[str, Any] = {}
    if (method, path) == ("delete", "/v1/carts/{id}"):
        answers["204"] = {"description": "Erased."}
    else:
        shown = openapi.content("application/json", domain.Cart)
        answers["200"] = {"description": "The cart as it is now.", **etag, **shown}
    if method == "get":
        answers["304"] = {"description": "The caller has it.", **etag}
    for status in sorted({*call.failures, 503}):
        answers[str(status)] = openapi.failure(_WHY[status], retry=status in (429, 503))
    return answers


def text() -> str:
    """The document as it is kept in openapi.json."""
    return openapi.text(document())


if __name__ == "__main__":
    sys.stdout.write(text())

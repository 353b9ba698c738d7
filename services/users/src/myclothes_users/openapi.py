"""The service's OpenAPI document, made from the types that parse its requests: `python -m myclothes_users.openapi`."""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple

import msgspec

from myclothes_kit import idempotency, openapi
from myclothes_kit.postgres import HEADER, PATTERN
from myclothes_users import domain, postal
from myclothes_users.handlers import ID_PATTERN


class Addresses(msgspec.Struct):
    items: list[domain.Address]


class Call(NamedTuple):
    """One operation: its summary, body and answers."""

    summary: str
    answers: dict[int, type | None]
    failures: tuple[int, ...]
    body: type | None = None
    query: type | None = None
    writes: bool = False


_REFUSED_BODY = (400, 413, 415, 422)
_WHY = {
    400: "It cannot be parsed, or a header is missing or malformed.",
    401: "Unknown e-mail or wrong password.",
    403: "The current password is wrong.",
    404: "There is no such account or address.",
    408: "The body took too long to arrive.",
    409: "Another account has this e-mail.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A rule is broken, or the operation id was used for another request; `errors` name the fields.",
    429: "Too many passwords are being checked.",
    503: "The database cannot promise an answer now; repeat under the same operation id.",
}
_ID = {"type": "string", "pattern": ID_PATTERN, "minLength": 32, "maxLength": 32}
_POSITION = {"type": "string", "pattern": PATTERN, "minLength": 5, "maxLength": 28, "examples": ["1/0/0"]}
_DONE = {200: "Done.", 201: "Created.", 202: "Erased here; an erasure is open.", 204: "Done."}

CALLS: dict[tuple[str, str], Call] = {
    ("post", "/v1/accounts"): Call(
        "Register", {201: domain.Account}, (*_REFUSED_BODY, 404, 409, 429), domain.Registration, writes=True
    ),
    ("post", "/v1/logins"): Call(
        "Verify an e-mail and a password", {200: domain.Account}, (*_REFUSED_BODY, 401, 429), domain.Login
    ),
    ("get", "/v1/accounts/{account_id}"): Call("Show an account", {200: domain.Account}, (400, 404)),
    ("patch", "/v1/accounts/{account_id}"): Call(
        "Change name, e-mail or password",
        {200: domain.Account},
        (*_REFUSED_BODY, 403, 404, 409, 429),
        domain.AccountChange,
        writes=True,
    ),
    ("delete", "/v1/accounts/{account_id}"): Call("Delete an account", {202: None}, (400, 404, 422), writes=True),
    ("get", "/v1/accounts/{account_id}/export"): Call("Export a person's data", {200: domain.Export}, (400, 404)),
    ("get", "/v1/accounts/{account_id}/addresses"): Call("List addresses", {200: Addresses}, (400, 404)),
    ("post", "/v1/accounts/{account_id}/addresses"): Call(
        "Add an address", {201: domain.Address}, (*_REFUSED_BODY, 404), domain.AddressFields, writes=True
    ),
    ("put", "/v1/accounts/{account_id}/addresses/{address_id}"): Call(
        "Overwrite an address", {200: domain.Address}, (*_REFUSED_BODY, 404), domain.AddressFields, writes=True
    ),
    ("delete", "/v1/accounts/{account_id}/addresses/{address_id}"): Call(
        "Remove an address", {204: None}, (400, 404, 422), writes=True
    ),
    ("get", "/v1/erasures"): Call(
        "List the erasures that wait for a confirmation",
        {200: domain.ErasurePage},
        (400, 422),
        query=domain.ErasureQuery,
    ),
    ("post", "/v1/erasures/{account_id}/confirmations"): Call(
        "Confirm that a part has erased an account",
        {204: None},
        (*_REFUSED_BODY, 404),
        domain.Confirmation,
        writes=True,
    ),
}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    kinds = {openapi.Problem} | {
        kind for call in CALLS.values() for kind in (call.body, *call.answers.values()) if kind
    }
    schemas = openapi.schemas(sorted(kinds, key=lambda kind: kind.__name__))
    schemas["AddressFields"]["properties"]["country"] = {
        "type": "string",
        "enum": sorted(postal.countries()),
        "description": "ISO 3166-1 alpha-2. It decides which of city, region and postal_code are required, and how.",
    }
    for name in ("Registration", "AccountChange"):
        schemas[name]["properties"]["email"]["format"] = "email"
    made = openapi.document(
        "users",
        "Accounts, logins, addresses, erasures. Internal: for the gateway.",
        {at: _operation(*at, call) for at, call in CALLS.items()},
        schemas,
    )
    # JSON Schema's patterns have no \Z; their $ is the end.
    cleaned: dict[str, Any] = json.loads(json.dumps(made).replace(r"\\Z", "$"))
    return cleaned


def _operation(method: str, path: str, call: Call) -> dict[str, Any]:
    position = {HEADER: {"schema": {"type": "string", "pattern": PATTERN}, "description": "Has all this answer shows."}}
    answers: dict[str, Any] = {
        str(status): {"description": _DONE[status], "headers": position, **openapi.content("application/json", kind)}
        for status, kind in call.answers.items()
    }
    for status in sorted({*call.failures, *((408,) if call.body else ()), 503}):
        answers[str(status)] = openapi.failure(_WHY[status], retry=status in (429, 503))
    names = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
    parameters = [openapi.parameter("path", name, _ID) for name in names]
    if call.writes:
        parameters.append(openapi.parameter("header", idempotency.HEADER, openapi.OPERATION_ID))
    else:
        parameters.append(openapi.parameter("header", HEADER, _POSITION, required=False))
    parameters += _query_parameters(call.query)
    return openapi.operation(method, path, call.summary, parameters, answers, call.body)


def _query_parameters(query: type | None) -> list[dict[str, Any]]:
    properties = openapi.schemas([query])[query.__name__]["properties"] if query else {}
    # a query string cannot say null: a parameter is left out instead
    return [openapi.parameter("query", name, schema["anyOf"][0], required=False) for name, schema in properties.items()]


def text() -> str:
    """The document as it is kept in openapi.json."""
    return openapi.text(document())


if __name__ == "__main__":
    sys.stdout.write(text())

"""The API's OpenAPI 3.1 document, made from the table of operations."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from myclothes_gateway import inputs, models
from myclothes_gateway.api.operations import OPERATIONS, PREFIX
from myclothes_kit import idempotency
from myclothes_kit.problems import MEDIA_TYPE, FieldError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from myclothes_gateway.api.operations import Operation

VERSION = "1.0.0"
RETRY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
REF = "#/components/schemas/{name}"
_DESCRIPTION = """The public API of MyClothes.

The session is a cookie: keep it and send it back. It is set by the first write and when the session has seen newer
states. Writes take an `Idempotency-Key`: send the same one again when an answer did not arrive or was a 503, and the
write is done at most once. Failures are `application/problem+json` (RFC 9457); `code` is stable, `errors` names fields.
Browsers on other sites cannot write (403 `cross_site`)."""
_MEANINGS = {
    200: "Done",
    201: "Created",
    204: "Done; there is nothing to say",
    400: "The request cannot be parsed",
    401: "Not logged in, or e-mail and password do not match",
    403: "The current password is wrong, or another site sent the request",
    404: "There is nothing here",
    408: "The body took too long to arrive",
    409: "The state has changed meanwhile, or is not one in which this can be done",
    413: "The body, or the cart in the cookie, is too large",
    415: "The body is not application/json",
    422: "A value breaks a rule; `errors` names it",
    429: "Too many requests or attempts; wait as long as Retry-After says",
    500: "Something went wrong on our side",
    502: "Another part of the shop answered unexpectedly",
    503: "The answer cannot be promised now; send the same again after Retry-After",
}
_PATH_SCHEMAS: dict[str, dict[str, Any]] = {
    "handle": {"type": "string", "minLength": 1, "maxLength": 255},
    "sku": {"type": "string", "pattern": inputs.SKU_PATTERN},
    "address_id": {"type": "string", "pattern": inputs.HEX_ID_PATTERN},
    "number": {"type": "string", "pattern": inputs.ORDER_NUMBER_PATTERN},
}


def document(cookie: str, *, origin: str = "") -> dict[str, Any]:
    """The document; `cookie` is the name of the session's cookie, `origin` the public one."""
    types = [each for op in OPERATIONS for each in (op.answer, op.body) if each is not None]
    types += [FieldError, models.CartView, models.ConflictLine]
    _, components = msgspec.json.schema_components(types, ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MyClothes",
            "version": VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": origin or "/"}],
        "paths": paths,
        "components": {
            "schemas": {**dict(sorted(components.items())), "Problem": _problem()},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": cookie, "description": "The logged-in session"}
            },
            "headers": {
                "SessionCookie": {"description": "The session, when it has changed", "schema": {"type": "string"}},
                "RequestId": {"description": "The request's id in the shop's logs", "schema": {"type": "string"}},
                "RetryAfter": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.group],
        "responses": {str(status): _response(operation, status) for status in operation.statuses()},
    }
    parameters = [*_path_parameters(operation.path), *_query_parameters(operation.query)]
    if operation.writes:
        parameters.append(
            {
                "name": idempotency.HEADER,
                "in": "header",
                "required": False,
                "description": "The write's own id; the same one when it is sent again",
                "schema": {"type": "string", "pattern": idempotency.PATTERN},
            }
        )
    if parameters:
        shown["parameters"] = parameters
    if operation.body is not None:
        shown["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(operation.body)}}}
    if operation.login:
        shown["security"] = [{"session": []}]
    return shown


def _response(operation: Operation, status: int) -> dict[str, Any]:
    headers = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
    shown: dict[str, Any] = {"description": _MEANINGS[status], "headers": headers}
    if status == operation.success:
        if operation.answer is not None:
            shown["content"] = {"application/json": {"schema": _schema(operation.answer)}}
        if operation.sets_cookie:
            headers["Set-Cookie"] = {"$ref": "#/components/headers/SessionCookie"}
        return shown
    if status in RETRY:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    shown["content"] = {MEDIA_TYPE: {"schema": {"$ref": REF.format(name="Problem")}}}
    return shown


def _schema(of: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([of], ref_template=REF)
    return schema


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _PATH_SCHEMAS[name]}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(query: Any) -> list[dict[str, Any]]:
    if query is None:
        return []
    _, components = msgspec.json.schema_components([query], ref_template=REF)
    properties: dict[str, dict[str, Any]] = components[query.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": _without_null(schema)}
        for name, schema in properties.items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query string cannot say null: a parameter is left out instead."""
    alternatives: Sequence[dict[str, Any]] = schema.get("anyOf", ())
    kept = [each for each in alternatives if each.get("type") != "null"]
    if len(kept) == 1:
        return kept[0]
    shown = {name: value for name, value in schema.items() if not (name == "default" and value is None)}
    if "enum" in shown:
        shown["enum"] = [value for value in shown["enum"] if value is not None]
    return shown


def _problem() -> dict[str, Any]:
    return {
        "title": "Problem",
        "type": "object",
        "description": "RFC 9457. A 409 also carries what is so now: `lines`, `cart` or `number`.",
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "request_id": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": REF.format(name="FieldError")}},
            "lines": {"type": "array", "items": {"$ref": REF.format(name="ConflictLine")}},
            "cart": {"$ref": REF.format(name="CartView")},
            "number": {"type": "string"},
        },
        "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
    }

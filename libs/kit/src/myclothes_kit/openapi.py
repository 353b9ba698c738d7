"""What the services' OpenAPI documents have in common; what each of them can do is its own `openapi` module's."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import msgspec

from myclothes_kit import idempotency
from myclothes_kit.problems import MEDIA_TYPE, FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REF = "#/components/schemas/{name}"
OPERATION_ID = {"type": "string", "pattern": idempotency.PATTERN, "minLength": 8, "maxLength": 128}
"""The schema of an operation id."""


class Problem(msgspec.Struct):
    """A failure (RFC 9457, application/problem+json)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldError]


def document(
    service: str, description: str, operations: Mapping[tuple[str, str], dict[str, Any]], schemas: dict[str, Any]
) -> dict[str, Any]:
    """The OpenAPI 3.1 document of `service`, whose operations are named by (method, path)."""
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), shown in operations.items():
        paths.setdefault(path, {})[method] = shown
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"MyClothes {service}",
            "version": version(f"myclothes-{service}"),
            "description": description,
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def schemas(kinds: Iterable[type]) -> dict[str, Any]:
    """The schemas of `kinds` and of what they are made of, by name."""
    return msgspec.json.schema_components(kinds, ref_template=REF)[1]


def operation(
    method: str,
    path: str,
    summary: str,
    parameters: list[dict[str, Any]],
    answers: dict[str, Any],
    body: type | None = None,
) -> dict[str, Any]:
    """One operation; `body` is the type of its JSON."""
    words = [part for part in path.split("/") if part and not part.startswith("{") and part != "v1"]
    shown: dict[str, Any] = {
        "operationId": "_".join([method, *words, *(["one"] if path.endswith("}") else [])]),
        "summary": summary,
        "parameters": parameters,
        "responses": answers,
    }
    if body:
        shown["requestBody"] = {"required": True, **content("application/json", body)}
    return shown


def parameter(place: str, name: str, schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    """A parameter in `path`, `query` or `header`."""
    return {"in": place, "name": name, "required": required, "schema": schema}


def failure(description: str, *, retry: bool, kind: type = Problem) -> dict[str, Any]:
    """An answer that is a problem; `retry`: it may carry Retry-After."""
    headers = {"headers": {"Retry-After": {"schema": {"type": "string"}}}} if retry else {}
    return {"description": description, **headers, **content(MEDIA_TYPE, kind)}


def content(media_type: str, kind: type | None) -> dict[str, Any]:
    """The `content` of a body of `kind`; nothing for None."""
    if kind is None:
        return {}
    return {"content": {media_type: {"schema": {"$ref": REF.format(name=kind.__name__)}}}}


def text(made: dict[str, Any]) -> str:
    """A document as it is kept in openapi.json."""
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"

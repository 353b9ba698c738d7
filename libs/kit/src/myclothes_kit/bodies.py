"""Typed bodies and query strings in, JSON out."""

from __future__ import annotations

import re
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from starlette.responses import Response

from myclothes_kit.problems import BadRequest, FieldError, Unprocessable, UnsupportedMediaType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

T = TypeVar("T")

# msgspec ends its messages with the place, as in "Expected `int`, got `str` - at `$.lines[0].quantity`"
_PLACE = re.compile(r"^(?P<message>.*?)(?: - at `(?P<key>key in )?\$\.?(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]+)`")


async def read(request: Request, body: type[T]) -> T:
    """The request's JSON body as a `body`.

    Raises UnsupportedMediaType (415), BadRequest (400, not JSON) or Unprocessable (422, naming the field).
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("Send the body as application/json.")
    return decode(await request.body(), body)


def decode(raw: bytes, body: type[T]) -> T:
    """`raw` JSON as a `body`; raises BadRequest (400) or Unprocessable (422, naming the field)."""
    try:
        return msgspec.json.decode(raw, type=body)
    except msgspec.ValidationError as error:
        field = _field_error(str(error))
        raise Unprocessable(f"{field.field or 'body'}: {field.message}", errors=[field]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest("The body is not valid JSON.") from error


def query(request: Request, params: type[T]) -> T:
    """The query string as a flat `params` struct; numbers and booleans are converted.

    Raises Unprocessable (422) naming a parameter that is unknown, repeated without being a list, or breaks its type.
    """
    hints = _hints(params)  # type: ignore[arg-type]  # a class can be hashed
    found: dict[str, Any] = {}
    for name in request.query_params:
        values = request.query_params.getlist(name)
        if name not in hints:
            raise _parameter(name, "unknown", "there is no such parameter")
        if get_origin(hints[name]) in (list, tuple, frozenset, set):
            found[name] = values
        elif len(values) > 1:
            raise _parameter(name, "repeated", "give it once")
        elif values[0].lower() == "null" and NoneType in get_args(hints[name]):
            raise _parameter(name, "invalid", "leave it out for none")
        else:
            found[name] = values[0]
    try:
        return msgspec.convert(found, params, strict=False)
    except msgspec.ValidationError as error:
        field = _field_error(str(error))
        raise Unprocessable(f"{field.field}: {field.message}", errors=[field]) from error


def json(data: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`data` encoded by msgspec as an application/json answer."""
    return Response(msgspec.json.encode(data), status, headers=headers, media_type="application/json")


@cache
def _hints(params: type) -> dict[str, Any]:
    """The types of its fields; to find them costs more than all else that a query string needs."""
    return get_type_hints(params)


def _parameter(name: str, code: str, message: str) -> Unprocessable:
    return Unprocessable(f"{name}: {message}", errors=[FieldError(name, code, message)])


def _field_error(text: str) -> FieldError:
    match = _PLACE.match(text)
    message, path = (match["message"], match["path"] or "") if match else (text, "")
    for pattern, code in ((_MISSING, "missing"), (_UNKNOWN, "unknown")):
        if named := pattern.search(message):
            path = ".".join(part for part in (path, named["name"]) if part)
            return FieldError(path, code, "this field is required" if code == "missing" else "there is no such field")
    return FieldError(path, "invalid", message[:1].lower() + message[1:])

"""The internal API by cart id: requests parsed, answers encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response
from starlette.routing import Route

from myclothes_cart.domain import (
    CART_ID,
    MAX_LINES_TAKEN,
    MAX_QUANTITY_SENT,
    SKU,
    Add,
    Cart,
    Line,
    Merge,
    Set,
    Take,
    is_cart_id,
    is_sku,
    whole,
)
from myclothes_kit import bodies
from myclothes_kit.idempotency import operation_id
from myclothes_kit.problems import BadRequest, FieldError, Unprocessable

if TYPE_CHECKING:
    from starlette.requests import Request

    from myclothes_cart.service import CartService

MIN_VERSION = "Myclothes-Min-Version"
_MAX_VERSION_DIGITS = 16

Sku = Annotated[str, Meta(pattern=whole(SKU))]
Quantity = Annotated[int, Meta(ge=1, le=MAX_QUANTITY_SENT)]


class NewLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is added, or taken."""

    sku: Sku
    quantity: Quantity


class NewQuantity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a line is set to."""

    quantity: Annotated[int, Meta(ge=0, le=MAX_QUANTITY_SENT)]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cart to merge in."""

    from_: Annotated[str, Meta(pattern=whole(CART_ID))] = msgspec.field(name="from")


class Taken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was ordered."""

    lines: Annotated[list[NewLine], Meta(min_length=1, max_length=MAX_LINES_TAKEN)]


async def read(request: Request) -> Response:
    """GET: the cart, or 304 when the caller has it."""
    cart = await _service(request).read(_cart_id(request), _min_version(request))
    if _matches(request.headers.get("if-none-match"), cart.etag):
        return Response(status_code=304, headers={"ETag": cart.etag})
    return _answer(cart)


async def add(request: Request) -> Response:
    """POST lines: add a quantity of a sku."""
    cart_id, operation = _cart_id(request), operation_id(request)
    body = await bodies.read(request, NewLine)
    change = Add(_checked_sku(request, body.sku), body.quantity)
    return _answer(await _service(request).change(cart_id, change, operation))


async def set_quantity(request: Request) -> Response:
    """PUT a line: set its quantity."""
    cart_id, operation = _cart_id(request), operation_id(request)
    sku = _checked_sku(request, request.path_params["sku"])
    body = await bodies.read(request, NewQuantity)
    return _answer(await _service(request).change(cart_id, Set(sku, body.quantity), operation))


async def remove(request: Request) -> Response:
    """DELETE a line."""
    cart_id, operation = _cart_id(request), operation_id(request)
    sku = _checked_sku(request, request.path_params["sku"])
    return _answer(await _service(request).change(cart_id, Set(sku, 0), operation))


async def merge(request: Request) -> Response:
    """POST merge: bring another cart in."""
    cart_id, operation = _cart_id(request), operation_id(request)
    body = await bodies.read(request, Source)
    return _answer(await _service(request).change(cart_id, Merge(body.from_), operation))


async def take(request: Request) -> Response:
    """POST take: remove what was ordered."""
    cart_id, operation = _cart_id(request), operation_id(request)
    body = await bodies.read(request, Taken)
    lines = tuple(Line(line.sku, line.quantity) for line in body.lines)
    return _answer(await _service(request).change(cart_id, Take(lines), operation))


async def erase(request: Request) -> Response:
    """DELETE the cart."""
    await _service(request).erase(_cart_id(request), operation_id(request))
    return Response(status_code=204)


ROUTES = [
    Route("/v1/carts/{id}", read, methods=["GET"]),
    Route("/v1/carts/{id}", erase, methods=["DELETE"]),
    Route("/v1/carts/{id}/lines", add, methods=["POST"]),
    Route("/v1/carts/{id}/lines/{sku}", set_quantity, methods=["PUT"]),
    Route("/v1/carts/{id}/lines/{sku}", remove, methods=["DELETE"]),
    Route("/v1/carts/{id}/merge", merge, methods=["POST"]),
    Route("/v1/carts/{id}/take", take, methods=["POST"]),
]


def _service(request: Request) -> CartService:
    service: CartService = request.state.service
    return service


def _answer(cart: Cart) -> Response:
    return bodies.json(cart, headers={"ETag": cart.etag})


def _cart_id(request: Request) -> str:
    cart_id: str = request.path_params["id"]
    if not is_cart_id(cart_id):
        raise _wrong("id", "a cart's id is guest- or account- and 32 hex digits")
    return cart_id


def _checked_sku(request: Request, sku: str) -> str:
    longest: int = request.state.max_sku_length
    if not is_sku(sku, longest):
        raise _wrong("sku", f"a sku is 1 to {longest} of A-Z a-z 0-9 . _ -")
    return sku


def _wrong(field: str, message: str) -> Unprocessable:
    return Unprocessable(f"{field}: {message}", errors=[FieldError(field, "invalid", message)])


def _min_version(request: Request) -> int:
    text = request.headers.get(MIN_VERSION, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_VERSION_DIGITS):
        message = "the version of a cart, a whole number"
        raise BadRequest(f"{MIN_VERSION}: {message}", errors=[FieldError(MIN_VERSION, "invalid", message)])
    return int(text)


def _matches(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in known or "*" in known

"""Orders over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from myclothes_kit import bodies
from myclothes_kit.idempotency import operation_id
from myclothes_kit.postgres import HEADER, requested
from myclothes_kit.problems import FieldError, Unprocessable, UnsupportedMediaType
from myclothes_shop.domain.checkout import Owner

if TYPE_CHECKING:
    from starlette.requests import Request

    from myclothes_kit.postgres import Answer
    from myclothes_shop.service.orders import Orders

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class Whose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose order it is."""

    owner: Owner


class List(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page of whose orders."""

    owner: Owner
    cursor: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The guest whose orders become the account's."""

    guest: Annotated[str, msgspec.Meta(pattern="^guest-[0-9a-f]{32}$(?!\n)")] = msgspec.field(name="from")


async def place(request: Request) -> Response:
    """Place an order."""
    operation = operation_id(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType("Send the body as application/json.")
    return _answer(await _orders(request).place(operation, await request.body()), HTTPStatus.CREATED)


async def orders(request: Request) -> Response:
    """A page of somebody's orders."""
    query = bodies.query(request, List)
    return _answer(await _orders(request).page(query.owner, query.cursor, query.limit, requested(request)))


async def order(request: Request) -> Response:
    """An order."""
    whose = bodies.query(request, Whose)
    return _answer(await _orders(request).get(request.path_params["number"], whose.owner, requested(request)))


async def cancel(request: Request) -> Response:
    """Cancel an order."""
    operation = operation_id(request)
    whose = bodies.query(request, Whose)
    return _answer(await _orders(request).cancel(operation, request.path_params["number"], whose.owner))


async def claim(request: Request) -> Response:
    """Make a guest's orders an account's."""
    operation = operation_id(request)
    owner = _owner(request)
    body = await bodies.read(request, Claim)
    return _answer(await _orders(request).claim(operation, owner, body.guest))


async def erase(request: Request) -> Response:
    """Forget whose orders these are."""
    return _answer(await _orders(request).erase(operation_id(request), _owner(request)))


async def export(request: Request) -> Response:
    """Everything held about somebody."""
    return _answer(await _orders(request).export(_owner(request), requested(request)))


def _answer(answer: Answer[Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    headers = {HEADER: str(answer.position)}
    if answer.value is None:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    return bodies.json(answer.value, status, headers)


def _owner(request: Request) -> str:
    try:
        return msgspec.convert(request.path_params["owner"], Owner)
    except msgspec.ValidationError as error:
        message = "guest- or account- and 32 hex digits"
        raise Unprocessable(f"owner: {message}", errors=[FieldError("owner", "invalid", message)]) from error


def _orders(request: Request) -> Orders:
    found: Orders = request.state.orders
    return found


ROUTES = [
    Route("/v1/orders", place, methods=["POST"]),
    Route("/v1/orders", orders),
    Route("/v1/orders/{number}", order),
    Route("/v1/orders/{number}/cancel", cancel, methods=["POST"]),
    Route("/v1/owners/{owner}/claim", claim, methods=["POST"]),
    Route("/v1/owners/{owner}", erase, methods=["DELETE"]),
    Route("/v1/owners/{owner}/export", export),
]

"""The API's handlers: parse, call a service, encode."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from starlette.responses import Response

from myclothes_gateway import inputs, models
from myclothes_gateway.errors import NothingHere
from myclothes_gateway.services import services
from myclothes_gateway.sessions import current
from myclothes_kit import bodies, idempotency
from myclothes_kit.problems import FieldError, Unprocessable

if TYPE_CHECKING:
    from starlette.requests import Request

_SKU = re.compile(inputs.SKU_PATTERN)
_HEX_ID = re.compile(inputs.HEX_ID_PATTERN)
_NUMBER = re.compile(inputs.ORDER_NUMBER_PATTERN)


def operation(request: Request) -> str:
    """The write's operation id; a caller that sends none gets one of its own, and cannot repeat safely."""
    if idempotency.HEADER in request.headers:
        return idempotency.operation_id(request)
    return secrets.token_hex(16)


async def products(request: Request) -> Response:
    query = bodies.query(request, inputs.ProductQuery)
    return bodies.json(await services(request).catalogue.products(query))


async def product(request: Request) -> Response:
    return bodies.json(await services(request).catalogue.product(request.path_params["handle"]))


async def cart(request: Request) -> Response:
    return bodies.json(await services(request).basket.view(current(request)))


async def add_line(request: Request) -> Response:
    line = await bodies.read(request, inputs.LineInput)
    basket = services(request).basket
    return bodies.json(await basket.add(current(request), line.sku, line.quantity, operation(request)))


async def set_line(request: Request) -> Response:
    sku = _sku(request)
    line = await bodies.read(request, inputs.QuantityInput)
    basket = services(request).basket
    return bodies.json(await basket.set_quantity(current(request), sku, line.quantity, operation(request)))


async def remove_line(request: Request) -> Response:
    basket = services(request).basket
    return bodies.json(await basket.remove(current(request), _sku(request), operation(request)))


async def register(request: Request) -> Response:
    registration = await bodies.read(request, inputs.Registration)
    found = await services(request).accounts.register(current(request), registration, operation(request))
    return bodies.json(_view(found), 201)


async def account(request: Request) -> Response:
    return bodies.json(_view(await services(request).accounts.get(current(request))))


async def change_account(request: Request) -> Response:
    session = current(request)
    changes = await bodies.read(request, inputs.AccountChanges)
    return bodies.json(_view(await services(request).accounts.change(session, changes, operation(request))))


async def delete_account(request: Request) -> Response:
    await services(request).accounts.delete(current(request), operation(request))
    return Response(status_code=204)


async def export_account(request: Request) -> Response:
    found = await services(request).accounts.export(current(request))
    return bodies.json(found, headers={"Content-Disposition": 'attachment; filename="myclothes-account.json"'})


async def addresses(request: Request) -> Response:
    return bodies.json(models.Addresses(await services(request).accounts.addresses(current(request))))


async def add_address(request: Request) -> Response:
    address = await bodies.read(request, inputs.AddressInput)
    found = await services(request).accounts.add_address(current(request), address, operation(request))
    return bodies.json(found, 201)


async def replace_address(request: Request) -> Response:
    address = await bodies.read(request, inputs.AddressInput)
    accounts = services(request).accounts
    return bodies.json(
        await accounts.replace_address(current(request), _address_id(request), address, operation(request))
    )


async def delete_address(request: Request) -> Response:
    await services(request).accounts.delete_address(current(request), _address_id(request), operation(request))
    return Response(status_code=204)


async def log_in(request: Request) -> Response:
    credentials = await bodies.read(request, inputs.Credentials)
    found = await services(request).accounts.login(current(request), credentials, operation(request))
    return bodies.json(_view(found))


async def log_out(request: Request) -> Response:
    operation(request)  # a malformed id is refused here as everywhere; logging out twice is harmless anyway
    await services(request).accounts.logout(current(request))
    return Response(status_code=204)


async def place_order(request: Request) -> Response:
    wish = await bodies.read(request, inputs.OrderInput)
    return bodies.json(await services(request).orders.place(current(request), wish, operation(request)), 201)


async def orders(request: Request) -> Response:
    query = bodies.query(request, inputs.OrdersQuery)
    return bodies.json(await services(request).orders.list(current(request), query))


async def order(request: Request) -> Response:
    return bodies.json(await services(request).orders.get(current(request), _number(request)))


async def cancel_order(request: Request) -> Response:
    found = await services(request).orders.cancel(current(request), _number(request), operation(request))
    return bodies.json(found)


def _view(found: models.Account) -> models.AccountView:
    return models.AccountView(found.id, found.email, found.name, found.created_at)


def _sku(request: Request) -> str:
    sku: str = request.path_params["sku"]
    if not _SKU.fullmatch(sku):
        message = "1 to 64 of A-Z a-z 0-9 . _ -"
        raise Unprocessable(f"sku: {message}", errors=[FieldError("sku", "invalid", message)])
    return sku


def _address_id(request: Request) -> str:
    address_id: str = request.path_params["address_id"]
    if not _HEX_ID.fullmatch(address_id):
        raise NothingHere("There is no such address.")
    return address_id


def _number(request: Request) -> str:
    number: str = request.path_params["number"].upper()
    if not _NUMBER.fullmatch(number):
        raise NothingHere("There is no such order.")
    return number

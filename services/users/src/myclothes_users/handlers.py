"""HTTP in and out: handlers parse and answer, the service decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from myclothes_kit import bodies
from myclothes_kit.idempotency import operation_id
from myclothes_kit.postgres import HEADER, requested
from myclothes_users.domain import AccountChange, AddressFields, Confirmation, ErasureQuery, Login, Registration
from myclothes_users.errors import AccountUnknown, AddressUnknown

if TYPE_CHECKING:
    from starlette.requests import Request

    from myclothes_kit.postgres import Answer, Stored
    from myclothes_users.address_book import AddressBook
    from myclothes_users.service import Users

ID_PATTERN = r"^[0-9a-f]{32}$"
_ID = re.compile(r"[0-9a-f]{32}")


async def register(request: Request) -> Response:
    key = operation_id(request)
    return _stored(await _users(request).register(key, await bodies.read(request, Registration)))


async def login(request: Request) -> Response:
    at_least = requested(request)
    return _shown(await _users(request).login(await bodies.read(request, Login), at_least))


async def show_account(request: Request) -> Response:
    return _shown(await _users(request).account(_account_id(request), requested(request)))


async def change_account(request: Request) -> Response:
    account_id, key = _account_id(request), operation_id(request)
    return _stored(await _users(request).change(account_id, key, await bodies.read(request, AccountChange)))


async def delete_account(request: Request) -> Response:
    return _stored(await _users(request).delete(_account_id(request), operation_id(request)))


async def export_account(request: Request) -> Response:
    return _shown(await _users(request).export(_account_id(request), requested(request)))


async def list_addresses(request: Request) -> Response:
    return _items(await _book(request).all(_account_id(request), requested(request)))


async def add_address(request: Request) -> Response:
    account_id, key = _account_id(request), operation_id(request)
    return _stored(await _book(request).add(account_id, key, await bodies.read(request, AddressFields)))


async def change_address(request: Request) -> Response:
    account_id, address_id, key = _account_id(request), _address_id(request), operation_id(request)
    fields = await bodies.read(request, AddressFields)
    return _stored(await _book(request).change(account_id, address_id, key, fields))


async def delete_address(request: Request) -> Response:
    return _stored(await _book(request).remove(_account_id(request), _address_id(request), operation_id(request)))


async def list_erasures(request: Request) -> Response:
    query = bodies.query(request, ErasureQuery)
    return _shown(await _users(request).erasures(query, requested(request)))


async def confirm_erasure(request: Request) -> Response:
    account_id, key = _account_id(request), operation_id(request)
    confirmation = await bodies.read(request, Confirmation)
    return _stored(await _users(request).confirm(account_id, key, confirmation.part))


ROUTES = [
    Route("/v1/accounts", register, methods=["POST"]),
    Route("/v1/logins", login, methods=["POST"]),
    Route("/v1/accounts/{account_id}", show_account, methods=["GET"]),
    Route("/v1/accounts/{account_id}", change_account, methods=["PATCH"]),
    Route("/v1/accounts/{account_id}", delete_account, methods=["DELETE"]),
    Route("/v1/accounts/{account_id}/export", export_account, methods=["GET"]),
    Route("/v1/accounts/{account_id}/addresses", list_addresses, methods=["GET"]),
    Route("/v1/accounts/{account_id}/addresses", add_address, methods=["POST"]),
    Route("/v1/accounts/{account_id}/addresses/{address_id}", change_address, methods=["PUT"]),
    Route("/v1/accounts/{account_id}/addresses/{address_id}", delete_address, methods=["DELETE"]),
    Route("/v1/erasures", list_erasures, methods=["GET"]),
    Route("/v1/erasures/{account_id}/confirmations", confirm_erasure, methods=["POST"]),
]


def _users(request: Request) -> Users:
    users: Users = request.state.users
    return users


def _book(request: Request) -> AddressBook:
    book: AddressBook = request.state.addresses
    return book


def _account_id(request: Request) -> str:
    account_id: str = request.path_params["account_id"]
    if not _ID.fullmatch(account_id):
        raise AccountUnknown
    return account_id


def _address_id(request: Request) -> str:
    address_id: str = request.path_params["address_id"]
    if not _ID.fullmatch(address_id):
        raise AddressUnknown
    return address_id


def _shown(answer: Answer[Any]) -> Response:
    return bodies.json(answer.value, headers={HEADER: str(answer.position)})


def _items(answer: Answer[Any]) -> Response:
    return bodies.json({"items": answer.value}, headers={HEADER: str(answer.position)})


def _stored(answer: Answer[Stored]) -> Response:
    stored = answer.value
    media_type = "application/json" if stored.body else None
    return Response(stored.body, stored.status, {HEADER: str(answer.position)}, media_type)

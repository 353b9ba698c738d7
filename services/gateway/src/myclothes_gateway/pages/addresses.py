"""An account's addresses: forms for a new one and for those that are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from myclothes_gateway.errors import NothingHere, NotLoggedIn
from myclothes_gateway.inputs import HEX_ID_PATTERN, AddressInput
from myclothes_gateway.pages import forms, wording
from myclothes_gateway.pages.views import go, locale, page
from myclothes_gateway.services import services
from myclothes_gateway.sessions import current
from myclothes_kit.problems import Problem, Unavailable, Unprocessable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

FIELDS = ("name", "line1", "line2", "postal_code", "city", "region", "country", "phone")
_LOGIN = "/login?next=account"


def blank(request: Request) -> dict[str, str]:
    """An empty address in the shopper's own country."""
    return {**dict.fromkeys(FIELDS, ""), "country": wording.home_country(locale(request))}


def typed(form: forms.Form) -> dict[str, str]:
    """The address fields of a form, as typed."""
    return {name: form.get(name) for name in FIELDS}


async def new(request: Request) -> Response:
    try:
        holder = await services(request).accounts.get(current(request))
    except NotLoggedIn:
        return go(_LOGIN)
    return _address_page(request, {**blank(request), "name": holder.name}, "")


async def edit(request: Request) -> Response:
    address_id = _id(request)
    try:
        found = await services(request).accounts.addresses(current(request))
    except NotLoggedIn:
        return go(_LOGIN)
    address = next((item for item in found if item.id == address_id), None)
    if address is None:
        raise NothingHere("There is no such address.")
    known = msgspec.to_builtins(address)
    values = {name: known[name] for name in FIELDS}
    return _address_page(request, {**values, "default": "yes" if address.default else ""}, address_id)


async def save(request: Request) -> Response:
    """A new address, or an old one in new words."""
    address_id = _id(request) if "address_id" in request.path_params else ""
    form = await forms.read(request)
    values = {**typed(form), "default": form.get("default")}
    accounts, session = services(request).accounts, current(request)
    try:
        address = forms.convert({**typed(form), "default": form.get("default") == "yes"}, AddressInput)
        operation = form.operation("address", [address_id, address])
        if address_id:
            await accounts.replace_address(session, address_id, address, operation)
        else:
            await accounts.add_address(session, address, operation)
    except NotLoggedIn:
        return go(_LOGIN)
    except forms.Refused as refused:
        return _address_page(request, values, address_id, errors=refused.errors, status=422)
    except Unprocessable as problem:
        errors = forms.field_errors(problem) or {"name": problem.detail}
        return _address_page(request, values, address_id, errors=errors, status=422)
    except Unavailable as problem:
        return _address_page(request, values, address_id, problem=problem, form_id=form.id)
    return go("/account", "saved")


async def delete(request: Request) -> Response:
    form = await forms.read(request)
    address_id = _id(request)
    try:
        operation = form.operation("forget", address_id)
        await services(request).accounts.delete_address(current(request), address_id, operation)
    except NotLoggedIn:
        return go(_LOGIN)
    return go("/account", "address-removed")


def _id(request: Request) -> str:
    address_id: str = request.path_params["address_id"]
    if not re.fullmatch(HEX_ID_PATTERN, address_id):
        raise NothingHere("There is no such address.")
    return address_id


def _address_page(
    request: Request,
    values: dict[str, str],
    address_id: str,
    *,
    errors: dict[str, str] | None = None,
    problem: Problem | None = None,
    status: int = 200,
    form_id: str = "",
) -> Response:
    return page(
        request,
        "address.html",
        problem.status if problem is not None else status,
        headers=problem.headers() if problem is not None else None,
        values={"default": "", **values},
        address_id=address_id,
        errors=errors or {},
        problem=problem,
        form_id=form_id or forms.new_id(),
    )

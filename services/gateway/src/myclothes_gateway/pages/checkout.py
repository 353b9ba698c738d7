"""The checkout on one page: who, where to, and what; and its states when something has changed meanwhile."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from myclothes_gateway.errors import (
    CartAlreadyOrdered,
    CartChanged,
    CartEmpty,
    CheckoutConflict,
    EmailTaken,
    NotLoggedIn,
)
from myclothes_gateway.inputs import AddressInput, OrderInput
from myclothes_gateway.pages import account, addresses, forms, review
from myclothes_gateway.pages.views import go, page
from myclothes_gateway.services import services
from myclothes_gateway.sessions import current
from myclothes_kit.problems import Conflict, Problem, TooManyRequests, Unavailable, Unprocessable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from myclothes_gateway.models import Order

NEW_ADDRESS = "new"
_ORDER_EMAIL = {"email": "Enter an e-mail address, such as name@example.com"}


async def checkout(request: Request) -> Response:
    """The page to fill in; to the cart when there is nothing to order."""
    session, found = current(request), services(request)
    view = await found.basket.view(session)
    lines = review.of_view(view)
    if not lines:
        return go("/cart")
    values = {**addresses.blank(request), "email": "", "address_id": NEW_ADDRESS, "save": "yes", "account": ""}
    saved = []
    if session.account_id is not None:
        holder = await found.accounts.get(session)
        saved = await found.accounts.addresses(session)
        values |= {"email": holder.email, "name": holder.name}
        preferred = next((item for item in saved if item.default), saved[0] if saved else None)
        values["address_id"] = preferred.id if preferred is not None else NEW_ADDRESS
    return _page(request, lines, values, saved)


def _page(
    request: Request,
    lines: list[review.ReviewLine],
    values: dict[str, str],
    saved: list[Any] | None,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    problem: Problem | None = None,
    form_id: str = "",
) -> Response:
    return page(
        request,
        "checkout.html",
        problem.status if problem is not None else status,
        headers=problem.headers() if problem is not None else None,
        lines=lines,
        total=review.total(lines),
        changed=any(line.change for line in lines),
        values=values,
        saved=saved,
        errors=errors or {},
        problem=problem,
        form_id=form_id or forms.new_id(),
    )


async def place(request: Request) -> Response:  # noqa: PLR0911 - one way out for each failure
    """Order what the review showed; whatever prevents it is told on the same page, filled in as it was."""
    form = await forms.read(request)
    lines = review.of_form(form)
    try:
        form = await _prepared(request, form, lines)
        order = await _order(request, form, lines)
    except CartAlreadyOrdered as refusal:
        return go(f"/orders/{refusal.number}", "ordered-before")
    except CartEmpty:
        return go("/cart")
    except (forms.Refused, EmailTaken, NotLoggedIn, Unprocessable) as refusal:
        return await _again(request, form, lines, errors=_sentences(refusal))
    except CheckoutConflict as conflict:
        return await _again(request, form, review.after_conflict(lines, conflict.lines), problem=conflict)
    except CartChanged as conflict:
        now = review.of_view(await services(request).basket.view(current(request)))
        return await _again(request, form, now, problem=conflict)
    except (Conflict, TooManyRequests, Unavailable) as failure:
        return await _again(request, form, lines, problem=failure, form_id=form.id)
    return go(f"/orders/{order.number}?thanks")


def _sentences(refusal: Exception) -> dict[str, str]:
    """What is wrong with the form, by field."""
    if isinstance(refusal, forms.Refused):
        return refusal.errors
    if isinstance(refusal, EmailTaken):
        return {"email": "There is an account with this e-mail. Log in, or order as a guest without a password"}
    if isinstance(refusal, NotLoggedIn):
        return {"": "You were logged out meanwhile. Log in again, or order as a guest"}
    found = forms.field_errors(refusal) if isinstance(refusal, Problem) else {}
    return found or {"": str(refusal)}


async def _again(
    request: Request,
    form: forms.Form,
    lines: list[review.ReviewLine],
    *,
    errors: dict[str, str] | None = None,
    problem: Problem | None = None,
    form_id: str = "",
) -> Response:
    """The page as it was filled in. Under the same `form_id` another attempt is the same operation."""
    values = {
        **addresses.typed(form),
        **{name: form.get(name) for name in ("email", "save")},
        "address_id": _chosen(form),
        "account": "yes" if form.get("password") else "",
    }
    saved = await _saved(request)
    return _page(request, lines, values, saved, status=422, errors=errors, problem=problem, form_id=form_id)


async def _prepared(request: Request, form: forms.Form, lines: list[review.ReviewLine]) -> forms.Form:
    """Register and keep the address where asked; the form with the kept address chosen, so that none is kept twice.

    Here and in `_order` every step is an operation derived from the form, so that sending it again goes on where it
    ended.
    """
    session, found = current(request), services(request)
    if not lines:
        raise CartEmpty
    guest = not session.signed_in
    errors: dict[str, str] = {}
    address: AddressInput | None = None
    if guest and "@" not in form.get("email"):
        errors |= _ORDER_EMAIL
    if _chosen(form) == NEW_ADDRESS:
        try:
            address = forms.convert(addresses.typed(form), AddressInput)
        except forms.Refused as refused:
            errors |= refused.errors
    if errors:
        raise forms.Refused(errors)
    registering = guest and bool(form.get("password"))
    if registering:
        await account.open_account(request, form, address.name if address is not None else "")
    if address is not None and (registering or (not guest and form.get("save") == "yes")):
        kept = await found.accounts.add_address(session, address, form.operation("address", address))
        return dataclasses.replace(form, fields={**form.fields, "address_id": kept.id})
    return form


async def _order(request: Request, form: forms.Form, lines: list[review.ReviewLine]) -> Order:
    """Bring the cart to what was agreed, and order it."""
    session, found = current(request), services(request)
    for line in lines:
        if line.cart_quantity != line.quantity:
            operation = form.operation("agree", [line.sku, line.quantity])
            await found.basket.set_quantity(session, line.sku, line.quantity, operation)
    new = _chosen(form) == NEW_ADDRESS
    wish = OrderInput(
        address_id=None if new else _chosen(form),
        address=forms.convert(addresses.typed(form), AddressInput) if new else None,
        email=None if session.signed_in else form.get("email"),
        lines=review.seen(lines),
    )
    return await found.orders.place(session, wish, form.operation("order", wish))


def _chosen(form: forms.Form) -> str:
    """The id of the chosen address, or NEW_ADDRESS."""
    return form.get("address_id") or NEW_ADDRESS


async def _saved(request: Request) -> list[Any] | None:
    """The account's addresses for the page shown again; None when they cannot be read just now."""
    session = current(request)
    if not session.signed_in:
        return []
    try:
        return await services(request).accounts.addresses(session)
    except Problem:
        return None

"""Registering, logging in and out, and an account's own page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from myclothes_gateway.errors import EmailTaken, LimitReached, LoginRefused, NothingHere, NotLoggedIn, PasswordWrong
from myclothes_gateway.inputs import AccountChanges, Credentials, OrdersQuery, Registration
from myclothes_gateway.pages import forms
from myclothes_gateway.pages.views import go, page
from myclothes_gateway.services import services
from myclothes_gateway.sessions import current
from myclothes_kit import bodies
from myclothes_kit.problems import Problem, TooManyRequests, Unavailable, Unprocessable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

ORDERS_SHOWN = 10
_AFTER = {"checkout": "/checkout", "account": "/account", "cart": "/cart"}
"""Where a login may lead: a name rather than a path, so that it leads nowhere else."""
_PARTS = {"name": ["name"], "mail": ["email", "current_password"], "pass": ["current_password", "password"]}
"""What each form of the account changes."""


def after(request_or_form: str, default: str = "/account") -> str:
    """The page that a login leads to."""
    return _AFTER.get(request_or_form, default)


async def login_form(request: Request) -> Response:
    return _form_page(request, "login.html", {"next": request.query_params.get("next", "")})


def _form_page(
    request: Request,
    template: str,
    values: dict[str, str],
    *,
    errors: dict[str, str] | None = None,
    problem: Problem | None = None,
    status: int = 200,
    form_id: str = "",
) -> Response:
    """A form as it was filled in (but for passwords), with what is wrong with it."""
    current(request).ensure()  # a form sent twice is one operation of one session
    return page(
        request,
        template,
        problem.status if problem is not None else status,
        headers=problem.headers() if problem is not None else None,
        values=values,
        errors=errors or {},
        problem=problem,
        form_id=form_id or forms.new_id(),
    )


async def login(request: Request) -> Response:
    form = await forms.read(request)
    values = {"email": form.get("email"), "next": form.get("next")}
    try:
        wanted = forms.convert({"email": form.get("email"), "password": form.get("password")}, Credentials)
        operation = form.operation("login", [wanted.email, wanted.password])
        await services(request).accounts.login(current(request), wanted, operation)
    except forms.Refused as refused:
        errors = {name: text if name == "email" else "Enter your password" for name, text in refused.errors.items()}
        return _form_page(request, "login.html", values, errors=errors, status=422)
    except LoginRefused:
        text = "E-mail and password do not match an account"
        return _form_page(request, "login.html", values, errors={"email": text}, status=401)
    except (TooManyRequests, Unavailable) as problem:
        return _form_page(request, "login.html", values, problem=problem, form_id=form.id)
    return go(after(values["next"]), "hello")


async def register_form(request: Request) -> Response:
    return _form_page(request, "register.html", {"next": request.query_params.get("next", "")})


async def register(request: Request) -> Response:
    form = await forms.read(request)
    values = {name: form.get(name) for name in ("name", "email", "next")}
    again: dict[str, str] = {}
    failed: Problem | None = None
    try:
        await open_account(request, form, form.get("name"))
    except forms.Refused as refused:
        again = refused.errors
    except EmailTaken:
        again = {"email": "There is an account with this e-mail already: log in instead"}
    except Unprocessable as problem:
        again = forms.field_errors(problem) or {"email": problem.detail}
    except (LimitReached, TooManyRequests, Unavailable) as problem:
        failed = problem
    if again:
        return _form_page(request, "register.html", values, errors=again, status=422)
    if failed is not None:
        return _form_page(request, "register.html", values, problem=failed, form_id=form.id)
    return go(after(values["next"]), "welcome")


async def open_account(request: Request, form: forms.Form, name: str) -> None:
    """Register with a form's e-mail and password, for a page of its own or on the way through the checkout."""
    wanted = forms.convert({"email": form.get("email"), "password": form.get("password"), "name": name}, Registration)
    operation = form.operation("register", [wanted.email, wanted.password, wanted.name])
    await services(request).accounts.register(current(request), wanted, operation)


async def logout(request: Request) -> Response:
    await forms.read(request)
    await services(request).accounts.logout(current(request))
    return go("/", "bye")


async def account(request: Request) -> Response:
    return await account_page(request)


async def account_page(
    request: Request,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The account with its orders and addresses; to the login for somebody who is not logged in."""
    session, found = current(request), services(request)
    try:
        holder = await found.accounts.get(session)
    except NotLoggedIn:
        return go("/login?next=account")
    query = OrdersQuery(cursor=request.query_params.get("cursor", ""), limit=ORDERS_SHOWN)
    orders, addresses = await asyncio.gather(found.orders.list(session, query), found.accounts.addresses(session))
    return page(
        request,
        "account.html",
        status,
        account=holder,
        orders=orders,
        addresses=addresses,
        errors=errors or {},
        values={"name": holder.name, "email": holder.email, "username": holder.email},
        form_id=forms.new_id(),
    )


async def change(request: Request) -> Response:
    """Name, e-mail or password, each by a form of its own, which comes back by itself when anything is wrong.

    That page asks no service, and a form is known by its part: one that lost its fields on the way saves nothing.
    """
    form = await forms.read(request)
    part = form.get("part")
    if part not in _PARTS:
        raise NothingHere("There is no such form.")
    given = {name: form.get(name) for name in _PARTS[part]}
    kept = {name: form.get(name) for name in ("part", "username", "name", "email")}
    try:
        wanted = forms.convert(given, AccountChanges)
        await services(request).accounts.change(
            current(request), wanted, form.operation("change", list(given.values()))
        )
    except NotLoggedIn:
        return go("/login?next=account")
    except (forms.Refused, PasswordWrong, EmailTaken, Unprocessable) as refusal:
        errors = {f"{part}-{name}": text for name, text in _sentences(refusal).items()}
        return _form_page(request, "change.html", kept, errors=errors, status=422)
    except (TooManyRequests, Unavailable) as problem:
        return _form_page(request, "change.html", kept, problem=problem, form_id=form.id)
    return go("/account", "saved")


def _sentences(refusal: Exception) -> dict[str, str]:
    if isinstance(refusal, forms.Refused):
        return refusal.errors
    if isinstance(refusal, PasswordWrong):
        return {"current_password": "This is not your current password"}  # nosec B105 - a sentence about one
    if isinstance(refusal, EmailTaken):
        return {"email": "There is another account with this e-mail"}
    return forms.field_errors(refusal) if isinstance(refusal, Problem) else {}


async def export(request: Request) -> Response:
    try:
        found = await services(request).accounts.export(current(request))
    except NotLoggedIn:
        return go("/login?next=account")
    return bodies.json(found, headers={"Content-Disposition": 'attachment; filename="myclothes-account.json"'})


async def delete(request: Request) -> Response:
    """The whole account, once its holder has said so by a tick."""
    form = await forms.read(request)
    if form.get("sure") != "yes":
        return await account_page(request, errors={"sure": "Tick the box if you want to delete it"}, status=422)
    try:
        await services(request).accounts.delete(current(request), form.operation("delete", "account"))
    except NotLoggedIn:
        return go("/login?next=account")
    return go("/", "deleted")

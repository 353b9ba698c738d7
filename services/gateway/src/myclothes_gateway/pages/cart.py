"""The cart, and the forms that change it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from myclothes_gateway.errors import (
    CartCookieFull,
    CartLineLimit,
    CartQuantityLimit,
    NothingHere,
    SkuGone,
    SkuUnknown,
)
from myclothes_gateway.inputs import SKU_PATTERN, LineInput, QuantityInput
from myclothes_gateway.pages import forms
from myclothes_gateway.pages.catalogue import groups, product_page
from myclothes_gateway.pages.views import go, page
from myclothes_gateway.services import services
from myclothes_gateway.sessions import current

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from myclothes_gateway.models import CartView

_REFUSALS = (CartLineLimit, CartQuantityLimit, SkuGone, SkuUnknown, CartCookieFull)


async def cart(request: Request) -> Response:
    return _cart_page(request, await services(request).basket.view(current(request)))


def _cart_page(
    request: Request, view: CartView, *, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    trouble = any(line.gone or (line.available is not None and line.available < line.quantity) for line in view.lines)
    return page(request, "cart.html", status, cart=view, trouble=trouble, errors=errors or {}, form_id=forms.new_id())


async def add(request: Request) -> Response:
    form = await forms.read(request)
    sku = form.get("sku") or form.get(f"sku-{form.get('group')}")
    if not sku:
        return await _product_again(request, form, {f"sku-{form.get('group')}": "Choose a size"})
    try:
        line = forms.convert({"sku": sku, "quantity": _whole(form.get("quantity") or "1")}, LineInput)
    except forms.Refused as refused:
        return await _product_again(request, form, refused.errors)
    operation = form.operation("add", [line.sku, line.quantity])
    try:
        await services(request).basket.add(current(request), line.sku, line.quantity, operation)
    except _REFUSALS as problem:
        return await _product_again(request, form, {f"sku-{form.get('group')}": f"{problem.title}."}, problem.status)
    return go("/cart", "added")


async def _product_again(request: Request, form: forms.Form, errors: dict[str, str], status: int = 422) -> Response:
    """The product's page as it was filled in, with what is wrong."""
    if not form.get("handle"):
        raise NothingHere("There is no such article.")
    product = await services(request).catalogue.product(form.get("handle"))
    group = form.get("group")
    colours = {str(index): found.colour for index, found in enumerate(groups(product))}
    sku = form.get("sku") or form.get(f"sku-{group}")
    return product_page(request, product, colour=colours.get(group, ""), sku=sku, errors=errors, status=status)


async def change(request: Request) -> Response:
    """A line's quantity; 0 takes the line out."""
    form = await forms.read(request)
    session, basket = current(request), services(request).basket
    sku = _sku(request)
    try:
        wanted = forms.convert({"quantity": _whole(form.get("quantity"))}, QuantityInput).quantity
    except forms.Refused as refused:
        errors = {f"quantity-{sku}": refused.errors["quantity"]}
        return _cart_page(request, await basket.view(session), errors=errors, status=422)
    try:
        await basket.set_quantity(session, sku, wanted, form.operation("set", [sku, wanted]))
    except _REFUSALS as problem:
        errors = {f"quantity-{sku}": f"{problem.title}."}
        return _cart_page(request, await basket.view(session), errors=errors, status=problem.status)
    return go("/cart", "changed" if wanted else "removed")


async def remove(request: Request) -> Response:
    form = await forms.read(request)
    sku = _sku(request)
    await services(request).basket.remove(current(request), sku, form.operation("remove", sku))
    return go("/cart", "removed")


def _sku(request: Request) -> str:
    sku: str = request.path_params["sku"]
    if not re.fullmatch(SKU_PATTERN, sku):
        raise NothingHere("There is no such article.")
    return sku


def _whole(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) < 6 else text  # noqa: PLR2004 - longer is over any limit

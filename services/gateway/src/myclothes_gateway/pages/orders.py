"""An order: its confirmation, its page, and taking it back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from myclothes_gateway.errors import NothingHere, OrderShipped
from myclothes_gateway.inputs import ORDER_NUMBER_PATTERN
from myclothes_gateway.pages import forms
from myclothes_gateway.pages.views import go, page
from myclothes_gateway.services import services
from myclothes_gateway.sessions import current

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def order(request: Request) -> Response:
    return await _order_page(request)


async def _order_page(request: Request, *, error: str = "", status: int = 200) -> Response:
    session = current(request)
    found = await services(request).orders.get(session, _number(request))
    return page(
        request,
        "order.html",
        status,
        order=found,
        thanks="thanks" in request.query_params and found.status == "placed",
        error=error,
        form_id=forms.new_id(),
    )


async def cancel(request: Request) -> Response:
    form = await forms.read(request)
    number = _number(request)
    try:
        await services(request).orders.cancel(current(request), number, form.operation("cancel", number))
    except OrderShipped as problem:
        return await _order_page(request, error=f"{problem.title}.", status=problem.status)
    return go(f"/orders/{number}", "cancelled")


def _number(request: Request) -> str:
    number: str = request.path_params["number"].upper()
    if not re.fullmatch(ORDER_NUMBER_PATTERN, number):
        raise NothingHere("There is no such order.")
    return number

"""Forms that can be sent once more when a store could not promise to keep what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_gateway.pages import forms
from myclothes_gateway.pages.errors import resend_page
from myclothes_kit.problems import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    Handler = Callable[[Request], Awaitable[Response]]


def resendable(handler: Handler) -> Handler:
    """`handler` for a POST; its 503 becomes a page with the same form under the same id behind one button.

    The id is what makes it safe: if the first attempt did reach the store, the second one changes nothing. Not for
    forms with passwords: no page may carry one, and without its passwords a form is another one.
    """

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except Unavailable as problem:
            return resend_page(request, problem, (await forms.read(request)).many)

    return handle

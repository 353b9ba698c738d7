"""Pages out of templates, and the way from one page to the next."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, RedirectResponse

from myclothes_gateway.pages import wording
from myclothes_gateway.services import services
from myclothes_gateway.sessions import current

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from myclothes_gateway.models import Money, Picture

FLASH_COOKIE = "said"
FLASH_SECONDS = 30
FLASHES = {
    "added": "Added to your cart.",
    "changed": "Your cart is up to date.",
    "removed": "Taken out of your cart.",
    "welcome": "Welcome! Your account is open.",
    "hello": "You are logged in. What was in your cart still is.",
    "bye": "You are logged out.",
    "saved": "Saved.",
    "address-removed": "The address is gone.",
    "cancelled": "The order is cancelled.",
    "deleted": "Your account is deleted, and everything in it.",
    "ordered-before": "This cart has been ordered already. Here is that order.",
}
"""What a page may say after a form: the cookie carries the key alone, so there is nothing in it to forge."""
FORM_CACHING = "private, no-store"
PAGE_CACHING = "private, no-cache"
PLACEHOLDER = "placeholder.svg"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates; every value is escaped, a missing one is an error."""
    found = Environment(
        loader=PackageLoader("myclothes_gateway"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["countries"] = wording.countries
    return found


def locale(request: Request) -> str:
    """The shopper's locale."""
    return wording.locale_of(request.headers.get("accept-language", ""))


def page(
    request: Request,
    template: str,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    caching: str = FORM_CACHING,
    **values: Any,
) -> Response:
    """`template` filled with `values` and what every page shows. Pages with forms are never stored."""
    session = current(request)
    said = FLASHES.get(request.cookies.get(FLASH_COOKIE, ""))
    words = locale(request)
    assets = services(request).assets
    allowed = services(request).settings.picture_origins

    def picture_url(shown: Picture | None) -> str:
        source = "" if shown is None else shown.src
        if any(source.startswith(f"{origin}/") for origin in allowed):
            return source
        try:
            return assets.url(source.removeprefix("/static/"))
        except KeyError:  # not ours, and from nowhere that the content policy allows
            return assets.url(PLACEHOLDER)

    def money(value: Money, times: int = 1) -> str:
        return wording.money(value, words, times)

    body = (
        environment()
        .get_template(template)
        .render(
            asset=assets.url,
            picture_url=picture_url,
            money=money,
            date=lambda iso: wording.date(iso, words),
            said=said,
            cart_items=session.cart_items,
            signed_in=session.signed_in,
            path=request.url.path,
            **values,
        )
    )
    response = HTMLResponse(
        body, status, headers={"Cache-Control": caching, "Vary": "Accept-Language, Cookie", **(headers or {})}
    )
    if said is not None:
        response.delete_cookie(FLASH_COOKIE, path="/", httponly=True, samesite="lax")
    return response


def go(path: str, say: str = "") -> Response:
    """The next page after a form, by GET, so that back and reload repeat nothing."""
    response = RedirectResponse(path, 303, headers={"Cache-Control": FORM_CACHING})
    if say:
        response.set_cookie(FLASH_COOKIE, say, max_age=FLASH_SECONDS, path="/", httponly=True, samesite="lax")
    return response

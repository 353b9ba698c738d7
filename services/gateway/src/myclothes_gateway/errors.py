"""The gateway's failures, and other services' failures on their way to the shopper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from myclothes_gateway.models import ConflictLine
from myclothes_kit.http_client import AnswerInvalid
from myclothes_kit.problems import (
    BadRequest,
    Conflict,
    FieldError,
    Forbidden,
    NotFound,
    PayloadTooLarge,
    Problem,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Unprocessable,
)

if TYPE_CHECKING:
    from myclothes_kit.http_client import Answer

_log = structlog.get_logger()


class NotLoggedIn(Unauthorized):
    code, title = "not_logged_in", "You are not logged in"


class LoginRefused(Unauthorized):
    code, title = "login_refused", "E-mail and password do not match"


class PasswordWrong(Forbidden):
    code, title = "password_wrong", "The current password is wrong"


class CrossSite(Forbidden):
    """An unsafe request that another site's page has sent."""

    code, title = "cross_site", "This request did not come from the shop's own pages"


class EmailTaken(Conflict):
    code, title = "email_taken", "There is an account with this e-mail already"


class CheckoutConflict(Conflict):
    """Prices, stock or the catalogue have changed; `lines` tells what is so now."""

    code, title = "checkout_conflict", "Something in your cart has changed"

    @property
    def lines(self) -> list[ConflictLine]:
        """Each line that cannot be ordered as it was seen."""
        return msgspec.convert(self.extra.get("lines", []), list[ConflictLine])


class CartChanged(Conflict):
    """The cart does not hold what the shopper saw; `cart` in the document is the cart of now."""

    code, title = "cart_changed", "Your cart has changed meanwhile"


class GuestClaimed(CartChanged):
    """A guest's order that comes after the guest has logged in; `cart` in the document is the account's."""

    code, title = "guest_claimed", "You have logged in since then"


class CartAlreadyOrdered(Conflict):
    """The very same cart has been ordered before; `number` is that order's."""

    code, title = "cart_already_ordered", "This cart has been ordered already"

    @property
    def number(self) -> str:
        """The earlier order's number."""
        return str(self.extra.get("number", ""))


class PreviousOrderSettling(Conflict):
    code, title = "previous_order_settling", "Your previous order is still being taken out of the cart"
    retry_after_default = 1.0


class OrderShipped(Conflict):
    code, title = "order_shipped", "The order is on its way already"


class CartEmpty(Unprocessable):
    code, title = "cart_empty", "There is nothing in the cart"


class SkuUnknown(Unprocessable):
    code, title = "sku_unknown", "There is no such article"


class SkuGone(Unprocessable):
    code, title = "sku_gone", "This article is no longer sold"


class CartLineLimit(Unprocessable):
    code, title = "cart_line_limit", "The cart is full"


class CartQuantityLimit(Unprocessable):
    code, title = "cart_quantity_limit", "That is more of one article than a cart takes"


class KeyReused(Unprocessable):
    code, title = "idempotency_key_reused", "The operation id was used for something else before"


class CartCookieRefused(Unprocessable):
    """The cart in the cookie is not one that this shop gave to this session."""

    code, title = "cart_cookie_refused", "The cart kept in your browser cannot be used"


class CartCookieFull(PayloadTooLarge):
    code, title = "cart_cookie_full", "The cart kept in your browser takes no more"


class LimitReached(TooManyRequests):
    code, title = "rate_limited", "Too many attempts"


class Shed(Unavailable):
    """A replica that has as much to do as it can do well."""

    code, title = "busy", "The shop is very busy"


class NothingHere(NotFound):
    code, title = "not_found", "There is nothing here"


_KNOWN: dict[str, type[Problem]] = {
    cls.code: cls
    for cls in (
        LoginRefused,
        PasswordWrong,
        EmailTaken,
        CheckoutConflict,
        GuestClaimed,
        CartAlreadyOrdered,
        PreviousOrderSettling,
        OrderShipped,
        CartLineLimit,
        CartQuantityLimit,
        KeyReused,
        NothingHere,
    )
}
_OF_STATUS: dict[int, type[Problem]] = {
    cls.status: cls for cls in (BadRequest, NotFound, Conflict, Unprocessable, TooManyRequests, PayloadTooLarge)
}


class _Document(msgspec.Struct):
    """What is read of another service's problem document."""

    code: str = ""
    detail: str = ""
    errors: list[FieldError] = []


_MEMBERS = frozenset({"type", "title", "status", "detail", "code", "request_id", "errors"})


def raise_for(answer: Answer) -> None:
    """Raise the failure that another service answered, as this service's own; nothing for a success.

    A failure that shoppers cannot have caused (an unexpected 401, 403, 5xx) is AnswerInvalid.
    """
    if answer.ok:
        return
    try:
        document = msgspec.json.decode(answer.body, type=_Document)
        members: dict[str, Any] = msgspec.json.decode(answer.body, type=dict)
    except msgspec.DecodeError:
        document, members = _Document(), {}
    cls = _KNOWN.get(document.code) or _OF_STATUS.get(answer.status)
    if cls is None or cls.status != answer.status:
        _log.error("upstream_refused", status=answer.status, code=document.code, detail=document.detail)
        raise AnswerInvalid
    raise cls(
        document.detail,
        errors=document.errors,
        retry_after=answer.retry_after(),
        **{name: value for name, value in members.items() if name not in _MEMBERS},
    )

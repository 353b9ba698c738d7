"""What can go wrong in the shop, one class a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_kit.problems import BadRequest, Conflict, FieldError, NotFound, Unprocessable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from myclothes_shop.domain.checkout import LineConflict

SETTLING_SECONDS = 1.0
"""How soon an order of a cart whose previous order is still being taken out of it is worth another try."""


class CursorInvalid(BadRequest):
    """A cursor that was not given out, or for another list."""

    code, title = "cursor_invalid", "The cursor is invalid"

    @classmethod
    def here(cls, message: str) -> CursorInvalid:
        """The failure, naming the parameter."""
        return cls(
            f"cursor: {message}. Start again without a cursor.", errors=[FieldError("cursor", "invalid", message)]
        )


class ProductNotFound(NotFound):
    code, title = "product_not_found", "There is no such product"


class OrderNotFound(NotFound):
    code, title = "order_not_found", "There is no such order"


class CheckoutConflict(Conflict):
    """Prices, stock or the catalogue have changed since the shopper saw them; nothing was taken."""

    code, title = "checkout_conflict", "The shop has changed since you looked"

    def __init__(self, lines: Sequence[LineConflict]) -> None:
        super().__init__("Nothing was ordered. Look at the lines as they are now, and order again.", lines=lines)


class CartAlreadyOrdered(Conflict):
    """The cart at this version has been ordered; `number` is that order."""

    code, title = "cart_already_ordered", "This cart has already been ordered"

    def __init__(self, number: str) -> None:
        super().__init__(f"It is order {number}.", number=number)


class PreviousOrderSettling(Conflict):
    """What the cart's previous order took is still being removed from the cart."""

    code, title = "previous_order_settling", "Your previous order is still being settled"

    def __init__(self) -> None:
        super().__init__(
            "The lines of the previous order are about to leave the cart. Try again.", retry_after=SETTLING_SECONDS
        )


class GuestClaimed(Conflict):
    """The guest has logged in: what was in the cart is the account's, and an order of the guest would be lost to it."""

    code, title = "guest_claimed", "You have logged in since then"

    def __init__(self) -> None:
        super().__init__("Nothing was ordered. The cart is the account's now: log in, look at it, and order again.")


class OwnerErased(Conflict):
    """The person has been erased: an order that was on its way must not bring them back."""

    code, title = "owner_erased", "The account has been deleted"


class OrderShipped(Conflict):
    code, title = "order_shipped", "The order has been shipped"


class CartEmpty(Unprocessable):
    code, title = "cart_empty", "The cart is empty"


class CurrenciesMixed(Unprocessable):
    code, title = "currencies_mixed", "An order has one currency"

"""The lines of a checkout as the shopper sees and agrees to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from myclothes_gateway.inputs import MAX_PIECES, SeenLine, Sku
from myclothes_gateway.models import Amount, ConflictLine, Currency, Money

if TYPE_CHECKING:
    from collections.abc import Iterable

    from myclothes_gateway.models import CartView
    from myclothes_gateway.pages.forms import Form

Pieces = Annotated[int, msgspec.Meta(ge=0, le=MAX_PIECES)]


class Sent(msgspec.Struct, frozen=True):
    """A line as the page carries it in a hidden field; title and options only to be shown again."""

    sku: Sku
    quantity: Pieces
    cart_quantity: Pieces
    amount: Amount
    currency: Currency
    title: str
    options: str


class ReviewLine(msgspec.Struct, frozen=True):
    """A line to be ordered. `cart_quantity` is what the cart holds, `quantity` what is to be ordered (0: nothing).

    `change` is empty, or what is new about the line: `price`, `stock` or `gone`; `old_price` is the price before.
    """

    sku: str
    quantity: int
    cart_quantity: int
    price: Money
    title: str
    options: str = ""
    change: str = ""
    old_price: Money | None = None

    @property
    def sum(self) -> Money:
        """What the line costs."""
        return Money(self.price.amount * self.quantity, self.price.currency)

    @property
    def field(self) -> str:
        """The hidden field that carries the line through the form."""
        price = self.price
        sent = Sent(self.sku, self.quantity, self.cart_quantity, price.amount, price.currency, self.title, self.options)
        return msgspec.json.encode(sent).decode()


def of_view(view: CartView) -> list[ReviewLine]:
    """The lines of a cart that have a price; what is gone or sold out is to be taken out, what is short cut down."""
    lines = []
    for line in view.lines:
        price, title, options = line.price, line.title or line.sku, " · ".join(line.options.values())
        if line.gone:
            price = price or Money(0, "EUR")
            lines.append(ReviewLine(line.sku, 0, line.quantity, price, title, options, "gone"))
        elif price is not None:
            short = line.available is not None and line.available < line.quantity
            wanted = line.available if short and line.available is not None else line.quantity
            change = "stock" if short else ""
            lines.append(ReviewLine(line.sku, wanted, line.quantity, price, title, options, change))
    return lines


def of_form(form: Form) -> list[ReviewLine]:
    """The lines as the page showed them; what is malformed is left out, and then missed by the comparison."""
    lines = []
    for text in form.many.get("line", []):
        try:
            sent = msgspec.json.decode(text, type=Sent)
        except msgspec.DecodeError:
            continue
        price = Money(sent.amount, sent.currency)
        lines.append(ReviewLine(sent.sku, sent.quantity, sent.cart_quantity, price, sent.title, sent.options))
    return lines


def after_conflict(lines: Iterable[ReviewLine], conflicts: Iterable[ConflictLine]) -> list[ReviewLine]:
    """The lines with what is so now, each as it can be ordered."""
    by_sku = {conflict.sku: conflict for conflict in conflicts}
    return [_changed(line, by_sku.get(line.sku)) for line in lines]


def _changed(line: ReviewLine, conflict: ConflictLine | None) -> ReviewLine:
    # what the form agreed to has reached the cart by now
    line = msgspec.structs.replace(line, cart_quantity=line.quantity)
    if conflict is None:
        return line
    left = conflict.available if conflict.available is not None else line.quantity
    wanted = min(line.quantity, left)
    if conflict.code == "gone" or conflict.price is None:
        return msgspec.structs.replace(line, quantity=0, change="gone")
    if conflict.price != line.price:
        return msgspec.structs.replace(
            line, quantity=wanted, price=conflict.price, old_price=line.price, change="price"
        )
    return msgspec.structs.replace(line, quantity=wanted, change="stock")


def seen(lines: Iterable[ReviewLine]) -> list[SeenLine]:
    """What is ordered, with the prices seen."""
    return [SeenLine(line.sku, line.quantity, line.price) for line in lines if line.quantity > 0]


def total(lines: list[ReviewLine]) -> Money | None:
    """What is to be paid; None when lines are in different currencies."""
    ordered = [line for line in lines if line.quantity]
    currencies = {line.price.currency for line in ordered}
    if len(currencies) != 1:
        return None
    return Money(sum(line.sum.amount for line in ordered), currencies.pop())

"""The lines of a checkout: what is shown, carried through the form, and changed by a conflict."""

from __future__ import annotations

import msgspec
import pytest

from myclothes_gateway.inputs import SeenLine
from myclothes_gateway.models import CartLineView, CartView, ConflictLine, Money
from myclothes_gateway.pages import review
from myclothes_gateway.pages.forms import Form


def euros(amount):
    return Money(amount, "EUR")


def line(sku="shirt", quantity=2, price=5990, **more):
    return review.ReviewLine(sku, quantity, quantity, euros(price), sku.title(), **more)


def test_a_cart_becomes_lines_that_can_be_ordered():
    view = CartView(
        7,
        [
            CartLineView("shirt", 2, title="Shirt", price=euros(5990), options={"Size": "M"}, available=9),
            CartLineView("coat", 3, title="Coat", price=euros(18900), available=1),
            CartLineView("hat", 1, title="Hat", price=euros(900), available=0),
            CartLineView("old", 1, title="Old", price=euros(100), available=5, gone=True),
            CartLineView("unknown", 1),
        ],
        None,
    )
    lines = review.of_view(view)
    assert [(item.sku, item.quantity, item.cart_quantity, item.change) for item in lines] == [
        ("shirt", 2, 2, ""),
        ("coat", 1, 3, "stock"),
        ("hat", 0, 1, "stock"),
        ("old", 0, 1, "gone"),
    ]
    assert review.total(lines) == euros(2 * 5990 + 18900)
    assert review.seen(lines) == [SeenLine("shirt", 2, euros(5990)), SeenLine("coat", 1, euros(18900))]


def test_lines_go_through_a_form_unchanged():
    lines = [line(options="M · Navy"), line("coat", 1, 18900)]
    assert review.of_form(Form({}, {"line": [item.field for item in lines]})) == lines


def test_what_is_no_line_is_left_out():
    assert review.of_form(Form({}, {"line": ["", "{}", '{"sku": 1}', line().field]})) == [line()]


@pytest.mark.parametrize(
    "broken",
    [
        {"sku": "a b"},
        {"sku": "shirt?x"},
        {"sku": "../shirt"},
        {"quantity": -1},
        {"quantity": 10**18},
        {"price": Money(10**18, "EUR")},
        {"price": Money(5990, "euro")},
    ],
)
def test_what_no_page_has_shown_is_left_out(broken):
    lines = [msgspec.structs.replace(line(), **broken), line("coat")]
    assert review.of_form(Form({}, {"line": [item.field for item in lines]})) == [line("coat")]


def test_a_conflict_shows_what_is_so_now():
    lines = [line(), line("coat", 3, 18900), line("hat", 1, 900), line("sock", 1, 500)]
    changed = review.after_conflict(
        lines,
        [
            ConflictLine("shirt", "price_changed", euros(6990), 9, 2),
            ConflictLine("coat", "not_enough_stock", euros(18900), 1, 3),
            ConflictLine("hat", "gone", None, 0, 1),
        ],
    )
    assert [(item.sku, item.quantity, item.price.amount, item.change) for item in changed] == [
        ("shirt", 2, 6990, "price"),
        ("coat", 1, 18900, "stock"),
        ("hat", 0, 900, "gone"),
        ("sock", 1, 500, ""),
    ]
    assert changed[0].old_price == euros(5990)
    assert [item.cart_quantity for item in changed] == [2, 3, 1, 1], "the cart still holds what was asked for"


def test_nothing_left_to_order_has_no_total():
    assert review.total([line(quantity=0)]) is None
    assert review.total([line(), review.ReviewLine("x", 1, 1, Money(1, "USD"), "X")]) is None

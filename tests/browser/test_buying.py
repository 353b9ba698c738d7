"""A guest buys something and registers on the way: on a phone and a desktop, with JavaScript and without."""

from __future__ import annotations

import pytest
import shopping
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_a_guest_buys_and_registers_on_the_way(visit, keep, device, scripts):
    page, email = visit(device, scripts=scripts), shopping.new_email()
    step = f"{device}-{'scripts' if scripts else 'plain'}"

    page.goto("/")
    keep(page, f"{step}-1-home", whole=True)
    page.get_by_role("navigation", name="Shop").or_(page.locator("footer")).get_by_role(
        "link", name="All clothes"
    ).last.click()
    page.get_by_role("navigation", name="Categories").get_by_role("link", name="Shirts", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shirts")
    keep(page, f"{step}-2-category")
    page.get_by_role("link", name="Linen Shirt").click()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator(".summary")).to_contain_text("Choose a size")

    page.get_by_label("Navy").check(force=True)
    page.locator("fieldset.sizes:visible input:not([disabled])").first.check(force=True)
    keep(page, f"{step}-3-product")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("status")).to_have_text("Added to your cart.")
    expect(page.locator("li.line")).to_contain_text("Navy")
    keep(page, f"{step}-4-cart")

    page.get_by_role("link", name="Go to checkout").click()
    page.fill("#email", email)
    page.locator("details.extra summary").click()
    page.fill("#password", shopping.PASSWORD)
    page.get_by_role("button", name="Order and pay").click()
    expect(page.locator(".summary")).to_contain_text("Enter street and house number")
    expect(page.locator("#email")).to_have_value(email)
    keep(page, f"{step}-5-checkout-errors")

    expect(page.locator("details.extra")).to_contain_text("Type your password once more")
    page.fill("#password", shopping.PASSWORD)
    shopping.fill_address(page)
    keep(page, f"{step}-6-checkout", whole=True)
    number = shopping.order(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you!")
    keep(page, f"{step}-7-thanks", whole=True)

    page.goto("/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Ada Example")
    expect(page.locator(".rows")).to_contain_text(number)
    expect(page.locator(".cards")).to_contain_text("Hauptstraße 12")
    keep(page, f"{step}-8-account", whole=True)
    assert shopping.pieces(page) == {}


def test_a_guest_buys_without_an_account(visit):
    page = visit("phone")
    shopping.add(page, "wool-scarf")
    page.get_by_role("link", name="Go to checkout").click()
    page.fill("#email", shopping.new_email())
    shopping.fill_address(page)
    number = shopping.order(page)
    page.reload()
    expect(page.locator(".thanks")).to_contain_text(number)
    page.goto(f"/orders/{number}")
    page.locator("details.extra summary").click()
    page.get_by_role("button", name="Cancel this order").click()
    expect(page.get_by_role("status")).to_have_text("The order is cancelled.")


def test_an_order_is_nobody_else_s(visit):
    buyer, other = visit(), visit()
    shopping.add(buyer, "wool-scarf")
    buyer.goto("/checkout")
    buyer.fill("#email", shopping.new_email())
    shopping.fill_address(buyer)
    number = shopping.order(buyer)
    assert buyer.goto(f"/orders/{number}").status == 200
    assert other.goto(f"/orders/{number}").status == 404


def test_a_saved_address_is_enough_the_second_time(visit):
    page = visit()
    shopping.register(page, shopping.new_email())
    page.goto("/account/addresses/new")
    shopping.fill_address(page)
    page.get_by_role("button", name="Save the address").click()
    shopping.add(page, "canvas-cap")
    page.get_by_role("link", name="Go to checkout").click()
    expect(page.locator("#line1")).to_be_hidden()
    number = shopping.order(page)
    page.goto(f"/orders/{number}")
    expect(page.locator("address")).to_contain_text("Hauptstraße 12")

"""Carts survive what shoppers do to them: double clicks, back, reload, logins, and stores that go away."""

from __future__ import annotations

import time

import pytest
import shopping
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_double_click_adds_once(visit, scripts):
    page = visit(scripts=scripts)
    shopping.choose(page, "canvas-tote")
    page.get_by_role("button", name="Add to cart").dblclick(no_wait_after=True)
    page.wait_for_url("**/cart")
    assert shopping.pieces(page) == {"Canvas Tote": 1}


def test_the_same_form_with_another_choice_is_another_add(visit):
    page = visit()
    page.goto("/products/linen-shirt")
    for colour in ("Sky", "Navy"):
        page.get_by_label(colour).check(force=True)
        page.locator("fieldset.sizes:visible input:not([disabled])").first.check(force=True)
        page.get_by_role("button", name="Add to cart").click()
        page.wait_for_url("**/cart")
        page.go_back()
    page.goto("/cart")
    expect(page.locator("li.line")).to_have_count(2)


def test_back_and_reload_are_harmless(visit):
    page = visit()
    shopping.add(page, "canvas-tote")
    page.reload()
    page.go_back()
    page.go_forward()
    page.reload()
    assert shopping.pieces(page) == {"Canvas Tote": 1}


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_quantity_is_changed_and_a_line_removed(visit, scripts):
    page = visit("phone", scripts=scripts)
    shopping.add(page, "canvas-tote")
    page.get_by_label("Quantity of Canvas Tote").fill("3")
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_role("status")).to_have_text("Your cart is up to date.")
    assert shopping.pieces(page) == {"Canvas Tote": 3}
    page.get_by_label("Quantity of Canvas Tote").fill("many")
    page.get_by_role("button", name="Update").click()
    expect(page.locator(".summary")).to_contain_text("Enter a number from 0 to 99")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".empty")).to_contain_text("There is nothing in it yet.")


def test_a_quantity_waits_for_its_button(visit):
    page, sent = visit(), []
    page.on("request", lambda request: sent.append(request.post_data) if request.method == "POST" else None)
    shopping.add(page, "canvas-tote")
    sent.clear()
    quantity, update = page.get_by_label("Quantity of Canvas Tote"), page.get_by_role("button", name="Update")
    for number in ("2", "3"):  # changed one's mind after leaving the field
        quantity.fill(number)
        quantity.press("Tab")
        expect(update).to_be_focused()
    update.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your cart is up to date.")
    assert [text.rpartition("=")[2] for text in sent] == ["3"]


def test_a_login_merges_the_guest_s_cart(visit):
    email = shopping.new_email()
    first, second = visit(), visit("phone")
    shopping.register(first, email)
    shopping.add(first, "canvas-tote")
    shopping.add(second, "canvas-tote")
    shopping.add(second, "wool-scarf")
    shopping.log_in(second, email)
    assert shopping.pieces(second) == {"Canvas Tote": 2, "Wool Scarf": 1}
    assert shopping.pieces(first) == {"Canvas Tote": 2, "Wool Scarf": 1}


def test_a_wrong_login_keeps_the_e_mail_and_the_cart(visit):
    page, email = visit(), shopping.new_email()
    shopping.add(page, "canvas-tote")
    page.goto("/login")
    page.fill("#email", email)
    page.fill("#password", "not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".summary")).to_contain_text("do not match")
    expect(page.locator("#email")).to_have_value(email)
    assert shopping.pieces(page) == {"Canvas Tote": 1}


def test_what_changed_before_the_order_is_shown_and_one_click_goes_on(visit, keep):
    page, other = visit("phone"), visit()
    for shopper in (page, other):
        shopping.add(shopper, "wool-coat")
        shopper.get_by_label("Quantity of Wool Coat").fill("99")
        shopper.get_by_role("button", name="Update").click()
        expect(shopper.locator("li.line")).to_contain_text("left")
        shopper.goto("/checkout")
        shopper.fill("#email", shopping.new_email())
        shopping.fill_address(shopper)
    page.goto("/cart")
    page.get_by_label("Quantity of Wool Coat").fill("2")
    page.get_by_role("button", name="Update").click()
    page.goto("/checkout")
    page.fill("#email", shopping.new_email())
    shopping.fill_address(page)
    shopping.add(page.context.new_page(), "wool-scarf")  # in another window

    page.get_by_role("button", name="Order and pay").click()
    expect(page.locator(".summary")).to_contain_text("Your cart has changed meanwhile")
    expect(page.locator("#city")).to_have_value("Berlin")
    keep(page, "phone-cart-changed", whole=True)
    shopping.order(other)
    page.get_by_role("button", name="Order and pay").click()
    expect(page.locator(".summary")).to_contain_text("sold out, taken out of this order")
    expect(page.locator("#city")).to_have_value("Berlin")
    keep(page, "phone-checkout-conflict", whole=True)
    page.get_by_role("button", name="Yes, order for €39.90").click()
    page.wait_for_url("**/orders/MC-*")
    expect(page.locator(".mini")).to_contain_text("Wool Scarf")
    expect(page.locator(".mini")).not_to_contain_text("Wool Coat")


def test_after_an_outage_the_cart_is_as_it_was(visit, keep, shop):
    page = visit("phone")
    shopping.add(page, "canvas-tote")
    shopping.choose(page, "wool-scarf")
    with shop.frozen("single/valkey"):
        page.get_by_role("button", name="Add to cart").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("One moment, please")
        keep(page, "phone-store-away-add")
        away = page.context.new_page()
        assert away.goto("/cart").status == 503
        expect(away.locator("main")).to_contain_text("Your cart is safe")
        keep(away, "phone-store-away-cart")
        assert away.goto("/products/canvas-tote").status == 200, "the catalogue goes on"
    shopping.wait_for_the_cart(away)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url("**/cart")
    assert shopping.pieces(page) == {"Canvas Tote": 1, "Wool Scarf": 1}


def test_an_outage_in_mid_checkout_loses_nothing_that_was_typed(visit, keep, shop):
    page = visit()
    shopping.add(page, "canvas-tote")
    page.goto("/checkout")
    email = shopping.new_email()
    page.fill("#email", email)
    shopping.fill_address(page)
    with shop.frozen("single/valkey"):
        page.get_by_role("button", name="Order and pay").click()
        expect(page.locator(".summary")).to_contain_text("could not promise")
        keep(page, "desktop-store-away-checkout")
    for name, text in {"email": email, **shopping.ADDRESS}.items():
        expect(page.locator(f"#{name}")).to_have_value(text)
    deadline = time.monotonic() + shopping.RECOVERY_SECONDS
    while "/orders/" not in page.url:
        assert time.monotonic() < deadline
        page.get_by_role("button", name="Order and pay").click()
        page.wait_for_load_state("load")
    expect(page.locator(".mini")).to_contain_text("Canvas Tote")

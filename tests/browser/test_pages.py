"""Every page: accessible, light, and asking nobody but the shop itself."""

from __future__ import annotations

import gzip
import re
from urllib.parse import urlsplit

import pytest
import shopping
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
MAX_PAGE_BYTES = 100 * 1024
SERIOUS = {"serious", "critical"}
GUESTS = {
    "home": "/",
    "list": "/search?sort=newest",
    "filtered": "/search?size=M&colour=Navy",
    "category": "/categories/knitwear",
    "nothing-found": "/search?q=xyzzyplugh",
    "product": "/products/linen-shirt",
    "product-one-variant": "/products/canvas-tote",
    "cart-empty": "/cart",
    "login": "/login",
    "register": "/register",
    "not-found": "/nowhere",
    "api": "/api/v1/",
}
WITH_A_CART = {"cart": "/cart", "checkout": "/checkout"}
WITH_AN_ACCOUNT = {"account": "/account", "address-new": "/account/addresses/new"}
STATUS = {"not-found": 404, "store-away": 503}
LOGINS_AN_ACCOUNT = 10
"""The gateway's default."""
_axe = Axe()


class Watch:
    """What a page asks for and complains about."""

    def __init__(self, page, origin):
        self.foreign, self.complaints, self.bytes = [], [], {}
        self._origin = origin
        page.on("request", self._on_request)
        page.on("response", self._on_response)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._on_console)

    def _on_request(self, request):
        if not request.url.startswith((self._origin, "data:")):
            self.foreign.append(request.url)

    def _on_response(self, response):
        if "image" not in response.headers.get("content-type", "") and response.status == 200:
            self.bytes[response.url] = response

    def _on_console(self, message):
        if "Content Security Policy" in message.text or "Refused" in message.text:
            self.complaints.append(message.text)

    def weight(self):
        """Bytes over the wire without pictures, as the server compresses them."""
        total = 0
        for response in self.bytes.values():
            body = response.body()
            packed = response.headers.get("content-encoding") == "gzip"
            total += len(gzip.compress(body)) if packed else len(body)
        return total


def _inspect(page, keep, shop, name, path, device, scheme):
    watch = Watch(page, shop.url)
    assert page.goto(path, wait_until="load").status == STATUS.get(name, 200)
    keep(page, f"page-{name}-{device}-{scheme}")
    found = _axe.run(page).response["violations"]
    serious = [
        f"{item['id']}: {item['help']}: {[node['target'] for node in item['nodes']][:3]}"
        for item in found
        if item["impact"] in SERIOUS
    ]
    assert serious == []
    assert watch.foreign == []
    assert watch.complaints == []
    assert watch.weight() <= MAX_PAGE_BYTES
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0, "nothing sticks out to the side"


LOOKS = [(device, scheme) for device in shopping.DEVICES for scheme in ("light", "dark")]


@pytest.mark.parametrize(("device", "scheme"), LOOKS)
def test_the_pages_of_a_guest(visit, keep, shop, device, scheme):
    for name, path in GUESTS.items():
        _inspect(visit(device, scheme=scheme), keep, shop, name, path, device, scheme)


@pytest.mark.parametrize(("device", "scheme"), LOOKS)
def test_the_pages_of_a_shopper(visit, keep, shop, device, scheme):
    page = visit(device, scheme=scheme)
    for handle in ("linen-shirt", "summer-dress", "canvas-tote"):
        shopping.add(page, handle)
    for name, path in WITH_A_CART.items():
        _inspect(page, keep, shop, name, path, device, scheme)
    page.get_by_role("button", name="Order and pay").click()
    page.locator(".summary").wait_for()
    _check_again(page, keep, f"page-checkout-errors-{device}-{scheme}")
    page.fill("#email", shopping.new_email())
    shopping.fill_address(page)
    shopping.add(page.context.new_page(), "wool-scarf")  # in another window
    with page.expect_response("**/checkout") as answer:
        page.get_by_role("button", name="Order and pay").click()
    assert answer.value.status == 409
    page.get_by_text("Your cart has changed meanwhile").wait_for()
    _check_again(page, keep, f"page-checkout-changed-{device}-{scheme}")


def _look(page, device, scheme):
    page.set_viewport_size(shopping.DEVICES[device])
    page.emulate_media(color_scheme=scheme)


def _check_again(page, keep, name):
    keep(page, name)
    found = _axe.run(page).response["violations"]
    assert [item["id"] for item in found if item["impact"] in SERIOUS] == []


@pytest.mark.parametrize(("device", "scheme"), LOOKS)
def test_the_pages_of_an_account(visit, keep, shop, device, scheme):
    page = visit(device, scheme=scheme)
    shopping.register(page, shopping.new_email())
    page.goto("/account/addresses/new")
    shopping.fill_address(page)
    page.get_by_role("button", name="Save the address").click()
    for name, path in WITH_AN_ACCOUNT.items():
        _inspect(page, keep, shop, name, path, device, scheme)
    for summary in page.goto("/account") and page.locator("details.extra > summary").all():
        summary.click()
    _check_again(page, keep, f"page-account-open-{device}-{scheme}")
    page.get_by_role("link", name="Change the address").click()
    page.get_by_role("heading", name="Change an address").wait_for()
    _check_again(page, keep, f"page-address-change-{device}-{scheme}")
    shopping.add(page, "five-pairs-of-socks")
    page.goto("/checkout")
    number = shopping.order(page)
    _check_again(page, keep, f"page-order-thanks-{device}-{scheme}")
    _inspect(page, keep, shop, "order", f"/orders/{number}", device, scheme)
    page.goto("/account")
    for summary in page.locator("details.extra > summary").all():
        summary.click()
    page.get_by_role("button", name="Save the password").click()
    page.locator(".summary").wait_for()
    _check_again(page, keep, f"page-account-errors-{device}-{scheme}")


def test_the_page_of_too_many_logins(visit, keep):
    page, email = visit(), shopping.new_email()
    page.goto("/login")
    for _ in range(LOGINS_AN_ACCOUNT):
        with page.expect_response("**/login") as answer:
            _try_to_log_in(page, email)
        assert answer.value.status == 401
    with page.expect_response("**/login") as answer:
        _try_to_log_in(page, email)
    assert answer.value.status == 429
    assert re.search(r"Wait \d+ minutes and", page.locator(".summary").inner_text())
    for device, scheme in LOOKS:
        _look(page, device, scheme)
        _check_again(page, keep, f"page-too-many-logins-{device}-{scheme}")


def _try_to_log_in(page, email):
    page.fill("#email", email)
    page.fill("#password", "not the password")
    page.get_by_role("button", name="Log in").click()


def test_the_page_of_a_store_that_is_away(visit, keep, shop):
    page = visit()
    shopping.add(page, "canvas-tote")
    with shop.frozen("single/valkey"):
        for device, scheme in LOOKS:
            _look(page, device, scheme)
            _inspect(page, keep, shop, "store-away", "/cart", device, scheme)
    shopping.wait_for_the_cart(page)


def test_pictures_keep_their_place_and_come_late(visit):
    page = visit("phone")
    page.goto("/search")
    for picture in page.locator(".card img").all():
        assert picture.get_attribute("width") == "800"
        assert picture.get_attribute("height") == "1000"
    assert page.locator(".card img[loading=lazy]").count() > 0
    box = page.locator(".card .frame").first.bounding_box()
    assert box["height"] / box["width"] == pytest.approx(1.25, abs=0.01)


def test_what_never_changes_is_cached_for_good_and_pages_with_forms_are_not(visit):
    page, caching = visit(), {}

    def note(answer):
        caching[urlsplit(answer.url).path] = answer.headers["cache-control"]

    page.on("response", note)
    page.goto("/products/linen-shirt", wait_until="load")
    assert caching["/products/linen-shirt"] == "private, no-store"
    assets = [value for path, value in caching.items() if path.startswith("/static/")]
    assert len(assets) >= 3
    assert set(assets) == {"public, max-age=31536000, immutable"}


def test_prices_are_written_as_the_shopper_s_locale_writes_them(visit):
    page = visit(locale="de-DE")
    page.goto("/products/linen-shirt")
    assert page.locator(".price:visible").inner_text() == "59,90\N{NO-BREAK SPACE}€"
    page = visit(locale="en-IE")
    page.goto("/products/linen-shirt")
    assert page.locator(".price:visible").inner_text() == "€59.90"


def test_the_keyboard_reaches_the_content_first(visit):
    page = visit()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"

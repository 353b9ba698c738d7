"""The shoppers' browser, and what they do in it step by step, with or without JavaScript."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time

import pytest
from playwright.sync_api import sync_playwright

PAGE_MILLISECONDS = 20_000
RECOVERY_SECONDS = 30
DEVICES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
PASSWORD = "correct horse battery"
ADDRESS = {"name": "Ada Example", "line1": "Hauptstraße 12", "postal_code": "10115", "city": "Berlin"}


@contextlib.contextmanager
def chromium():
    """The browser, to be one a module: its event loop must have ended before other asynchronous tests begin."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("install chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def new_email():
    return f"ada-{secrets.token_hex(6)}@example.com"


def choose(page, handle):
    """Open a product and take its first colour and size that are there."""
    page.goto(f"/products/{handle}")
    sizes = page.locator("fieldset.sizes:visible input:not([disabled])")
    if sizes.count():
        sizes.first.check(force=True)


def add(page, handle):
    """Put one piece of a product into the cart."""
    choose(page, handle)
    page.get_by_role("button", name="Add to cart").click()
    page.wait_for_url("**/cart")


def pieces(page):
    """Title and quantity of each line of the cart."""
    page.goto("/cart")
    lines = page.locator("li.line")
    return {
        lines.nth(at).locator(".line-title").inner_text(): int(
            lines.nth(at).locator("input[name=quantity]").input_value()
        )
        for at in range(lines.count())
    }


def wait_for_the_cart(page):
    """After an outage."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while page.goto("/cart").status != 200:
        assert time.monotonic() < deadline


def fill_address(page):
    for name, text in ADDRESS.items():
        page.fill(f"#{name}", text)
    page.select_option("#country", "DE")


def register(page, email):
    page.goto("/register")
    page.fill("#name", ADDRESS["name"])
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Open my account").click()
    page.wait_for_url("**/account")


def log_in(page, email):
    page.goto("/login")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/account")


def order(page):
    """Press the button of the checkout; the order's number."""
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url(re.compile(r"/orders/MC-"))
    return re.search(r"MC-\w{4}-\w{4}", page.url)[0]

"""A shopper with Chromium buys through the ingress, as tests/browser does in the shop on one machine."""

from pathlib import Path

import pytest
import shopping
from playwright.sync_api import expect

from myclothes_cluster import Release

pytestmark = [pytest.mark.cluster, pytest.mark.harmless, pytest.mark.timeout(300)]

SCREENSHOTS = Path(__file__).parents[2] / "artefacts" / "screenshots"


@pytest.fixture(scope="module")
def chromium():
    with shopping.chromium() as browser:
        yield browser


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_guest_buys_and_registers_on_the_way(release: Release, chromium, scripts) -> None:
    context = chromium.new_context(base_url=release.origin, java_script_enabled=scripts, locale="en-IE")
    context.set_default_timeout(shopping.PAGE_MILLISECONDS)
    page, step = context.new_page(), f"cluster-{'scripts' if scripts else 'plain'}"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    page.goto("/")
    page.screenshot(path=SCREENSHOTS / f"{step}-1-home.png")
    shopping.add(page, "linen-shirt")
    shopping.add(page, "wool-scarf")
    assert sorted(shopping.pieces(page).values()) == [1, 1]
    page.screenshot(path=SCREENSHOTS / f"{step}-2-cart.png")

    page.get_by_role("link", name="Go to checkout").click()
    page.fill("#email", shopping.new_email())
    page.locator("details.extra summary").click()
    page.fill("#password", shopping.PASSWORD)
    shopping.fill_address(page)
    page.screenshot(path=SCREENSHOTS / f"{step}-3-checkout.png", full_page=True)
    number = shopping.order(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you!")
    page.screenshot(path=SCREENSHOTS / f"{step}-4-thanks.png", full_page=True)

    page.goto("/account")
    expect(page.locator(".rows")).to_contain_text(number)
    assert shopping.pieces(page) == {}
    context.close()

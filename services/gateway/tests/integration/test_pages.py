"""The storefront's forms as a browser without scripts sends them, when something goes wrong on the way."""

from __future__ import annotations

import html
import re

from yarl import URL

PARIS = {"name": "Ann", "line1": "1 rue de Rivoli", "city": "Paris", "postal_code": "75001", "country": "FR"}
NEW_PASSWORD = "another long one"


async def get(shopper, path):
    """The page's status and text."""
    async with shopper.http.get(path, headers={"Accept": "text/html"}) as answer:
        return answer.status, await answer.text()


async def post(shopper, path, fields):
    """Status and text of the answer to a form; of a redirect, where it leads."""
    headers, data = {"Accept": "text/html"}, [(name, value) for name, values in fields.items() for value in values]
    async with shopper.http.post(path, data=data, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location") or await answer.text()


def fields_of(page, action, part=""):
    """The values of each input of a page's form, as a browser would send it untouched."""
    for form in re.findall(rf'<form method="post" action="{action}".*?</form>', page, re.DOTALL):
        inputs = [dict(re.findall(r'([a-z]+)(?:="([^"]*)")?', each)) for each in re.findall(r"<input [^>]*>", form)]
        if part and not any((each["name"], each.get("value")) == ("part", part) for each in inputs):
            continue
        fields = {}
        for each in inputs:
            if each["type"] not in {"radio", "checkbox"} or "checked" in each:
                fields.setdefault(each["name"], []).append(html.unescape(each.get("value", "")))
        return fields
    raise AssertionError(f"no form for {action}: {page}")


async def test_a_password_that_could_not_be_saved_is_asked_for_again(rig, shopper, gate):
    way = await gate(rig.users.port)
    with rig.gateway_with(users_url=way.url, deadline_seconds=2) as gateway:
        ann = shopper(gateway.url)
        account = await ann.register()
        _, page = await get(ann, "/account")
        typed = {"current_password": [account["password"]], "password": [NEW_PASSWORD]}
        way.refuse(b"PATCH")
        status, page = await post(ann, "/account", fields_of(page, "/account", "pass") | typed)
        assert status == 503
        assert way.seen
        assert NEW_PASSWORD not in page
        way.open()
        again = fields_of(page, "/account", "pass")
        status, page = await post(ann, "/account", again)
        assert status == 422, "without its passwords it is not saved"
        await shopper().log_in(account)
        assert await post(ann, "/account", again | typed) == (303, "/account")
        await shopper().log_in(account, expect=401)
        await shopper().log_in({**account, "password": NEW_PASSWORD})


async def test_an_address_is_kept_once_however_often_the_checkout_comes_back(shopper, skus):
    ann = shopper()
    await ann.register()
    await ann.add(skus[0])
    _, page = await get(ann, "/checkout")
    typed = {name: [value] for name, value in PARIS.items()}
    for sku in skus[1:3]:
        await ann.add(sku)  # in another window
        status, page = await post(ann, "/checkout", fields_of(page, "/checkout") | typed)
        assert status == 409
    status, where = await post(ann, "/checkout", fields_of(page, "/checkout") | typed)
    assert (status, where[:11]) == (303, "/orders/MC-")
    addresses = (await ann.call("GET", "/account/addresses", expect=200))["items"]
    assert [address["city"] for address in addresses] == ["Paris"]


async def test_a_checkout_that_comes_after_the_login_says_so_and_shows_the_cart(rig, shopper, skus, gate):
    way = await gate(rig.shop.port)
    patience = {"deadline_seconds": 30, "upstream_read_seconds": 20}
    with rig.gateway_with(shop_url=way.url, **patience) as gateway:
        ann, late = shopper(), shopper(gateway.url)
        await ann.add(skus[0])
        late.plant(ann.cookie)
        _, page = await get(late, "/checkout")
        typed = {name: [value] for name, value in {**PARIS, "email": "ann@example.com"}.items()}

        async def log_in():
            await ann.register()
            await ann.add(skus[1])

        way.before(b"POST /v1/orders", log_in)
        for _ in range(2):  # the gateway finds out by itself the second time
            status, page = await post(late, "/checkout", fields_of(page, "/checkout") | typed)
            assert (status, "You have logged in since then" in page) == (409, True)
            assert "Perhaps in another window" not in page
            assert len(fields_of(page, "/checkout")["line"]) == 2
        assert (await ann.lines()).keys() == set(skus[:2])
        assert (await ann.call("GET", "/orders", expect=200))["items"] == []


async def test_what_names_no_article_is_not_found(shopper, skus):
    ann = shopper()
    await ann.add(skus[0])
    for path in (f"{skus[0]}%3Fx", f"{skus[0]}%20x", "%2E%2E%2F%2E%2E"):
        for last, fields in (("", {"quantity": ["2"]}), ("/remove", {})):
            status, _ = await post(ann, URL(f"/cart/lines/{path}{last}", encoded=True), fields)
            assert status == 404
    assert await ann.lines() == {skus[0]: 1}
    assert await post(ann, f"/cart/lines/{skus[0]}", {"quantity": ["2"]}) == (303, "/cart")
    assert await ann.lines() == {skus[0]: 2}


async def test_a_colour_that_is_none_is_passed_over(shopper):
    ann = shopper()
    product = (await ann.call("GET", "/products", expect=200))["items"][0]
    for group in ("0", "9" * 5000):
        status, page = await post(ann, "/cart/lines", {"handle": [product["handle"]], "group": [group]})
        assert (status, f'value="{product["handle"]}"' in page) == (422, True)

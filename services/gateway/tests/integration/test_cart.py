"""The cart through the gateway."""

from __future__ import annotations


async def test_a_visitor_has_an_empty_cart_and_gets_no_cookie(shopper):
    ann = shopper()
    assert await ann.cart() == {"version": 0, "lines": [], "total": None}
    assert ann.cookie is None


async def test_the_first_add_begins_a_session_and_shows_titles_and_prices(shopper, skus):
    ann = shopper()
    cart = await ann.add(skus[0], 2)
    (line,) = cart["lines"]
    assert (line["sku"], line["quantity"], line["gone"]) == (skus[0], 2, False)
    assert line["title"]
    assert cart["total"] == {"amount": 2 * line["price"]["amount"], "currency": line["price"]["currency"]}
    assert ann.cookie
    assert await ann.cart() == cart


async def test_lines_are_set_and_removed(shopper, skus):
    ann = shopper()
    await ann.add(skus[0])
    await ann.add(skus[1])
    await ann.call("PUT", f"/cart/lines/{skus[0]}", {"quantity": 5}, expect=200)
    assert await ann.lines() == {skus[0]: 5, skus[1]: 1}
    await ann.call("PUT", f"/cart/lines/{skus[0]}", {"quantity": 0}, expect=200)
    await ann.call("DELETE", f"/cart/lines/{skus[1]}", expect=200)
    await ann.call("DELETE", f"/cart/lines/{skus[1]}", expect=200)
    assert await ann.lines() == {}


async def test_a_repeated_operation_adds_once(shopper, skus):
    ann = shopper()
    await ann.add(skus[0])
    await ann.add(skus[0], 2, key="add-once-1234")
    await ann.add(skus[0], 2, key="add-once-1234")
    assert await ann.lines() == {skus[0]: 3}


async def test_an_unknown_article_is_refused_and_nothing_is_kept(shopper, skus):
    ann = shopper()
    problem = await ann.call("POST", "/cart/lines", {"sku": "no-such", "quantity": 1}, expect=422)
    assert problem["code"] == "sku_unknown"
    assert problem["errors"][0]["field"] == "sku"
    assert ann.cookie is None
    await ann.add(skus[0])


async def test_limits_are_the_cart_services(shopper, skus):
    ann = shopper()
    await ann.add(skus[0], 99)
    problem = await ann.call("POST", "/cart/lines", {"sku": skus[0], "quantity": 1}, expect=422)
    assert problem["code"] == "cart_quantity_limit"


async def test_the_cart_is_shown_while_the_shop_is_away(rig, shopper, skus):
    with rig.gateway_with() as gateway:
        ann = shopper(gateway.url)
        await ann.add(skus[0], 2)
        rig.shop.kill()
        try:
            known = await ann.cart()
            with rig.gateway_with(signing_keys_file=rig.keys) as other:
                stranger = shopper(other.url)
                stranger.plant(ann.cookie)
                unknown = await stranger.cart()
        finally:
            rig.shop.start()
    assert known["lines"][0]["title"]
    assert (unknown["lines"][0]["quantity"], unknown["lines"][0]["title"], unknown["total"]) == (2, None, None)


async def test_a_write_outlives_the_cart_services_restart(rig, shopper, skus):
    ann = shopper()
    await ann.add(skus[0])
    rig.cart.kill()
    rig.cart.start()
    await ann.add(skus[1])
    assert await ann.lines() == {skus[0]: 1, skus[1]: 1}

"""From the cart to an order."""

from __future__ import annotations

import asyncio

PARIS = {"name": "Ann", "line1": "1 rue de Rivoli", "city": "Paris", "postal_code": "75001", "country": "FR"}
GUEST = {"email": "ann@example.com", "address": PARIS}


async def test_a_guest_orders_what_is_in_the_cart(shopper, skus):
    ann = shopper()
    cart = await ann.add(skus[0], 2)
    order = await ann.call("POST", "/orders", GUEST, expect=201)
    assert order["total"] == cart["total"]
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [(skus[0], 2)]
    assert await ann.lines() == {}
    assert await ann.call("GET", f"/orders/{order['number']}", expect=200) == order
    assert [each["number"] for each in (await ann.call("GET", "/orders", expect=200))["items"]] == [order["number"]]
    await shopper().call("GET", f"/orders/{order['number']}", expect=404)
    stranger = shopper()
    await stranger.add(skus[0])
    await stranger.call("GET", f"/orders/{order['number']}", expect=404)


async def test_a_repeated_checkout_is_one_order(shopper, skus):
    ann = shopper()
    await ann.add(skus[0])
    first = await ann.call("POST", "/orders", GUEST, key="checkout-once", expect=201)
    again = await ann.call("POST", "/orders", GUEST, key="checkout-once", expect=201)
    assert again["number"] == first["number"]
    assert len((await ann.call("GET", "/orders"))["items"]) == 1
    problem = await ann.call("POST", "/orders", GUEST, key="checkout-anew", expect=422)
    assert problem["code"] == "cart_empty"


async def test_a_repeated_checkout_is_the_first_order_whatever_the_cart_holds_now(shopper, skus):
    ann = shopper()
    cart = await ann.add(skus[0])
    seen = {**GUEST, "lines": [{"sku": skus[0], "quantity": 1, "price": cart["lines"][0]["price"]}]}
    first = await ann.call("POST", "/orders", seen, key="checkout-seen", expect=201)
    await ann.add(skus[1])
    assert await ann.call("POST", "/orders", seen, key="checkout-seen", expect=201) == first
    problem = await ann.call("POST", "/orders", seen, key="checkout-unseen", expect=409)
    assert problem["code"] == "cart_changed"
    assert await ann.lines() == {skus[1]: 1}


async def test_a_repeated_checkout_is_the_first_order_while_no_price_is_known(rig, shopper, skus, gate):
    way = await gate(rig.shop.port)
    with rig.gateway_with(shop_url=way.url, deadline_seconds=30) as gateway:
        ann = shopper()
        await ann.add(skus[0])
        first = await ann.call("POST", "/orders", GUEST, key="checkout-priced", expect=201)
        await ann.add(skus[1])
        way.refuse(b"/v1/variants")
        elsewhere = shopper(gateway.url, ann.http.cookie_jar)
        await elsewhere.call("POST", "/orders", GUEST, key="checkout-unpriced", expect=503)
        assert way.seen
        assert await elsewhere.call("POST", "/orders", GUEST, key="checkout-priced", expect=201) == first


async def test_a_checkout_sent_many_times_at_once_is_one_order(shopper, skus):
    ann = shopper()
    await ann.add(skus[0])
    await asyncio.gather(*(ann.call("POST", "/orders", GUEST, key="checkout-many") for _ in range(8)))
    assert len((await ann.call("GET", "/orders"))["items"]) == 1
    assert await ann.lines() == {}


async def test_the_price_that_was_seen_is_the_price_that_is_paid(shopper, skus):
    ann = shopper()
    cart = await ann.add(skus[0])
    (line,) = cart["lines"]
    dearer = {**line["price"], "amount": line["price"]["amount"] - 1}
    seen = [{"sku": line["sku"], "quantity": 1, "price": dearer}]
    problem = await ann.call("POST", "/orders", {**GUEST, "lines": seen}, expect=409)
    assert problem["code"] == "checkout_conflict"
    assert [(each["sku"], each["code"], each["price"]) for each in problem["lines"]] == [
        (line["sku"], "price_changed", line["price"])
    ]
    assert await ann.lines() == {line["sku"]: 1}
    seen[0]["price"] = line["price"]
    await ann.call("POST", "/orders", {**GUEST, "lines": seen}, expect=201)


async def test_a_cart_that_was_not_seen_is_not_ordered(shopper, skus):
    ann = shopper()
    cart = await ann.add(skus[0])
    seen = [{"sku": skus[0], "quantity": 1, "price": cart["lines"][0]["price"]}]
    await ann.add(skus[1])
    problem = await ann.call("POST", "/orders", {**GUEST, "lines": seen}, expect=409)
    assert problem["code"] == "cart_changed"
    assert [line["sku"] for line in problem["cart"]["lines"]] == skus[:2]


async def test_an_account_orders_to_a_known_address_and_gets_the_guests_orders(shopper, skus):
    ann = shopper()
    await ann.add(skus[0])
    as_guest = await ann.call("POST", "/orders", GUEST, expect=201)
    await ann.register()
    made = await ann.call("POST", "/account/addresses", {**PARIS, "line2": "", "region": "", "phone": ""}, expect=201)
    await ann.add(skus[1])
    order = await ann.call("POST", "/orders", {"address_id": made["id"]}, expect=201)
    numbers = [each["number"] for each in (await ann.call("GET", "/orders", expect=200))["items"]]
    assert numbers == [order["number"], as_guest["number"]]
    problem = await ann.call("POST", "/orders", {"address_id": "0" * 32}, expect=422)
    assert problem["errors"][0]["field"] == "address_id"


async def test_a_checkout_that_was_held_up_over_a_login_does_not_order_the_accounts_cart(shopper, skus):
    """It came back from a frozen zone: an order that the account never sees would have emptied its cart."""
    ann, late = shopper(), shopper()
    await ann.add(skus[0])
    late.plant(ann.cookie)
    await ann.register()
    await ann.add(skus[1])
    problem = await late.call("POST", "/orders", GUEST, expect=409)
    assert problem["code"] == "guest_claimed"
    assert {line["sku"] for line in problem["cart"]["lines"]} == set(skus[:2])
    assert (await ann.lines()).keys() == set(skus[:2])
    assert (await ann.call("GET", "/orders", expect=200))["items"] == []
    order = await ann.call("POST", "/orders", GUEST, expect=201)  # the control
    assert {line["sku"] for line in order["lines"]} == set(skus[:2])


async def test_a_checkout_that_was_held_up_behind_its_look_at_the_cart_orders_nothing(rig, shopper, skus, gate):
    """The login came between the two: what the checkout has seen was the guest's own cart still."""
    way = await gate(rig.shop.port)
    patience = {"deadline_seconds": 30, "upstream_read_seconds": 20}
    with rig.gateway_with(shop_url=way.url, **patience) as gateway:
        ann, late = shopper(), shopper(gateway.url)
        await ann.add(skus[0])
        late.plant(ann.cookie)

        async def log_in():
            await ann.register()
            await ann.add(skus[1])

        way.before(b"POST /v1/orders", log_in)
        problem = await late.call("POST", "/orders", GUEST, key="held-up-0001", expect=409)
        assert (problem["code"], problem["title"]) == ("guest_claimed", "You have logged in since then")
        assert problem["detail"].startswith("Nothing was ordered.")
        assert {line["sku"] for line in problem["cart"]["lines"]} == set(skus[:2])
        assert (await ann.lines()).keys() == set(skus[:2])
        assert (await ann.call("GET", "/orders", expect=200))["items"] == []
        order = await ann.call("POST", "/orders", GUEST, expect=201)  # the control
        assert {line["sku"] for line in order["lines"]} == set(skus[:2])
        await late.call("POST", "/orders", GUEST, key="held-up-0001", expect=409)
        assert len((await ann.call("GET", "/orders", expect=200))["items"]) == 1


async def test_a_cancelled_order_is_cancelled_once(shopper, skus):
    ann = shopper()
    await ann.add(skus[0])
    order = await ann.call("POST", "/orders", GUEST, expect=201)
    for _ in range(2):
        assert (await ann.call("POST", f"/orders/{order['number']}/cancel", expect=200))["status"] == "cancelled"


async def test_an_order_needs_somewhere_to_go(shopper, skus):
    ann = shopper()
    await ann.add(skus[0])
    for body, field in [
        ({}, "address"),
        ({"address": PARIS}, "email"),
        ({"address": PARIS, "email": "nothing"}, "email"),
        ({"address": {**PARIS, "postal_code": ""}, "email": "ann@example.com"}, "address.postal_code"),
        ({"address": {**PARIS, "country": "fr"}, "email": "ann@example.com"}, "address.country"),
    ]:
        problem = await ann.call("POST", "/orders", body, expect=422)
        assert problem["errors"][0]["field"] == field, problem
    await ann.call("POST", "/orders", {"address_id": "0" * 32, "email": "ann@example.com"}, expect=401)
    assert await ann.lines() == {skus[0]: 1}


async def test_what_is_added_after_an_order_stays(shopper, skus):
    ann = shopper()
    await ann.add(skus[0], 2)
    await ann.call("POST", "/orders", GUEST, key="order-then-add", expect=201)
    await ann.add(skus[1])
    await ann.call("POST", "/orders", GUEST, key="order-then-add", expect=201)
    assert await ann.lines() == {skus[1]: 1}

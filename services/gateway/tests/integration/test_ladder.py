"""The rungs `memory` and `cookie`: the same cart for a shopper, and what each of them loses."""

from __future__ import annotations

import pytest

GUEST = {
    "email": "ann@example.com",
    "address": {"name": "Ann", "line1": "1 rue de Rivoli", "city": "Paris", "postal_code": "75001", "country": "FR"},
}


@pytest.mark.parametrize("carts", ["memory", "cookie", "service"])
async def test_a_cart_is_filled_merged_and_ordered_on_every_rung(rig, shopper, skus, carts):
    with rig.gateway_with(carts=carts) as gateway:
        ann = shopper(gateway.url)
        await ann.add(skus[0], 2)
        await ann.add(skus[1], key="the-same-add")
        await ann.add(skus[1], key="the-same-add")
        await ann.call("PUT", f"/cart/lines/{skus[0]}", {"quantity": 3}, expect=200)
        await ann.add(skus[2])
        await ann.call("DELETE", f"/cart/lines/{skus[2]}", expect=200)
        assert await ann.lines() == {skus[0]: 3, skus[1]: 1}
        problem = await ann.call("POST", "/cart/lines", {"sku": skus[0], "quantity": 97}, expect=422)
        assert problem["code"] == "cart_quantity_limit"
        await ann.register()
        assert await ann.lines() == {skus[0]: 3, skus[1]: 1}
        await ann.call("POST", "/orders", GUEST, key=f"order-on-{carts}", expect=201)
        assert await ann.lines() == {}
        await ann.call("POST", "/orders", GUEST, key=f"order-on-{carts}", expect=201)


@pytest.mark.parametrize(("carts", "kept"), [("memory", False), ("cookie", True), ("service", True)])
async def test_what_a_gateways_restart_costs(rig, shopper, skus, carts, kept):
    with rig.gateway_with(carts=carts) as gateway:
        ann = shopper(gateway.url)
        await ann.add(skus[0])
        gateway.kill()
        gateway.start()
        assert await ann.lines() == ({skus[0]: 1} if kept else {})


@pytest.mark.parametrize(("carts", "kept"), [("memory", True), ("cookie", False), ("service", True)])
async def test_what_another_device_sees(rig, shopper, skus, carts, kept):
    with rig.gateway_with(carts=carts) as gateway:
        ann, phone = shopper(gateway.url), shopper(gateway.url)
        account = await ann.register()
        await ann.add(skus[0])
        await phone.log_in(account)
        assert await phone.lines() == ({skus[0]: 1} if kept else {})


@pytest.mark.parametrize(("carts", "kept"), [("memory", False), ("cookie", True), ("service", True)])
async def test_what_another_replica_answers(rig, shopper, skus, carts, kept):
    """One browser whose requests a load balancer hands to two gateways in turn."""
    with rig.gateway_with(carts=carts) as one, rig.gateway_with(carts=carts) as two:
        at_one = shopper(one.url)
        at_two = shopper(two.url, at_one.http.cookie_jar)
        await at_one.add(skus[0])
        await at_two.add(skus[1])
        whole = {skus[0]: 1, skus[1]: 1}
        assert await at_one.lines() == (whole if kept else {skus[0]: 1})
        assert await at_two.lines() == (whole if kept else {skus[1]: 1})


async def test_a_cart_of_another_session_is_refused_with_a_reason_and_forgotten(rig, shopper, skus):
    with rig.gateway_with(carts="cookie") as gateway:
        ann, bob = shopper(gateway.url), shopper(gateway.url)
        await ann.add(skus[0])
        await bob.add(skus[1])
        stolen = {cookie.key: cookie.value for cookie in ann.http.cookie_jar}["myclothes-cart"]
        bob.plant(stolen, "myclothes-cart")
        async with bob.http.get("/login") as answer:  # a page that does not tell of it
            assert answer.status == 200
        problem = await bob.call("GET", "/cart", expect=422)
        assert problem["code"] == "cart_cookie_refused"
        assert await bob.lines() == {}
        await bob.add(skus[1])
        assert await bob.lines() == {skus[1]: 1}
        assert await ann.lines() == {skus[0]: 1}

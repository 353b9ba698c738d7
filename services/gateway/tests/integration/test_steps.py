"""What takes several steps in several services: each of them may fail, nothing is lost, and it is completed later."""

from __future__ import annotations

import asyncio

import pytest

from .gates import until

PARIS = {"name": "Ann", "line1": "1 rue de Rivoli", "city": "Paris", "postal_code": "75001", "country": "FR"}
GUEST = {"email": "ann@example.com", "address": PARIS}
LOGIN_STEPS = {"users": b"/v1/logins", "cart": b"/merge", "shop": b"/claim", "valkey": b"session:account:"}
CLAIMED = {("shop", "lose"), ("valkey", "refuse"), ("valkey", "lose")}
MERGED = {("cart", "lose"), ("shop", "refuse"), *CLAIMED}


async def numbers(shopper):
    return {order["number"] for order in (await shopper.call("GET", "/orders", expect=200))["items"]}


async def fail_at(gate, shopper, account):
    """Try to log in until that has failed at the gate: a busy machine may be too slow for an earlier step."""

    async def failed():
        await shopper.log_in(account, expect=503)
        return gate.seen

    await until(failed, "a login that fails at the gate")


async def complete(shopper, account):
    async def done():
        await shopper.log_in(account, expect=None)
        return shopper.last.status == 200

    await until(done, "logged in")


@pytest.mark.parametrize("step", LOGIN_STEPS)
async def test_a_login_that_fails_at_any_step_loses_nothing_and_a_repeat_completes_it(rig, shopper, skus, gate, step):
    way = await gate(rig.valkey.port if step == "valkey" else getattr(rig, step).port)
    url = f"valkey://127.0.0.1:{way.port}" if step == "valkey" else way.url
    settings = {f"{step}_url": url, "deadline_seconds": 2, "logins_per_account": 1000}
    ann = shopper()
    account = await ann.register()
    await ann.add(skus[0])
    with rig.gateway_with(**settings) as gateway:
        for done, manner in enumerate(("refuse", "lose")):
            guest = shopper()
            await guest.add(skus[1])
            order = await guest.call("POST", "/orders", GUEST, expect=201)
            await guest.add(skus[2], 2)
            visitor = shopper(gateway.url)
            visitor.plant(guest.cookie)

            getattr(way, manner)(LOGIN_STEPS[step])
            await fail_at(way, visitor, account)
            way.open()
            await visitor.call("GET", "/account", expect=401)
            before = {skus[2]: 2}
            merged = {skus[0]: 1, skus[2]: 2 * (done + 1)}
            assert await visitor.lines() == (merged if (step, manner) in MERGED else before)
            assert order["number"] in await numbers(ann if (step, manner) in CLAIMED else visitor)
            if (step, manner) in MERGED:
                assert (await visitor.call("POST", "/orders", GUEST, expect=409))["code"] == "guest_claimed"

            await complete(visitor, account)
            await visitor.call("GET", "/account", expect=200)
            assert await visitor.lines() == await ann.lines() == merged
            assert order["number"] in await numbers(visitor)
            assert await numbers(guest) == set()


async def test_a_login_that_failed_before_the_merge_binds_the_guest_to_nothing(rig, shopper, skus, gate):
    """The guest orders again and logs in to another account, which gets both orders and the cart."""
    way = await gate(rig.cart.port)
    with rig.gateway_with(cart_url=way.url, deadline_seconds=2, logins_per_account=1000) as gateway:
        ann, bob, guest = shopper(), shopper(), shopper(gateway.url)
        anns, bobs = await ann.register(), await bob.register()
        await guest.add(skus[0])
        first = (await guest.call("POST", "/orders", GUEST, expect=201))["number"]
        way.refuse(LOGIN_STEPS["cart"])
        await fail_at(way, guest, anns)
        way.open()
        await guest.add(skus[1])
        second = (await guest.call("POST", "/orders", GUEST, expect=201))["number"]
        await guest.add(skus[2])
        await complete(guest, bobs)
        assert (await numbers(ann), await numbers(bob)) == (set(), {first, second})
        assert (await ann.lines(), await bob.lines()) == ({}, {skus[2]: 1})


async def test_a_login_that_failed_after_the_merge_has_given_the_cart_for_good(rig, shopper, skus, gate):
    """The orders are the account's that the guest gets into: the cart is where the first password was right."""
    way = await gate(rig.shop.port)
    with rig.gateway_with(shop_url=way.url, deadline_seconds=2, logins_per_account=1000) as gateway:
        ann, bob, guest = shopper(), shopper(), shopper(gateway.url)
        anns, bobs = await ann.register(), await bob.register()
        await guest.add(skus[0])
        order = (await guest.call("POST", "/orders", GUEST, expect=201))["number"]
        await guest.add(skus[1])
        way.refuse(LOGIN_STEPS["shop"])
        await fail_at(way, guest, anns)
        way.open()
        await complete(guest, bobs)
        assert (await numbers(ann), await numbers(bob)) == (set(), {order})
        assert (await ann.lines(), await bob.lines()) == ({skus[1]: 1}, {})
        await guest.add(skus[2])
        assert (await ann.lines(), await bob.lines()) == ({skus[1]: 1}, {skus[2]: 1})


@pytest.mark.parametrize("away", ["cart", "shop"])
async def test_an_erasure_is_completed_by_a_sweep(rig, shopper, skus, away):
    with rig.gateway_with(erasure_sweep_seconds=0.2, deadline_seconds=2) as gateway:
        ann = shopper(gateway.url)
        account = await ann.register()
        owner = f"account-{account['id']}"
        await ann.add(skus[0])
        await ann.call("POST", "/orders", GUEST, expect=201)
        await ann.add(skus[1])

        async def pending():
            async with ann.http.get(f"{rig.users.url}/v1/erasures") as answer:
                found = [each for each in (await answer.json())["items"] if each["account_id"] == account["id"]]
            return [part for each in found for part in each["pending"]]

        async def swept_in_vain():
            return gateway.log.read_text().count("erasure_pending") >= before + 2

        before = gateway.log.read_text().count("erasure_pending")
        service = getattr(rig, away)
        service.kill()
        try:
            await ann.call("DELETE", "/account", expect=204)
            await until(swept_in_vain, "a sweep while it is away")
            assert await pending() == [away]
        finally:
            service.start()

        async def confirmed():
            return not await pending()

        await until(confirmed, "the erasure is confirmed")
        async with ann.http.get(f"{rig.cart.url}/v1/carts/{owner}") as answer:
            assert (await answer.json())["lines"] == []
        async with ann.http.get(f"{rig.shop.url}/v1/owners/{owner}/export") as answer:
            assert (await answer.json())["orders"] == []


async def test_an_order_stands_while_the_cart_is_away_and_the_outbox_takes_it_out_later(rig, shopper, skus, gate):
    way = await gate(rig.shop.port)
    with rig.gateway_with(shop_url=way.url, deadline_seconds=2) as gateway:
        ann, tab = shopper(gateway.url), shopper()
        await ann.add(skus[0], 2)
        tab.plant(ann.cookie)

        async def the_cart_goes():
            """Between the gateway's look at the cart and the order: more is added, and the cart dies."""
            await tab.add(skus[0])
            await tab.add(skus[1])
            rig.cart.kill()

        way.before(b"POST /v1/orders", the_cart_goes)
        try:
            order = await ann.call("POST", "/orders", GUEST, expect=201)
            assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [(skus[0], 2)]
            assert "take_left_to_outbox" in gateway.log.read_text()
            assert await ann.call("GET", f"/orders/{order['number']}", expect=200) == order
            await ann.call("GET", "/cart", expect=503)
        finally:
            rig.cart.start()

        async def taken():
            return await ann.lines() == {skus[0]: 1, skus[1]: 1}

        assert await ann.lines() in ({skus[0]: 3, skus[1]: 1}, {skus[0]: 1, skus[1]: 1})
        await until(taken, "the outbox has taken what was ordered")
        assert await ann.call("GET", f"/orders/{order['number']}", expect=200) == order


@pytest.mark.parametrize(("deadline", "status"), [(1, 503), (30, 200)])
async def test_the_steps_of_a_request_share_its_time(rig, shopper, skus, gate, deadline, status):
    """Each step would be in time by itself; a shopper has an answer after the sum."""
    shop, cart = await gate(rig.shop.port), await gate(rig.cart.port)

    async def late():
        await asyncio.sleep(0.8)

    patience = {"deadline_seconds": deadline, "upstream_read_seconds": 20}
    with rig.gateway_with(shop_url=shop.url, cart_url=cart.url, **patience) as gateway:
        ann = shopper(gateway.url)
        shop.before(b"/v1/variants", late)
        cart.before(b"/lines", late)
        await ann.call("POST", "/cart/lines", {"sku": skus[0], "quantity": 1}, expect=status)
        assert ("Retry-After" in ann.last.headers) is (status == 503)


async def test_an_order_whose_answer_was_lost_belongs_to_the_account_of_whoever_registers_next(
    rig, shopper, skus, gate
):
    way = await gate(rig.shop.port)
    with rig.gateway_with(shop_url=way.url, deadline_seconds=2) as gateway:
        ann = shopper(gateway.url)
        await ann.add(skus[0], 2)
        way.lose(b"POST /v1/orders")
        await ann.call("POST", "/orders", GUEST, expect=503)
        assert way.seen
        way.open()
        await ann.register()
        (order,) = (await ann.call("GET", "/orders", expect=200))["items"]
        assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [(skus[0], 2)]

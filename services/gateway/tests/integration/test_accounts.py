"""Accounts and sessions through the gateway."""

from __future__ import annotations

import asyncio

PARIS = {
    "name": "Ann",
    "line1": "1 rue de Rivoli",
    "line2": "",
    "city": "Paris",
    "region": "",
    "postal_code": "75001",
    "country": "FR",
    "phone": "",
}


async def test_registering_logs_in_and_keeps_the_guests_cart(shopper, skus):
    ann = shopper()
    await ann.add(skus[0], 2)
    guest = ann.cookie
    account = await ann.register()
    assert ann.cookie != guest
    assert (await ann.call("GET", "/account", expect=200))["email"] == account["email"]
    assert await ann.lines() == {skus[0]: 2}


async def test_logging_in_adds_the_guests_lines_to_the_accounts(shopper, skus):
    ann, phone = shopper(), shopper()
    account = await ann.register()
    await ann.add(skus[0])
    await phone.add(skus[0])
    await phone.add(skus[1], 3)
    await phone.log_in(account)
    assert await phone.lines() == await ann.lines() == {skus[0]: 2, skus[1]: 3}


async def test_a_second_tab_with_the_guests_cookie_writes_to_the_accounts_cart(shopper, skus):
    ann, tab = shopper(), shopper()
    await ann.add(skus[0])
    tab.plant(ann.cookie)
    await ann.register()
    await tab.add(skus[1])
    assert await ann.lines() == {skus[0]: 1, skus[1]: 1}
    await tab.call("GET", "/account", expect=401)


async def test_a_refused_login_leaves_the_guest_as_it_was(shopper, skus):
    ann, guest = shopper(), shopper()
    account = await ann.register()
    await guest.add(skus[0])
    before = guest.cookie
    problem = await guest.log_in({**account, "password": "something else"}, expect=401)
    assert problem["code"] == "login_refused"
    unknown = await guest.log_in({**account, "email": "nobody@example.com"}, expect=401)
    assert {**unknown, "request_id": ""} == {**problem, "request_id": ""}
    assert guest.cookie == before
    assert await guest.lines() == {skus[0]: 1}


async def test_logging_out_ends_the_session_for_every_holder_of_its_cookie(shopper, skus):
    ann, thief = shopper(), shopper()
    await ann.register()
    await ann.add(skus[0])
    thief.plant(ann.cookie)
    await thief.call("GET", "/account", expect=200)
    await ann.call("DELETE", "/session", expect=204)
    await ann.call("GET", "/account", expect=401)
    await thief.call("GET", "/account", expect=401)
    assert await ann.lines() == await thief.lines() == {}


async def test_a_new_password_ends_all_other_sessions(rig, shopper):
    ann, phone = shopper(), shopper()
    account = await ann.register()
    await phone.log_in(account)
    wrong = {"password": "another long one", "current_password": "not it at all"}
    assert (await ann.call("PATCH", "/account", wrong, expect=403))["code"] == "password_wrong"
    await phone.call("GET", "/account", expect=200)
    right = {"password": "another long one", "current_password": account["password"]}
    await ann.call("PATCH", "/account", right, expect=200)
    await phone.call("GET", "/account", expect=401)
    await ann.call("GET", "/account", expect=200)
    await phone.log_in({**account, "password": "another long one"})
    with rig.gateway_with() as other:
        tablet = shopper(other.url)
        tablet.plant(ann.cookie)
        await tablet.call("GET", "/account", expect=200)


async def test_an_operators_reset_ends_sessions(rig, shopper):
    """Users alone knows of it: a gateway that has not asked within a minute finds out by itself."""
    ann = shopper()
    account = await ann.register()
    rig.users.run("reset-password", account["email"], "--generate")
    with rig.gateway_with() as other:
        elsewhere = shopper(other.url)
        elsewhere.plant(ann.cookie)
        await elsewhere.call("GET", "/account", expect=401)
    await ann.call("GET", "/account", expect=401)  # the record is gone for all


async def test_an_email_is_taken_once(shopper):
    account = await shopper().register()
    body = {"email": account["email"].upper(), "password": "correct horse battery", "name": "Bob"}
    problem = await shopper().call("POST", "/account", body, expect=409)
    assert problem["code"] == "email_taken"


async def test_a_repeated_registration_is_one_account(shopper):
    ann = shopper()
    body = {"email": "once@example.com", "password": "correct horse battery", "name": "Ann"}
    first = await ann.call("POST", "/account", body, key="register-once-1", expect=201)
    again = await shopper().call("POST", "/account", body, key="register-once-1", expect=201)
    assert first == again


async def test_addresses(shopper):
    ann, bob = shopper(), shopper()
    await ann.register()
    await bob.register()
    made = await ann.call("POST", "/account/addresses", PARIS, expect=201)
    assert made["city"] == "Paris"
    changed = await ann.call("PUT", f"/account/addresses/{made['id']}", {**PARIS, "line1": "2"}, expect=200)
    assert changed["line1"] == "2"
    assert [each["id"] for each in (await ann.call("GET", "/account/addresses", expect=200))["items"]] == [made["id"]]
    await bob.call("PUT", f"/account/addresses/{made['id']}", PARIS, expect=404)
    await bob.call("DELETE", f"/account/addresses/{made['id']}")
    assert len((await ann.call("GET", "/account/addresses"))["items"]) == 1
    await ann.call("DELETE", f"/account/addresses/{made['id']}", expect=204)
    assert (await ann.call("GET", "/account/addresses"))["items"] == []
    problem = await ann.call("POST", "/account/addresses", {**PARIS, "postal_code": ""}, expect=422)
    assert problem["errors"][0]["field"] == "postal_code"


async def test_login_attempts_are_limited_by_account_for_all_addresses(rig, shopper):
    ann = shopper()
    account = await ann.register()
    with rig.gateway_with(logins_per_account=3, trusted_proxies=1) as gateway:
        guesser = shopper(gateway.url)
        statuses = []
        name = account["email"].removesuffix("@example.com")
        fullwidth = f"{name}@\N{FULLWIDTH LATIN SMALL LETTER E}xample.com"
        spellings = [
            account["email"],
            account["email"].upper(),
            fullwidth,
            f"{name}@example\N{IDEOGRAPHIC FULL STOP}com",
        ]
        for number, email in enumerate(spellings):
            body = {"email": email, "password": f"guess number {number}"}
            await guesser.call("POST", "/session", body, headers={"X-Forwarded-For": f"192.0.2.{number}"})
            statuses.append(guesser.last.status)
        assert statuses == [401, 401, 401, 429]
        assert int(guesser.last.headers["Retry-After"]) > 0
        other = await ann.register()
        await guesser.log_in(other)


async def test_login_attempts_are_limited_by_address(rig, shopper):
    with rig.gateway_with(logins_per_address=2, trusted_proxies=1) as gateway:
        guesser = shopper(gateway.url)
        for number, (address, status) in enumerate([(1, 401), (1, 401), (1, 429), (2, 401)]):
            body = {"email": f"nobody{number}@example.com", "password": "guess guess"}
            headers = {"X-Forwarded-For": f"203.0.113.{100 + number}, 198.51.100.{address}"}
            await guesser.call("POST", "/session", body, headers=headers, expect=status)


async def test_logins_fail_closed_while_attempts_cannot_be_counted(rig, shopper, skus):
    with rig.gateway_with(valkey_url="valkey://127.0.0.1:1", deadline_seconds=2) as gateway:
        ann = shopper(gateway.url)
        await ann.log_in({"email": "ann@example.com", "password": "whatever it is"}, expect=503)
        await ann.add(skus[0])  # a guest needs no session store
        await ann.call("GET", "/products", expect=200)


async def test_a_deleted_account_is_gone_everywhere(rig, shopper, skus):
    ann, phone = shopper(), shopper()
    account = await ann.register()
    await phone.log_in(account)
    await ann.add(skus[0])
    exported = await ann.call("GET", "/account/export", expect=200)
    assert exported["cart"]["lines"] == [{"sku": skus[0], "quantity": 1}]
    await ann.call("DELETE", "/account", expect=204)
    await ann.call("GET", "/account", expect=401)
    await phone.call("GET", "/account", expect=401)
    await phone.log_in(account, expect=401)
    async with asyncio.timeout(10), ann.http.get(f"{rig.cart.url}/v1/carts/account-{account['id']}") as answer:
        assert (await answer.json())["lines"] == []
    async with ann.http.get(f"{rig.users.url}/v1/erasures") as answer:
        assert account["id"] not in [each["account_id"] for each in (await answer.json())["items"]]

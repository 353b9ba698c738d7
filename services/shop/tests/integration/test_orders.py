"""Orders after they were placed."""

from __future__ import annotations

import asyncio

import pytest

from myclothes_shop.errors import OrderNotFound


async def test_an_order_is_its_owners_alone(inside, kit, call):
    await inside.put(kit.listing())
    number = (await inside.place(kit.wish())).number
    assert (await call("GET", f"/v1/orders/{number}?owner={kit.owner()}")).status == 200
    assert (await call("GET", f"/v1/orders/{number.lower()}?owner={kit.owner()}")).status == 200
    for path in (f"/v1/orders/{number}?owner={kit.owner(2)}", f"/v1/orders/MC-0000-0000?owner={kit.owner()}"):
        assert (await call("GET", path)).code == "order_not_found"
        assert (await call("POST", path.replace("?", "/cancel?"))).code == "order_not_found"
    assert (await call("GET", f"/v1/orders/{number}")).fields == ["owner"]


async def test_orders_are_listed_newest_first_in_pages(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 100)]))
    account, placed = kit.owner(1, "account"), []
    for number in range(7):
        placed.append((await inside.place(kit.wish(of=kit.owner(number)))).number)
        await inside.orders.claim(f"claim-{number:05}", account, kit.owner(number))
    found, cursor = [], ""
    while True:
        body = (await call("GET", f"/v1/orders?owner={account}&limit=3&cursor={cursor}")).body
        found += [order["number"] for order in body["items"]]
        if (cursor := body["next"]) is None:
            break
    assert found == placed[::-1]
    stolen = (await call("GET", f"/v1/orders?owner={account}&limit=3")).body["next"]
    assert (await call("GET", f"/v1/orders?owner={kit.owner(9)}&cursor={stolen}")).code == "cursor_invalid"
    assert (await call("GET", f"/v1/orders?owner={kit.owner(9)}")).body == {"items": [], "next": None}


async def test_cancelling_gives_the_stock_back_once(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 5), ("M", 5)]))
    number = (await inside.place(kit.wish(kit.line(quantity=3), kit.line("tee-M")))).number
    path = f"/v1/orders/{number}/cancel?owner={kit.owner()}"
    answers = await asyncio.gather(*(call("POST", path, key=f"cancel-{n % 4:04}") for n in range(8)))
    assert {answer.status for answer in answers} == {200}
    assert {answer.body["status"] for answer in answers} == {"cancelled"}
    assert answers[0].body["payment"]["status"] == "cancelled"
    assert await inside.available() == {"tee-S": 5, "tee-M": 5}


async def test_a_shipped_order_is_not_cancelled(inside, kit, call):
    await inside.put(kit.listing())
    number = (await inside.place(kit.wish())).number
    assert (await inside.orders.ship(number)).status == "shipped"
    assert (await inside.orders.ship(number)).status == "shipped"
    refused = await call("POST", f"/v1/orders/{number}/cancel?owner={kit.owner()}")
    assert (refused.status, refused.code) == (409, "order_shipped")
    assert await inside.available() == {"tee-S": 4}
    with pytest.raises(OrderNotFound):
        await inside.orders.ship("MC-0000-0000")


async def test_a_cancelled_order_does_not_ship(inside, kit):
    await inside.put(kit.listing())
    number = (await inside.place(kit.wish())).number
    await inside.orders.cancel("cancel-0001", number, kit.owner())
    assert (await inside.orders.ship(number)).status == "cancelled"


async def test_a_guests_orders_become_the_accounts(inside, kit, call):
    await inside.put(kit.listing())
    number = (await inside.place(kit.wish())).number
    account = kit.owner(1, "account")
    for _ in range(2):
        answer = await call("POST", f"/v1/owners/{account}/claim", {"from": kit.owner()}, key="claim-0001")
        assert answer.status == 204
    listed = await call("GET", f"/v1/orders?owner={account}", position=answer.position)
    assert [order["number"] for order in listed.body["items"]] == [number]
    assert (await call("GET", f"/v1/orders/{number}?owner={kit.owner()}")).status == 404
    stolen = await call("POST", f"/v1/owners/{kit.owner(2, 'account')}/claim", {"from": account})
    assert (stolen.status, stolen.fields) == (422, ["from"])


async def test_a_claimed_guest_orders_no_more(inside, kit, call):
    """What the guest had is the account's, which would never see the order."""
    await inside.put(kit.listing())
    guest, account = kit.owner(), kit.owner(1, "account")
    placed = await call("POST", "/v1/orders", kit.wish(of=guest), key="in-time-0001")
    assert (await call("POST", f"/v1/owners/{account}/claim", {"from": guest})).status == 204
    for _ in range(2):
        late = await call("POST", "/v1/orders", kit.wish(of=guest, version=2), key="too-late-0001")
        assert (late.status, late.code) == (409, "guest_claimed")
    assert await inside.rows("SELECT number, owner FROM orders") == [(placed.body["number"], account)]
    assert await inside.available() == {"tee-S": 4}
    again = await call("POST", "/v1/orders", kit.wish(of=guest) | {"lines": []}, key="in-time-0001")
    assert (again.status, again.body) == (201, placed.body)
    assert (await call("POST", "/v1/orders", kit.wish(of=kit.owner(2)))).status == 201, "another guest may"


async def test_an_order_beside_a_claim_is_the_accounts_or_none(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 100)]))
    account, placed = kit.owner(1, "account"), 0
    for number in range(20):
        guest = kit.owner(number)
        both = [
            call("POST", "/v1/orders", kit.wish(of=guest)),
            call("POST", f"/v1/owners/{account}/claim", {"from": guest}),
        ]
        if number % 2:
            both.reverse()
        answers = await asyncio.gather(*both)
        statuses = {answer.status for answer in answers}
        assert statuses in ({201, 204}, {409, 204})
        placed += 201 in statuses
    assert await inside.rows("SELECT owner FROM orders") == [(account,)] * placed
    assert await inside.available() == {"tee-S": 100 - placed}


async def test_an_erasure_of_the_account_leaves_nothing_of_the_guest_it_was(inside, kit, call):
    await inside.put(kit.listing())
    guest, account = kit.owner(1), kit.owner(2, "account")
    number = (await call("POST", "/v1/orders", kit.wish(of=guest))).body["number"]
    assert (await call("POST", f"/v1/orders/{number}/cancel?owner={guest}")).status == 200
    assert (await call("POST", f"/v1/owners/{account}/claim", {"from": guest})).status == 204
    assert (await call("DELETE", f"/v1/owners/{account}")).status == 204
    held = str(await inside.rows("SELECT * FROM orders")) + str(await inside.rows("SELECT * FROM operations"))
    for personal in ("Ada", "ada@", "Allee", guest, account):
        assert personal not in held
    late = await call("POST", "/v1/orders", kit.wish(of=guest, version=2))
    assert (late.status, late.code) == (409, "guest_claimed"), "the erasure does not lift it"


async def test_an_erasure_leaves_orders_without_a_person(inside, kit, call):
    await inside.put(kit.listing())
    await call("POST", "/v1/orders", kit.wish(), key="order-0001")
    assert len((await call("GET", f"/v1/owners/{kit.owner()}/export")).body["orders"]) == 1
    for _ in range(2):
        assert (await call("DELETE", f"/v1/owners/{kit.owner()}")).status == 204
    assert (await call("GET", f"/v1/owners/{kit.owner()}/export")).body == {"orders": []}
    held = str(await inside.rows("SELECT orders, order_lines FROM orders JOIN order_lines ON order_number = number"))
    held += str(await inside.rows("SELECT * FROM operations"))
    for personal in ("Ada", "ada@", "Allee", kit.owner()):
        assert personal not in held
    assert await inside.available() == {"tee-S": 4}
    repeat = await call("POST", "/v1/orders", kit.wish(), key="order-0001")
    assert (repeat.status, repeat.body["email"], repeat.body["address"]) == (201, None, None)


async def test_what_was_on_its_way_when_its_owner_was_erased_is_refused(inside, kit, call):
    await inside.put(kit.listing())
    account, guest = kit.owner(1, "account"), kit.owner(2)
    await call("POST", "/v1/orders", kit.wish(of=guest))
    assert (await call("DELETE", f"/v1/owners/{account}")).status == 204
    late = await call("POST", "/v1/orders", kit.wish(of=account))
    assert (late.status, late.code) == (409, "owner_erased")
    late = await call("POST", f"/v1/owners/{account}/claim", {"from": guest})
    assert (late.status, late.code) == (409, "owner_erased")
    assert await inside.rows("SELECT owner FROM orders") == [(guest,)]
    other = kit.owner(3, "account")
    assert (await call("POST", f"/v1/owners/{other}/claim", {"from": guest})).status == 204
    assert await inside.rows("SELECT owner FROM orders") == [(other,)]


async def test_a_claim_that_was_refused_forbids_the_guest_nothing(inside, kit, call):
    await inside.put(kit.listing())
    account = kit.owner(1, "account")
    assert (await call("DELETE", f"/v1/owners/{account}")).status == 204
    assert (await call("POST", f"/v1/owners/{account}/claim", {"from": kit.owner()})).code == "owner_erased"
    assert (await call("POST", "/v1/orders", kit.wish())).status == 201


async def test_no_order_survives_an_erasure_that_runs_beside_it(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 100)]))
    for number in range(10):
        account = kit.owner(number, "account")
        ordered, erased = await asyncio.gather(
            call("POST", "/v1/orders", kit.wish(of=account)), call("DELETE", f"/v1/owners/{account}")
        )
        assert (ordered.status, erased.status) in {(201, 204), (409, 204)}
    assert await inside.rows("SELECT owner FROM orders WHERE owner IS NOT NULL OR email IS NOT NULL") == []


async def test_a_malformed_owner_is_named(call):
    for method, path in (("DELETE", "/v1/owners/x"), ("GET", "/v1/owners/x/export"), ("POST", "/v1/owners/x/claim")):
        answer = await call(method, path, {"from": "guest-" + "0" * 32} if method == "POST" else None)
        assert (answer.status, answer.fields) == (422, ["owner"])

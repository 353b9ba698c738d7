"""Checkouts: one key makes at most one order, stock is never below zero, nothing is half done."""

from __future__ import annotations

import asyncio
import random

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from myclothes_kit.postgres import OutcomeUnknown
from myclothes_shop.errors import CheckoutConflict

REPEAT_SECONDS = 60.0
ORDER_STATEMENTS = 8
"""Beside BEGIN, COMMIT and the position after it."""


async def order(call, body, key, **options):
    """A checkout as the gateway makes it: repeated under its key for as long as nothing is promised."""
    async with asyncio.timeout(REPEAT_SECONDS):
        while True:
            answer = await call("POST", "/v1/orders", body, key=key, **options)
            if answer.status != 503:
                return answer
            await asyncio.sleep(0.02)


async def count(inside, table="orders"):
    return (await inside.rows(f"SELECT count(*) FROM {table}"))[0][0]  # noqa: S608 - a table's name from below


async def test_an_order_takes_stock_and_says_what_was_bought(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 5), ("M", 2)]))
    answer = await call("POST", "/v1/orders", kit.wish(kit.line(quantity=2), kit.line("tee-M")))
    assert answer.status == 201
    body = answer.body
    assert (body["status"], body["total"], body["email"]) == (
        "placed",
        {"amount": 5970, "currency": "EUR"},
        "ada@example.org",
    )
    assert [(one["sku"], one["quantity"], one["title"], one["options"]) for one in body["lines"]] == [
        ("tee-S", 2, "Tee", {"Size": "S"}),
        ("tee-M", 1, "Tee", {"Size": "M"}),
    ]
    assert body["payment"] == {"method": "on_delivery", "status": "due"}
    assert body["address"]["line2"] == ""
    assert await inside.available() == {"tee-S": 3, "tee-M": 1}
    seen = await call("GET", f"/v1/orders/{body['number']}?owner={kit.owner()}", position=answer.position)
    assert seen.body == body


async def test_fifty_at_once_buy_no_more_than_there_is(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 7), ("M", 9), ("L", 400)]))
    dice = random.Random(7)

    async def shopper(number):
        lines = [kit.line(f"tee-{size}", dice.randint(1, 2)) for size in dice.sample("SML", 3)]
        body = kit.wish(*lines, of=kit.owner(number))
        answers = await asyncio.gather(*(order(call, body, f"shopper-{number:03}") for _ in range(2)))
        assert len({answer.status for answer in answers} & {201}) in (0, 1)
        return [answer.body["number"] for answer in answers if answer.status == 201], lines, answers

    results = await asyncio.gather(*(shopper(number) for number in range(50)))
    sold = {"tee-S": 0, "tee-M": 0, "tee-L": 0}
    for numbers, lines, answers in results:
        assert len(set(numbers)) <= 1, "one key, one order"
        assert {answer.status for answer in answers} <= {201, 409}
        for line in lines if numbers else ():
            sold[line["sku"]] += line["quantity"]
    left = await inside.available()
    assert {sku: sold[sku] + left[sku] for sku in sold} == {"tee-S": 7, "tee-M": 9, "tee-L": 400}
    assert min(left["tee-S"], left["tee-M"]) <= 1, "all that could be sold was sold"
    placed = [numbers[0] for numbers, _, _ in results if numbers]
    assert await count(inside) == len(placed) == len(set(placed)) >= 4


async def test_the_last_one_is_sold_once(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 1)]))
    answers = await asyncio.gather(
        *(order(call, kit.wish(of=kit.owner(number)), f"shopper-{number:03}") for number in range(20))
    )
    assert sorted(answer.status for answer in answers) == [201] + [409] * 19
    lost = next(answer for answer in answers if answer.status == 409)
    assert lost.code == "checkout_conflict"
    assert lost.body["lines"] == [
        {
            "sku": "tee-S",
            "code": "not_enough_stock",
            "price": {"amount": 1990, "currency": "EUR"},
            "available": 0,
            "quantity": 1,
        }
    ]


async def test_one_key_sent_many_times_at_once_is_one_order(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 50)]))
    answers = await asyncio.gather(*(order(call, kit.wish(), "same-key-0001") for _ in range(20)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["number"] for answer in answers}) == 1
    assert await inside.available() == {"tee-S": 49}


async def test_a_repeat_is_answered_before_anything_in_it_is_looked_at(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 1)]))
    first = await call("POST", "/v1/orders", kit.wish(), key="same-key-0001")
    for body in (
        kit.wish(),
        kit.wish(kit.line(amount=1), version=99),
        kit.wish() | {"lines": []},
        {"owner": kit.owner(), "email": "broken"},
    ):
        again = await call("POST", "/v1/orders", body, key="same-key-0001")
        assert (again.status, again.body) == (201, first.body)
    other = await call("POST", "/v1/orders", kit.wish(of=kit.owner(2)), key="same-key-0001")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert await count(inside) == 1


async def test_a_refusal_is_not_remembered(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 0)]))
    assert (await call("POST", "/v1/orders", kit.wish(), key="same-key-0001")).status == 409
    await inside.put(kit.listing(variants=[("S", 1)]), set_stock=True)
    assert (await call("POST", "/v1/orders", kit.wish(), key="same-key-0001")).status == 201


async def test_a_conflict_lists_each_line_as_it_is_now_and_takes_nothing(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 5), ("M", 1), ("L", 5)]), kit.listing("cap"))
    await inside.put(kit.listing(variants=[("S", 5), ("M", 1), ("L", 5)]), withdraw_missing=True)
    answer = await call(
        "POST",
        "/v1/orders",
        kit.wish(kit.line(amount=1), kit.line("tee-M", 2), kit.line("tee-L"), kit.line("cap-S"), kit.line("nope")),
    )
    assert (answer.status, answer.code) == (409, "checkout_conflict")
    assert [(one["sku"], one["code"], one["available"], one["quantity"]) for one in answer.body["lines"]] == [
        ("tee-S", "price_changed", 5, 1),
        ("tee-M", "not_enough_stock", 1, 2),
        ("cap-S", "gone", 0, 1),
        ("nope", "gone", 0, 1),
    ]
    assert await inside.available() == {"tee-S": 5, "tee-M": 1, "tee-L": 5, "cap-S": 5}
    assert await count(inside) == await count(inside, "operations") == await count(inside, "outbox") == 0


async def test_a_version_of_a_cart_is_ordered_once(inside, kit, call, carts):
    await inside.put(kit.listing())
    first = await call("POST", "/v1/orders", kit.wish(version=5))
    again = await call("POST", "/v1/orders", kit.wish(version=5))
    assert (again.status, again.code, again.body["number"]) == (409, "cart_already_ordered", first.body["number"])
    await kit.eventually(lambda: _none(inside.waiting), "the cart was told")
    assert (await call("POST", "/v1/orders", kit.wish(version=6))).status == 201
    assert await inside.available() == {"tee-S": 3}


async def _none(waiting):
    return await waiting() == 0


async def test_a_cart_is_not_ordered_again_until_it_has_given_up_what_was_ordered(inside, kit, call, carts):
    await inside.put(kit.listing())
    carts.status = 503
    assert (await call("POST", "/v1/orders", kit.wish(version=1))).status == 201
    refused = await call("POST", "/v1/orders", kit.wish(version=2))
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (409, "previous_order_settling", "1")
    assert (await call("POST", "/v1/orders", kit.wish(of=kit.owner(2)))).status == 201, "another cart's is its own"


async def test_a_claimed_guests_order_that_is_not_settled_holds_the_accounts_next_one_back(inside, kit):
    await inside.put(kit.listing())
    await inside.place(kit.wish())
    account = kit.owner(3, "account")
    await inside.orders.claim("claim-0001", account, kit.owner())
    with pytest.raises(Exception, match="previous order"):
        await inside.place(kit.wish(of=account))


async def test_two_tabs_with_two_keys_make_one_order_of_a_version(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 9)]))
    answers = await asyncio.gather(*(order(call, kit.wish(), f"tab-{number:05}") for number in range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    assert await inside.available() == {"tee-S": 8}


async def test_a_commit_whose_answer_was_lost_is_found_again_by_its_key(inside, kit, monkeypatch):
    await inside.put(kit.listing())
    commit = AsyncConnection.commit

    async def answer_lost(connection):
        await commit(connection)
        raise ConnectionResetError("the answer never came")

    with monkeypatch.context() as patched:
        patched.setattr(AsyncConnection, "commit", answer_lost)
        with pytest.raises(OutcomeUnknown):
            await inside.place(kit.wish(), "same-key-0001")
    again = await inside.place(kit.wish(), "same-key-0001")
    assert await inside.rows("SELECT number FROM orders") == [(again.number,)]
    assert await inside.available() == {"tee-S": 4}


async def test_a_commit_that_never_arrived_is_made_by_the_repeat(inside, kit, monkeypatch):
    await inside.put(kit.listing())

    async def never_sent(connection):
        raise ConnectionResetError("cut before it was sent")

    with monkeypatch.context() as patched:
        patched.setattr(AsyncConnection, "commit", never_sent)
        with pytest.raises(OutcomeUnknown):
            await inside.place(kit.wish(), "same-key-0001")
    assert await count(inside) == 0
    await inside.place(kit.wish(), "same-key-0001")
    assert await inside.available() == {"tee-S": 4}


async def test_a_caller_who_leaves_in_the_middle_leaves_nothing_half_done(inside, kit):
    await inside.put(kit.listing(variants=[("S", 100)]))
    for number in range(30):
        task = asyncio.create_task(inside.place(kit.wish(of=kit.owner(number)), f"leaving-{number:03}"))
        await asyncio.sleep(0.0005 * number)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    for number in range(30):
        await inside.place(kit.wish(of=kit.owner(number)), f"leaving-{number:03}")
    assert await inside.available() == {"tee-S": 70}
    assert await count(inside) == 30


async def test_prices_are_the_newest_after_waiting_for_the_stock(inside, kit):
    """A checkout that waited for a lock decides by what is so after the wait."""
    import sqlalchemy as sa

    await inside.put(kit.listing())
    locked, release = asyncio.Event(), asyncio.Event()

    async def price_rise(connection):
        await connection.execute(sa.text("SELECT FROM stock WHERE sku = 'tee-S' FOR UPDATE"))
        await connection.execute(sa.text("UPDATE variants SET price = 2500"))
        locked.set()
        await release.wait()

    rising = asyncio.create_task(inside.database.write(price_rise))
    await locked.wait()
    waiting = asyncio.create_task(inside.place(kit.wish()))

    async def is_waiting():
        return await inside.rows(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )

    await kit.eventually(is_waiting, "the checkout waits for the lock")
    release.set()
    await rising
    with pytest.raises(CheckoutConflict) as caught:
        await waiting
    assert caught.value.extra["lines"][0].price.amount == 2500


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"owner": "somebody"}, "owner"),
        ({"email": "a b"}, "email"),
        ({"address": {}}, "address.name"),
        ({"lines": [{"sku": "!", "quantity": 1, "price": {"amount": 1, "currency": "EUR"}}]}, "lines[0].sku"),
        ({"lines": []}, "lines"),
    ],
)
async def test_a_malformed_checkout_names_the_field(call, kit, change, field):
    answer = await call("POST", "/v1/orders", kit.wish() | change)
    assert (answer.status, answer.fields) == (422, [field])


async def test_a_write_needs_a_key_and_json(call, kit):
    assert (await call("POST", "/v1/orders", kit.wish(), key="")).code == "idempotency_key_missing"
    assert (await call("POST", "/v1/orders", headers={"Content-Type": "text/plain"})).status == 415
    assert (await call("POST", "/v1/orders", headers={"Content-Type": "application/json"})).status == 400


async def test_an_order_is_few_statements_whatever_is_in_it(inside, kit):
    """What an order costs is round trips: as many for three lines as for one, and none of them prepared anew."""
    await inside.put(kit.listing(variants=[("S", 9), ("M", 9), ("L", 9)]))
    engine = inside.database._engines.primary.sync_engine
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    async def taken(number, *lines):
        del statements[:]
        await inside.place(kit.wish(*lines, of=kit.owner(number)))
        return list(statements)

    event.listen(engine, "before_cursor_execute", note)
    one = await taken(1, kit.line())
    three = await taken(2, kit.line(), kit.line("tee-M"), kit.line("tee-L"))
    assert three == one
    assert len(one) <= ORDER_STATEMENTS, one

"""Each call of the internal API, and each refusal beside what is allowed."""

from __future__ import annotations

import asyncio
import itertools
import secrets

import pytest
from structlog.testing import capture_logs

from myclothes_cart.domain import MAX_LINES_TAKEN, MAX_QUANTITY_SENT
from myclothes_stores.ports import HOST

DAY_SECONDS = 86_400
ACKNOWLEDGED_LIMIT_SECONDS = 30


def held(document):
    return {line["sku"]: line["quantity"] for line in document["lines"]}


async def test_a_cart_never_written_is_empty_at_version_0(api, guest):
    status, cart, headers = await api.get(guest)
    assert (status, cart) == (200, {"id": guest, "version": 0, "lines": []})
    assert headers["ETag"] == f'"{guest}.0"'


async def test_adds_sum_up_in_the_order_of_first_adding(api, guest):
    await api.add(guest, "b", 1)
    await api.add(guest, "a", 2)
    status, cart, headers = await api.add(guest, "b", 3)
    assert status == 200
    assert cart["lines"] == [{"sku": "b", "quantity": 4}, {"sku": "a", "quantity": 2}]
    assert headers["ETag"] == f'"{guest}.{cart["version"]}"'
    assert (await api.get(guest))[1] == cart


async def test_versions_grow_with_every_change_and_only_then(api, guest):
    versions = [(await api.add(guest, "a"))[1]["version"] for _ in range(20)]
    assert versions == sorted(set(versions))
    assert (await api.remove(guest, "not-there"))[1]["version"] == versions[-1]
    assert (await api.set(guest, "a", 20))[1]["version"] == versions[-1]


async def test_set_remove_and_zero(api, guest):
    await api.add(guest, "a", 5)
    assert held((await api.set(guest, "a", 2))[1]) == {"a": 2}
    assert held((await api.set(guest, "b", 7))[1]) == {"a": 2, "b": 7}
    assert held((await api.set(guest, "a", 0))[1]) == {"b": 7}
    assert held((await api.remove(guest, "b"))[1]) == {}
    assert (await api.remove(guest, "b"))[0] == 200


async def test_an_operation_applies_once_however_often_it_is_sent(api, guest):
    operation = secrets.token_hex(8)
    answers = await asyncio.gather(*(api.add(guest, "a", 3, op=operation) for _ in range(20)))
    assert {status for status, _, _ in answers} == {200}
    assert held((await api.get(guest))[1]) == {"a": 3}
    await api.add(guest, "a", 1)
    assert held((await api.add(guest, "a", 3, op=operation))[1]) == {"a": 4}, "a repeat answers the state as it is now"


@pytest.mark.parametrize("other", ["quantity", "sku", "kind"])
async def test_an_operation_id_is_for_one_change(api, guest, other):
    operation = secrets.token_hex(8)
    assert (await api.add(guest, "a", 3, op=operation))[0] == 200
    if other == "kind":
        status, problem, _ = await api.set(guest, "a", 3, op=operation)
    else:
        status, problem, _ = await api.add(guest, *(("a", 4) if other == "quantity" else ("b", 3)), op=operation)
    assert (status, problem["code"]) == (422, "idempotency_key_reused")
    assert held((await api.get(guest))[1]) == {"a": 3}


async def test_a_repeated_operation_writes_too(api, valkey, guest):
    operation = secrets.token_hex(8)
    await api.add(guest, "a", op=operation)
    before = valkey.call("INFO", "replication")["master_repl_offset"]
    writes = valkey.call("HGET", f"cart:{guest}", ":w")
    await api.add(guest, "a", op=operation)
    assert int(valkey.call("HGET", f"cart:{guest}", ":w")) == int(writes) + 1
    assert valkey.call("INFO", "replication")["master_repl_offset"] > before


async def test_the_line_limit_binds_what_is_new(api, guest):
    await asyncio.gather(*(api.add(guest, f"sku-{n}") for n in range(100)))
    for call in (api.add(guest, "one-more"), api.set(guest, "one-more", 1)):
        status, problem, _ = await call
        assert (status, problem["code"], problem["limit"]) == (422, "cart_line_limit", 100)
    assert (await api.add(guest, "sku-0"))[0] == 200
    assert (await api.remove(guest, "sku-1"))[0] == 200
    assert (await api.add(guest, "one-more"))[0] == 200


async def test_the_quantity_limit_binds_what_grows(api, guest, account):
    assert (await api.add(guest, "a", 99))[0] == 200
    for call in (api.add(guest, "a", 1), api.set(guest, "a", 100), api.add(guest, "b", 100)):
        status, problem, _ = await call
        assert (status, problem["code"], problem["limit"]) == (422, "cart_quantity_limit", 99)
    await api.add(account, "a", 60)
    assert held((await api.merge(account, guest))[1]) == {"a": 159}
    assert (await api.set(account, "a", 160))[0] == 422
    assert (await api.set(account, "a", 150))[0] == 200, "an over-full line may be lowered"
    assert (await api.add(account, "a", 1))[0] == 422


async def test_merge_adds_up_and_forwards(api, guest, account):
    await api.add(account, "a", 1)
    await api.add(guest, "b", 2)
    await api.add(guest, "a", 3)
    seen = (await api.get(guest))[1]["version"]
    status, cart, _ = await api.merge(account, guest)
    assert status == 200
    assert cart["id"] == account
    assert cart["lines"] == [{"sku": "a", "quantity": 4}, {"sku": "b", "quantity": 2}]
    assert cart["version"] > seen
    assert (await api.get(guest))[1] == cart
    assert held((await api.add(guest, "c", 1))[1]) == {"a": 4, "b": 2, "c": 1}
    assert held((await api.merge(account, guest))[1]) == {"a": 4, "b": 2, "c": 1}, "merged again: nothing more"


async def test_a_repeat_from_before_the_merge_is_not_done_twice(api, guest, account):
    operation = secrets.token_hex(8)
    await api.add(guest, "a", 2, op=operation)
    await api.merge(account, guest)
    assert held((await api.add(guest, "a", 2, op=operation))[1]) == {"a": 2}


async def test_merging_nothing_still_forwards(api, guest, account):
    await api.merge(account, guest)
    assert (await api.add(guest, "a"))[1]["id"] == account


async def test_merging_with_itself_in_a_ring_or_elsewhere_is_harmless(api, guest, account):
    await api.add(account, "a", 1)
    assert held((await api.merge(account, account))[1]) == {"a": 1}
    await api.add(guest, "b", 1)
    await api.merge(account, guest)
    assert held((await api.merge(guest, account))[1]) == {"a": 1, "b": 1}, "the ring"
    other = f"account-{secrets.token_hex(16)}"
    assert held((await api.merge(other, guest))[1]) == {}, "what was merged already belongs to another"
    assert (await api.get(guest))[1]["id"] == account


async def test_a_chain_of_forwards_is_followed_so_far(api):
    carts = [f"guest-{secrets.token_hex(16)}" for _ in range(6)]
    await api.add(carts[0], "a", 1)
    for source, into in itertools.pairwise(carts):
        await api.merge(into, source)
    assert (await api.get(carts[1]))[1] == (await api.get(carts[-1]))[1]
    status, problem, _ = await api.get(carts[0])
    assert (status, problem["code"]) == (409, "cart_forwards_too_often")


async def test_take_removes_what_was_ordered_and_no_more(api, guest):
    await api.add(guest, "a", 5)
    await api.add(guest, "b", 1)
    operation = "order:MC-1234-5678"
    status, cart, _ = await api.take(guest, [("a", 3), ("b", 4), ("gone", 1)], op=operation)
    assert (status, held(cart)) == (200, {"a": 2})
    assert held((await api.take(guest, [("a", 3), ("b", 4), ("gone", 1)], op=operation))[1]) == {"a": 2}
    assert held((await api.take(guest, [("a", 1)]))[1]) == {"a": 1}


async def test_take_has_room_for_the_largest_order(api, guest):
    """A thousand lines of the longest skus and the largest quantities; one more is refused."""
    await api.add(guest, "a")
    lines = [(f"{number:064}", MAX_QUANTITY_SENT) for number in range(MAX_LINES_TAKEN)]
    lines[-1] = ("a", 1)
    assert (await api.take(guest, [*lines, ("b", 1)]))[0] == 422
    status, cart, _ = await api.take(guest, lines)
    assert (status, held(cart)) == (200, {})


async def test_take_follows_a_merge(api, guest, account):
    await api.add(guest, "a", 5)
    await api.merge(account, guest)
    assert held((await api.take(guest, [("a", 5)]))[1]) == {}


async def test_erase_leaves_nothing_that_was_in_it(api, valkey, guest):
    version = (await api.add(guest, "secret-sku", 2, op="operation-1"))[1]["version"]
    assert (await api.erase(guest, op="operation-2"))[0] == 204
    _, cart, _ = await api.get(guest)
    assert cart["lines"] == []
    assert cart["version"] > version
    assert "secret-sku" not in valkey.call("HGETALL", f"cart:{guest}")
    await api.add(guest, "b", 1)
    assert (await api.erase(guest, op="operation-2"))[0] == 204
    assert held((await api.get(guest))[1]) == {"b": 1}, "a repeated erasure must not take what came later"
    assert held((await api.add(guest, "secret-sku", 2, op="operation-1"))[1]) == {"b": 1}, "nor a repeated add return"


async def test_erasing_a_forward_leaves_what_it_forwards_to(api, guest, account):
    await api.add(guest, "a", 2)
    await api.merge(account, guest)
    assert (await api.erase(guest))[0] == 204
    assert held((await api.get(account))[1]) == {"a": 2}
    assert held((await api.get(guest))[1]) == {}


async def test_etags_spare_the_body(api, guest):
    _, _, headers = await api.add(guest, "a")
    etag = headers["ETag"]
    for value in (etag, f'"other", W/{etag}', "*"):
        status, document, headers = await api.get(guest, If_None_Match=value)
        assert (status, document, headers["ETag"]) == (304, None, etag)
    assert (await api.get(guest, If_None_Match='"other"'))[0] == 200
    await api.add(guest, "a")
    assert (await api.get(guest, If_None_Match=etag))[0] == 200


async def test_a_newer_version_than_there_is_is_answered_with_the_proved_truth(api, valkey, guest):
    _, cart, _ = await api.add(guest, "a")
    writes = int(valkey.call("HGET", f"cart:{guest}", ":w"))
    assert (await api.get(guest, Myclothes_Min_Version=str(cart["version"])))[1] == cart
    assert int(valkey.call("HGET", f"cart:{guest}", ":w")) == writes, "no proof is needed"
    assert (await api.get(guest, Myclothes_Min_Version=str(cart["version"] + 1)))[1] == cart
    assert int(valkey.call("HGET", f"cart:{guest}", ":w")) == writes + 1
    for text in ("-1", "x", "9" * 17, ""):
        assert (await api.get(guest, Myclothes_Min_Version=text))[0] == 400


async def test_a_confirmed_read_leaves_nothing_where_nothing_was(api, valkey, guest):
    assert (await api.get(guest, Myclothes_Min_Version="1"))[1]["version"] == 0
    assert valkey.call("EXISTS", f"cart:{guest}") == 0


@pytest.mark.parametrize(("kind", "days"), [("guest", 30), ("account", 365)])
async def test_retention_by_kind_and_its_refresh(api, valkey, kind, days):
    cart = f"{kind}-{secrets.token_hex(16)}"
    await api.add(cart, "a")
    key = f"cart:{cart}"
    assert days * DAY_SECONDS - 60 <= valkey.call("TTL", key) <= days * DAY_SECONDS
    assert 890 <= valkey.call("TTL", f"{key}:ops") <= 900
    valkey.call("EXPIRE", key, days * DAY_SECONDS - 3600)
    await api.get(cart)
    assert valkey.call("TTL", key) <= days * DAY_SECONDS - 3600, "less than a day gone: no write"
    valkey.call("EXPIRE", key, DAY_SECONDS)
    await api.get(cart)
    assert valkey.call("TTL", key) > days * DAY_SECONDS - 60


async def test_a_forward_lives_as_long_as_it_is_used(api, valkey, guest, account):
    await api.merge(account, guest)
    for use in (api.get, api.add):
        valkey.call("EXPIRE", f"cart:{guest}", 100)
        await use(guest, *(["a"] if use == api.add else []))
        assert valkey.call("TTL", f"cart:{guest}") > 29 * DAY_SECONDS


async def test_takes_are_remembered_for_as_long_as_orders_repeat_them(api, valkey, guest):
    await api.add(guest, "a")
    await api.take(guest, [("a", 1)])
    assert valkey.call("TTL", f"cart:{guest}:ops") > 13 * DAY_SECONDS
    await api.add(guest, "a")
    assert valkey.call("TTL", f"cart:{guest}:ops") > 13 * DAY_SECONDS


async def test_a_full_memory_refuses_rather_than_forgets(open_api, valkey, guest):
    api = await open_api(max_remembered_changes=10)
    for n in range(10):
        assert (await api.add(guest, "a", op=f"operation-{n}"))[0] == 200
    status, problem, headers = await api.add(guest, "a")
    assert (status, problem["code"], headers["Retry-After"]) == (429, "too_many_changes", "60")
    assert held((await api.add(guest, "a", op="operation-3"))[1]) == {"a": 10}, "a repeat is answered"
    assert held((await api.take(guest, [("a", 4)], op="order:1234"))[1]) == {"a": 6}, "an order leaves the cart"
    valkey.call("HSET", f"cart:{guest}:ops", "operation-0", "1000:0")
    valkey.call("HSET", f"cart:{guest}:ops", "operation-1", "1000:0")
    assert (await api.add(guest, "a"))[0] == 200, "what may be forgotten makes room"
    assert valkey.call("HEXISTS", f"cart:{guest}:ops", "operation-0") == 0


async def test_what_no_replica_has_is_a_503_and_its_repeat_applies_once(open_api, open_valkey, guest):
    primary = open_valkey()
    api = await open_api(valkey_url=primary.url, ack_replicas=1)
    status, problem, headers = await api.add(guest, "a", op="operation-1")
    assert (status, problem["code"], headers["Retry-After"]) == (503, "not_acknowledged", "1")
    assert primary.call("HGET", f"cart:{guest}", "a") == "1:1", "it may be there: nothing but a promise is missing"
    open_valkey(replica_of=(HOST, primary.port))
    async with asyncio.timeout(ACKNOWLEDGED_LIMIT_SECONDS):
        while status != 200:
            status, cart, _ = await api.add(guest, "a", op="operation-1")
    assert held(cart) == {"a": 1}


@pytest.mark.parametrize(("replicas", "warnings"), [(0, 1), (1, 0)])
async def test_a_service_that_asks_no_replica_says_so_when_it_starts(open_api, replicas, warnings):
    with capture_logs() as logs:
        await open_api(ack_replicas=replicas)
    assert [line["log_level"] for line in logs if line["event"] == "store_promises_one_node_only"] == [
        "warning"
    ] * warnings


async def test_limits_are_settings(open_api, guest):
    api = await open_api(max_lines=2, max_quantity=3, max_sku_length=4)
    assert (await api.add(guest, "abcd", 3))[0] == 200
    assert (await api.add(guest, "abcde", 1))[0] == 422
    assert (await api.add(guest, "abcd", 1))[1]["code"] == "cart_quantity_limit"
    assert (await api.add(guest, "b", 1))[0] == 200
    assert (await api.add(guest, "c", 1))[1]["code"] == "cart_line_limit"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"sku": "a"}, 422, "quantity"),
        ({"sku": "a", "quantity": 0}, 422, "quantity"),
        ({"sku": "a", "quantity": 1.5}, 422, "quantity"),
        ({"sku": "a", "quantity": "1"}, 422, "quantity"),
        ({"sku": "a", "quantity": 10**30}, 422, "quantity"),
        ({"sku": "", "quantity": 1}, 422, "sku"),
        ({"sku": "a\n", "quantity": 1}, 422, "sku"),
        ({"sku": "x" * 65, "quantity": 1}, 422, "sku"),
        ({"sku": ":v", "quantity": 1}, 422, "sku"),
        ({"sku": "a", "quantity": 1, "price": 1}, 422, "price"),
        ({"sku": "x" * 64, "quantity": 99}, 200, None),
    ],
)
async def test_payloads_that_break_a_rule_name_the_field(api, guest, body, status, field):
    answered, document, _ = await api.call("POST", f"/v1/carts/{guest}/lines", body, op="new")
    assert answered == status
    if field:
        assert [error["field"] for error in document["errors"]] == [field]


@pytest.mark.parametrize("cart", ["guest-1", "guest-" + "g" * 32, "nobody-" + "0" * 32, "guest-" + "A" * 32])
async def test_malformed_ids_are_refused(api, cart, guest):
    for call in (api.get(cart), api.add(cart, "a"), api.merge(guest, cart), api.erase(cart)):
        assert (await call)[0] == 422
    assert (await api.get(guest))[0] == 200


async def test_every_write_needs_an_operation_id(api, guest):
    calls = [
        ("POST", f"/v1/carts/{guest}/lines", {"sku": "a", "quantity": 1}),
        ("PUT", f"/v1/carts/{guest}/lines/a", {"quantity": 1}),
        ("DELETE", f"/v1/carts/{guest}/lines/a", None),
        ("POST", f"/v1/carts/{guest}/merge", {"from": guest}),
        ("POST", f"/v1/carts/{guest}/take", {"lines": [{"sku": "a", "quantity": 1}]}),
        ("DELETE", f"/v1/carts/{guest}", None),
    ]
    for method, path, body in calls:
        status, problem, _ = await api.call(method, path, body)
        assert (status, problem["code"]) == (400, "idempotency_key_missing")
        assert (await api.call(method, path, body, op="short"))[1]["code"] == "idempotency_key_invalid"
        assert (await api.call(method, path, body, op="new"))[0] in (200, 204)


async def test_concurrent_changes_lose_nothing(api, guest):
    await asyncio.gather(*(api.add(guest, f"sku-{n % 7}") for n in range(140)))
    assert held((await api.get(guest))[1]) == {f"sku-{n}": 20 for n in range(7)}

"""Addresses over HTTP: several, one default, rules by country."""

from __future__ import annotations

import asyncio

import pytest

from .conftest import ADA, HOME, serving, settings_for


@pytest.fixture
def book(ada):
    return f"/v1/accounts/{ada['id']}/addresses"


async def listed(call, book):
    return (await call("GET", book)).body["items"]


async def test_the_first_address_is_the_default_until_another_is_made_so(call, book):
    first = await call("POST", book, HOME)
    assert first.status == 201
    assert first.body == HOME | {"id": first.body["id"], "default": True}
    second = await call("POST", book, HOME | {"line1": "Second street 2"})
    assert not second.body["default"]
    third = await call("POST", book, HOME | {"default": True})
    assert [a["default"] for a in await listed(call, book)] == [False, False, True]
    overwritten = await call("PUT", f"{book}/{second.body['id']}", HOME | {"default": True, "city": "Potsdam"})
    assert (overwritten.status, overwritten.body["city"]) == (200, "Potsdam")
    assert [a["default"] for a in await listed(call, book)] == [False, True, False]
    kept = await call("PUT", f"{book}/{second.body['id']}", HOME)
    assert kept.body["default"]
    removed = await call("DELETE", f"{book}/{second.body['id']}")
    assert removed.status == 204
    assert [(a["id"], a["default"]) for a in await listed(call, book)] == [
        (first.body["id"], True),
        (third.body["id"], False),
    ]


async def test_repeats_apply_once(call, book):
    first = await call("POST", book, HOME, key="add-address-1")
    again = await call("POST", book, HOME, key="add-address-1")
    assert again.raw == first.raw
    assert len(await listed(call, book)) == 1
    other = await call("POST", book, HOME | {"city": "Bonn"}, key="add-address-1")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    one = f"{book}/{first.body['id']}"
    assert (await call("DELETE", one, key="delete-address")).status == 204
    assert (await call("DELETE", one, key="delete-address")).status == 204
    assert (await call("DELETE", one)).status == 204


async def test_there_is_never_more_than_one_default(call, book):
    await asyncio.gather(*(call("POST", book, HOME | {"default": True, "line1": f"Street {n}"}) for n in range(8)))
    assert sum(address["default"] for address in await listed(call, book)) == 1


async def test_anothers_address_is_not_there(call, book, ada):
    address = (await call("POST", book, HOME)).body
    bob = (await call("POST", "/v1/accounts", ADA | {"email": "bob@example.org"})).body
    theirs = f"/v1/accounts/{bob['id']}/addresses/{address['id']}"
    refused = await call("PUT", theirs, HOME | {"city": "Bonn"})
    assert (refused.status, refused.code) == (404, "address_unknown")
    await call("DELETE", theirs)
    assert [kept["city"] for kept in await listed(call, book)] == ["Berlin"]
    assert (await call("PUT", f"{book}/{address['id']}", HOME | {"city": "Bonn"})).status == 200


async def test_rules_of_the_country_are_named_by_field(call, book):
    us = {"name": "Ada", "line1": "1 Main St", "country": "US"}
    refused = await call("POST", book, us)
    assert refused.status == 422
    assert refused.fields == {"city": "missing", "region": "missing", "postal_code": "missing"}
    wrong = await call("POST", book, us | {"city": "Springfield", "region": "Bavaria", "postal_code": "1"})
    assert wrong.fields == {"region": "invalid", "postal_code": "invalid"}
    assert (await call("POST", book, us | {"city": "Austin", "region": "TX", "postal_code": "78701"})).status == 201
    assert (await call("POST", book, HOME | {"country": "XX"})).fields == {"country": "invalid"}
    assert (await call("POST", book, HOME | {"country": "de"})).fields == {"country": "invalid"}
    assert (await call("POST", book, HOME | {"phone": "call me"})).fields == {"phone": "invalid"}


async def test_an_account_keeps_a_bounded_number(users_database):
    async with serving(settings_for(users_database, max_addresses=2)) as call:
        ada = (await call("POST", "/v1/accounts", ADA)).body
        book = f"/v1/accounts/{ada['id']}/addresses"
        assert [(await call("POST", book, HOME)).status for _ in range(3)] == [201, 201, 422]
        assert (await call("POST", book, HOME)).code == "address_limit"
        await call("DELETE", f"{book}/{(await listed(call, book))[0]['id']}")
        assert (await call("POST", book, HOME)).status == 201

"""How a checkout is decided."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myclothes_kit.problems import Unprocessable
from myclothes_shop.domain import addresses
from myclothes_shop.domain.checkout import (
    Address,
    OrderRequest,
    Stocked,
    WantedLine,
    decide,
    new_number,
    read_number,
    total,
)
from myclothes_shop.domain.money import Money
from myclothes_shop.errors import CartEmpty, CurrenciesMixed

EUR = Money(1990, "EUR")


def stocked(sku="tee", price=EUR, available=5, withdrawn=None):
    return Stocked(sku, "Tee", {"Size": "M"}, price, available, bool(withdrawn))


def test_what_is_there_at_the_price_seen_is_ordered():
    lines, conflicts = decide([WantedLine("tee", 5, EUR)], {"tee": stocked()})
    assert conflicts == []
    assert [(line.sku, line.quantity, line.title, line.price) for line in lines] == [("tee", 5, "Tee", EUR)]
    assert total(lines) == Money(9950, "EUR")


@pytest.mark.parametrize(
    ("wanted", "now", "code", "price", "available"),
    [
        (WantedLine("tee", 1, Money(1, "EUR")), stocked(), "price_changed", EUR, 5),
        (WantedLine("tee", 1, Money(1990, "USD")), stocked(), "price_changed", EUR, 5),
        (WantedLine("tee", 6, EUR), stocked(), "not_enough_stock", EUR, 5),
        (WantedLine("tee", 1, EUR), stocked(withdrawn=True), "gone", None, 0),
        (WantedLine("cap", 1, EUR), stocked(), "gone", None, 0),
    ],
)
def test_one_conflict_forbids_the_whole_order(wanted, now, code, price, available):
    fine = WantedLine("sock", 1, EUR)
    lines, conflicts = decide([fine, wanted], {"tee": now, "sock": stocked("sock")})
    assert lines == []
    assert [(one.code, one.price, one.available, one.quantity) for one in conflicts] == [
        (code, price, available, wanted.quantity)
    ]


def test_a_sku_given_twice_is_one_line():
    twice = [WantedLine("tee", 3, EUR), WantedLine("tee", 3, EUR)]
    assert decide(twice, {"tee": stocked()})[1][0].code == "not_enough_stock"
    assert decide(twice, {"tee": stocked(available=6)})[0][0].quantity == 6


def test_two_prices_for_a_sku_are_a_changed_price():
    twice = [WantedLine("tee", 1, EUR), WantedLine("tee", 1, Money(1, "EUR"))]
    assert decide(twice, {"tee": stocked()})[1][0].code == "price_changed"


def test_currencies_do_not_mix():
    dollars = Money(100, "USD")
    now = {"tee": stocked(), "cap": stocked("cap", dollars)}
    with pytest.raises(CurrenciesMixed):
        decide([WantedLine("tee", 1, EUR), WantedLine("cap", 1, dollars)], now)


def test_nothing_is_no_order():
    with pytest.raises(CartEmpty):
        decide([], {})


SKUS = st.sampled_from("abc")
PRICES = st.builds(Money, st.integers(0, 2), st.just("EUR"))
WANTED = st.lists(st.builds(WantedLine, SKUS, st.integers(1, 4), PRICES), min_size=1, max_size=6)
NOW = st.dictionaries(SKUS, st.builds(stocked, SKUS, PRICES, st.integers(0, 8), st.booleans()))


@given(WANTED, NOW)
def test_an_order_is_all_or_nothing_and_never_more_than_there_is(wanted, now):
    lines, conflicts = decide(wanted, now)
    assert bool(lines) != bool(conflicts)
    for line in lines:
        assert line.quantity == sum(one.quantity for one in wanted if one.sku == line.sku) <= now[line.sku].available
        assert {one.price for one in wanted if one.sku == line.sku} == {line.price} == {now[line.sku].price}
    if lines:
        assert {line.sku for line in lines} == {one.sku for one in wanted}


def test_numbers_can_be_read_out_and_back():
    numbers = {new_number() for _ in range(200)}
    assert len(numbers) == 200
    assert all(re.fullmatch(r"MC-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", number) for number in numbers)
    assert read_number("mc-7k2p-o4xd") == "MC-7K2P-04XD"
    assert all(read_number(number.lower()) == number for number in numbers)


ADDRESS = {"name": "Ada", "line1": "Allee 1", "city": "Berlin", "postal_code": "10178", "country": "DE"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"postal_code": " "}, "address.postal_code"),
        ({"city": ""}, "address.city"),
        ({"country": "US"}, "address.region"),
        ({"country": "ZZ"}, "address.country"),
    ],
)
def test_an_address_needs_what_its_country_needs(change, field):
    addresses.check(Address(**ADDRESS))
    with pytest.raises(Unprocessable) as caught:
        addresses.check(Address(**ADDRESS | change))
    assert [error.field for error in caught.value.errors] == [field]


@pytest.mark.parametrize(
    "change",
    [
        {"owner": "guest-1"},
        {"owner": "guest-" + "0" * 32 + "\n"},
        {"cart_version": -1},
        {"email": "no"},
        {"email": "a@b\n"},
        {"lines": [{"sku": "a b", "quantity": 1, "price": {"amount": 1, "currency": "EUR"}}]},
        {"lines": [{"sku": "a", "quantity": 0, "price": {"amount": 1, "currency": "EUR"}}]},
        {"lines": [{"sku": "a", "quantity": 1, "price": {"amount": -1, "currency": "EUR"}}]},
        {"lines": [{"sku": "a", "quantity": 1}]},
        {"address": ADDRESS | {"name": " "}},
        {"address": ADDRESS | {"line1": "a\nb"}},
        {"surprise": 1},
    ],
)
def test_a_malformed_checkout_is_refused(change):
    good = {"owner": "guest-" + "0" * 32, "cart_version": 1, "email": "a@b.de", "address": ADDRESS, "lines": []}
    assert msgspec.convert(good, OrderRequest).cart_version == 1
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(good | change, OrderRequest)

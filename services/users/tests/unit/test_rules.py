"""Rules without I/O: passwords, addresses."""

from __future__ import annotations

import msgspec
import pytest

from myclothes_kit.problems import Unprocessable
from myclothes_users import passwords, postal
from myclothes_users.domain import AddressFields


def refusal(function, *arguments):
    with pytest.raises(Unprocessable) as refused:
        function(*arguments)
    return {error.field: error.code for error in refused.value.errors}


@pytest.mark.parametrize("given", ["x" * 7, "x" * 129, ""])
def test_a_password_has_8_to_128_characters(given):
    assert refusal(passwords.checked, given) == {"password": "length"}
    assert passwords.checked("xy" * 4) == "xy" * 4
    assert passwords.checked("xy" * 64) == "xy" * 64


@pytest.mark.parametrize("given", ["password", "PASSWORD1", "12345678", "ｐａｓｓｗｏｒｄ"])
def test_the_most_common_passwords_are_refused(given):
    assert refusal(passwords.checked, given) == {"password": "too_common"}


def address(**values):
    return AddressFields(**{"name": "Ada", "line1": "Street 1", "country": "DE", **values})


def test_there_are_249_countries():
    assert len(postal.countries()) == 249
    assert {"DE", "US", "GB", "SM"} <= postal.countries()
    assert not {"XK", "ZZ", "AC", "ALL"} & postal.countries()


def test_every_country_has_readable_rules():
    for country in postal.countries():
        assert set(postal.rules(country).required) <= {"city", "region", "postal_code"}


@pytest.mark.parametrize(
    "values",
    [
        {"city": "Berlin", "postal_code": "10178"},
        {"country": "US", "city": "Austin", "region": "TX", "postal_code": "78701"},
        {"country": "US", "city": "Austin", "region": "texas", "postal_code": "78701-1234"},
        {"country": "GB", "city": "London", "postal_code": "ec1y 8sy"},
        {"country": "GB", "city": "London", "region": "Greater London", "postal_code": "EC1Y8SY"},
        {"country": "CA", "city": "Montréal", "region": "Québec", "postal_code": "H3Z 2Y7"},
        {"country": "IE", "city": "Dublin"},
        {"country": "HK", "region": "Kowloon"},
        {"country": "JP", "region": "Tokyo", "postal_code": "154-0023"},
        {"country": "AE", "region": "Dubai"},
    ],
)
def test_addresses_that_arrive(values):
    checked = postal.checked(address(**values))
    assert msgspec.structs.replace(checked, postal_code="") == address(**values | {"postal_code": ""})


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({}, {"city": "missing", "postal_code": "missing"}),
        ({"city": "  ", "postal_code": "10178"}, {"city": "missing"}),
        ({"city": "Berlin", "postal_code": "1017"}, {"postal_code": "invalid"}),
        ({"city": "Berlin", "postal_code": "10178", "line1": " "}, {"line1": "missing"}),
        ({"country": "ZZ"}, {"country": "invalid"}),
        ({"country": "US", "city": "Austin", "region": "Kent", "postal_code": "78701"}, {"region": "invalid"}),
        ({"country": "HK"}, {"region": "missing"}),
    ],
)
def test_addresses_that_do_not(values, wrong):
    assert refusal(postal.checked, address(**values)) == wrong


def test_blanks_around_are_dropped_and_postal_codes_written_large():
    checked = postal.checked(address(country="GB", name=" Ada ", city=" London", postal_code=" ec1y 8sy "))
    assert (checked.name, checked.city, checked.postal_code) == ("Ada", "London", "EC1Y 8SY")

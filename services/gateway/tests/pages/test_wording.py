"""Money, prices typed by hand, dates and countries."""

from __future__ import annotations

import pytest

from myclothes_gateway.models import Money
from myclothes_gateway.pages import wording


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de_AT"),
        ("xx-nonsense, fr;q=0.9", "fr"),
        ("", "en_IE"),
        ("*", "en_IE"),
        ("../../etc/passwd", "en_IE"),
    ],
)
def test_the_locale_is_the_first_known_one(header, locale):
    assert wording.locale_of(header) == locale


def test_money_follows_the_locale_and_the_currency():
    assert wording.money(Money(3990, "EUR"), "en_IE") == "€39.90"
    assert wording.money(Money(3990, "EUR"), "de_DE", 2) == "79,80\N{NO-BREAK SPACE}€"
    assert wording.money(Money(3990, "JPY"), "en") == "¥3,990"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("39.90", 3990),
        (" 39,9 ", 3990),
        ("40", 4000),
        ("", None),
        ("-1", None),
        ("1e99", None),
        ("NaN", None),
        ("x", None),
    ],
)
def test_a_typed_price(text, amount):
    assert wording.minor_units(text, "EUR") == amount


@pytest.mark.parametrize(
    ("locale", "words"), [("en_IE", "22 November 2026"), ("en_US", "November 22, 2026"), ("de_DE", "22 November 2026")]
)
def test_a_date_in_the_words_of_the_pages_own_language(locale, words):
    assert wording.date("2026-11-22T23:29:10.5Z", locale) == words


def test_countries_are_those_of_iso():
    codes = dict(wording.countries())
    assert codes["DE"] == "Germany"
    assert {"EU", "UN", "ZZ", "XK"}.isdisjoint(codes)
    assert wording.home_country("en_IE") == "IE"
    assert wording.home_country("en") == ""

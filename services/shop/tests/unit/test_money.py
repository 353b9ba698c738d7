"""Prices as feeds write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myclothes_shop.domain.money import MAX_AMOUNT, minor_digits, parse_amount


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("50", "EUR", 5000),
        ("19.9", "EUR", 1990),
        ("19.900", "EUR", 1990),
        ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234),
    ],
)
def test_a_decimal_becomes_minor_units(text, currency, minor):
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "EUR"),
        ("-1", "EUR"),
        ("1,50", "EUR"),
        ("1.001", "EUR"),
        ("0.5", "JPY"),
        ("1e3", "EUR"),
        ("٣", "EUR"),
        ("9" * 9, "EUR"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(text, currency):
    with pytest.raises(ValueError, match=r"is not a price|is finer|is more"):
        parse_amount(text, currency)


@given(st.integers(0, MAX_AMOUNT), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_every_amount_survives_being_written_out(amount, currency):
    digits = minor_digits(currency)
    assert parse_amount(f"{Decimal(amount).scaleb(-digits):.{digits}f}", currency) == amount

"""Money, dates and countries in the words of a shopper's locale."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision

if TYPE_CHECKING:
    from myclothes_gateway.models import Money

DEFAULT_LOCALE = "en_IE"
"""English with the euro: what a browser gets that names no locale."""
MAX_LOCALES_READ = 5
MAX_PRICE_DIGITS = 7
_HEADER_LENGTH = 100
_CODE_LENGTH = 2


@lru_cache(maxsize=512)
def locale_of(accept_language: str) -> str:
    """The first locale of an Accept-Language header that Babel knows."""
    for part in accept_language[:_HEADER_LENGTH].split(",")[:MAX_LOCALES_READ]:
        tag = part.partition(";")[0].strip()
        try:
            return str(Locale.parse(tag, sep="-"))
        except (ValueError, UnknownLocaleError):
            continue
    return DEFAULT_LOCALE


@lru_cache(maxsize=8192)
def _money(amount: int, currency: str, locale: str) -> str:
    return format_currency(Decimal(amount).scaleb(-get_currency_precision(currency)), currency, locale=locale)


def money(value: Money, locale: str, times: int = 1) -> str:
    """An amount (`times` it) as the locale writes it, such as €39.90 or 39,90 €."""
    return _money(value.amount * times, value.currency, locale)


def minor_units(text: str, currency: str) -> int | None:
    """What somebody typed as a price, in minor units; None when it is no price."""
    try:
        typed = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    if not typed.is_finite() or typed < 0 or typed.adjusted() >= MAX_PRICE_DIGITS:
        return None
    return int(typed.scaleb(get_currency_precision(currency)).to_integral_value())


def date(iso: str, locale: str) -> str:
    """A day in words from an RFC 3339 time: English ones, as the pages are, in the order of an English locale."""
    english = locale if Locale.parse(locale).language == "en" else DEFAULT_LOCALE
    return format_date(datetime.fromisoformat(iso), format="long", locale=english)


@lru_cache(maxsize=1)
def countries() -> tuple[tuple[str, str], ...]:
    """ISO 3166-1 codes and English names, by name."""
    territories = Locale.parse("en").territories
    left_out = {"ZZ", "EU", "EZ", "UN", "QO", "XA", "XB", "XK", "AC", "TA", "CP", "CQ", "DG", "EA", "IC"}
    found = ((code, name) for code, name in territories.items() if len(code) == _CODE_LENGTH and code.isalpha())
    return tuple(sorted((item for item in found if item[0] not in left_out), key=lambda item: item[1]))


def home_country(locale: str) -> str:
    """The country that a locale names; empty when it names none."""
    territory = Locale.parse(locale).territory or ""
    return territory if any(code == territory for code, _ in countries()) else ""

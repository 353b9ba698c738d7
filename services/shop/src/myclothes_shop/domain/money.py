"""Money in minor units of an ISO 4217 currency: no fraction is ever a float."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

import msgspec

# ISO 4217 currencies whose minor unit is not a hundredth (list one, amendment 176)
_NO_MINOR_UNIT = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905 - as the list has them
)
_THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_DECIMAL = re.compile(r"\d{1,10}(?:\.\d{1,10})?\Z", re.ASCII)

MAX_AMOUNT = 10**9
"""Minor units; with the bounds of an order it keeps every total within 64 bits."""
Amount = Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT, description="Minor units, e.g. cents.")]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$(?!\n)", description="ISO 4217, e.g. EUR.")]


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`amount` minor units of `currency`."""

    amount: Amount
    currency: Currency


def minor_digits(currency: str) -> int:
    """How many decimal digits `currency` has: 2 for EUR, 0 for JPY, 3 for KWD."""
    if currency in _NO_MINOR_UNIT:
        return 0
    return 3 if currency in _THOUSANDTHS else 2


def parse_amount(text: str, currency: str) -> int:
    """A decimal as written in a feed, e.g. `19.99`, in minor units of `currency`.

    Raises ValueError with a sentence when it is no such decimal or finer than the currency's minor unit.
    """
    if not _DECIMAL.match(text):
        raise ValueError(f"{text[:40]!r} is not a price such as 19.99")
    digits = minor_digits(currency)
    minor = Decimal(text).scaleb(digits)
    if minor != minor.to_integral_value():
        raise ValueError(f"{text[:40]!r} is finer than {currency} allows ({digits} decimal digits)")
    if minor > MAX_AMOUNT:
        raise ValueError(f"{text[:40]!r} is more than a price may be")
    return int(minor)

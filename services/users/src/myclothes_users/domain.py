"""What an account, its addresses and its erasure are; no I/O."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotation
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

# One line of text: no control characters (Postgres takes no NUL, an envelope no line breaks).
_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z"
Text = Annotated[str, Meta(max_length=100, pattern=_LINE)]
RequiredText = Annotated[str, Meta(min_length=1, max_length=100, pattern=_LINE)]
PostalCode = Annotated[str, Meta(max_length=20, pattern=_LINE)]
Phone = Annotated[str, Meta(max_length=32, pattern=r"^[0-9+() ./-]*\Z")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z", description="ISO 3166-1 alpha-2")]
Email = Annotated[str, Meta(min_length=3, max_length=254, description="Normalised and unique without regard to case.")]
NewPassword = Annotated[str, Meta(min_length=8, max_length=128, description="Not one of the most common ones.")]
GivenPassword = Annotated[str, Meta(max_length=128)]
Part = Literal["cart", "shop"]

PARTS: tuple[Part, ...] = ("cart", "shop")
"""The services that must confirm an erasure, besides this one."""


class Account(Struct, frozen=True):
    """An account as others see it. A session opened under an older `session_epoch` has ended."""

    id: str
    email: str
    name: str
    created_at: datetime
    session_epoch: int


class AddressFields(Struct, frozen=True, forbid_unknown_fields=True):
    """A postal address as it is given; which of the optional fields it needs depends on the country."""

    name: RequiredText
    line1: RequiredText
    country: Country
    line2: Text = ""
    city: Text = ""
    region: Text = ""
    postal_code: PostalCode = ""
    phone: Phone = ""
    default: bool = False


class Address(Struct, frozen=True):
    """A kept address."""

    id: str
    name: str
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str
    phone: str
    default: bool


class Export(Struct, frozen=True):
    """Everything held here about a person."""

    account: Account
    addresses: list[Address]


class Erasure(Struct, frozen=True):
    """A deleted account, and the services that have not yet confirmed having erased it."""

    account_id: str
    pending: list[Part]


class ErasurePage(Struct, frozen=True):
    """Open erasures; the next ones are behind the cursor `next`, None on the last page."""

    items: list[Erasure]
    next: str | None


class ErasureQuery(Struct, frozen=True):
    """Which page of the open erasures."""

    cursor: Annotated[str, Meta(min_length=32, max_length=32, pattern=r"^[0-9a-f]*\Z")] | None = None


class Registration(Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    password: NewPassword
    name: RequiredText


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    email: Annotated[str, Meta(max_length=254)]
    password: GivenPassword


class AccountChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change; `current_password` is required with `email` or `password`."""

    name: RequiredText | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    password: NewPassword | UnsetType = UNSET
    current_password: GivenPassword | UnsetType = UNSET


class Confirmation(Struct, frozen=True, forbid_unknown_fields=True):
    part: Part


def encoded(value: object) -> bytes:
    """`value` as the JSON of an answer."""
    return msgspec.json.encode(value)

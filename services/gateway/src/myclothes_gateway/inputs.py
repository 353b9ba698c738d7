"""What shoppers send: bodies and queries, read strictly, so that a mistake is named rather than passed over."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from myclothes_gateway.models import Money  # noqa: TC001 - msgspec reads the annotation

MAX_QUANTITY = 99
MAX_PIECES = 1_000_000
"""Of one article in an order: a merged cart may hold more than adds may make, so this only keeps out nonsense."""

# a bare $ would let a line break at the end pass
SKU_PATTERN = r"^[A-Za-z0-9._-]{1,64}$(?!\n)"
HEX_ID_PATTERN = r"^[0-9a-f]{32}$(?!\n)"
ORDER_NUMBER_PATTERN = r"^MC-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$(?!\n)"

# one line of text: no control characters, which neither a letter nor Postgres takes
LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)"

Sku = Annotated[str, Meta(pattern=SKU_PATTERN)]
Quantity = Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
QuantityOrNone = Annotated[int, Meta(ge=0, le=MAX_QUANTITY)]
HexId = Annotated[str, Meta(pattern=HEX_ID_PATTERN)]
OrderNumber = Annotated[str, Meta(pattern=ORDER_NUMBER_PATTERN)]
Text = Annotated[str, Meta(max_length=100, pattern=LINE_PATTERN)]
RequiredText = Annotated[str, Meta(min_length=1, max_length=100, pattern=LINE_PATTERN)]
Email = Annotated[str, Meta(min_length=3, max_length=254)]
NewPassword = Annotated[str, Meta(min_length=8, max_length=128)]
GivenPassword = Annotated[str, Meta(min_length=1, max_length=128)]
Cursor = Annotated[str, Meta(max_length=200)]


class ProductQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The filters of a list of products; prices in minor units."""

    q: Annotated[str, Meta(max_length=200, pattern=LINE_PATTERN)] = ""
    category: Text = ""
    size: Text = ""
    colour: Text = ""
    min_price: Annotated[int, Meta(ge=0, le=10**9)] | None = None
    max_price: Annotated[int, Meta(ge=0, le=10**9)] | None = None
    sort: Literal["relevance", "price", "-price", "newest"] | None = None
    cursor: Cursor = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 24


class LineInput(Struct, frozen=True, forbid_unknown_fields=True):
    sku: Sku
    quantity: Quantity = 1


class QuantityInput(Struct, frozen=True, forbid_unknown_fields=True):
    quantity: QuantityOrNone


class Registration(Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    password: NewPassword
    name: RequiredText


class Credentials(Struct, frozen=True, forbid_unknown_fields=True):
    email: Annotated[str, Meta(min_length=1, max_length=254)]
    password: GivenPassword


class AccountChanges(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to change; `current_password` is required with `email` or `password`."""

    name: RequiredText | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    password: NewPassword | UnsetType = UNSET
    current_password: GivenPassword | UnsetType = UNSET


class AddressInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to send an order; which fields a country requires is for users and shop to say."""

    name: RequiredText
    line1: RequiredText
    city: RequiredText
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")]
    line2: Text = ""
    region: Text = ""
    postal_code: Annotated[str, Meta(max_length=20, pattern=LINE_PATTERN)] = ""
    phone: Annotated[str, Meta(max_length=32, pattern=r"^[0-9+() ./-]*$(?!\n)")] = ""
    default: bool = False


class SeenLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the cart with the price that the shopper saw."""

    sku: Sku
    quantity: Annotated[int, Meta(ge=1, le=MAX_PIECES)]
    price: Money


class OrderInput(Struct, frozen=True, forbid_unknown_fields=True):
    """`address_id` of a logged-in shopper, or `address` and `email`; `lines` with prices seen, else those of now."""

    address_id: HexId | None = None
    address: AddressInput | None = None
    email: Email | None = None
    lines: Annotated[list[SeenLine], Meta(min_length=1, max_length=400)] | None = None


class OrdersQuery(Struct, frozen=True, forbid_unknown_fields=True):
    cursor: Cursor = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 20

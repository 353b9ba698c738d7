"""The shapes that the gateway passes on: what shop, cart and users answer, and what shoppers see of it.

They are read leniently: a newer service may say more. What shoppers send is in `inputs`.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

Amount = Annotated[int, Meta(ge=0, le=10**15)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]


class Money(Struct, frozen=True):
    """An amount in minor units of an ISO 4217 currency."""

    amount: Amount
    currency: Currency


# --- catalogue


class Picture(Struct, frozen=True):
    src: str
    alt: str
    width: int
    height: int


class Category(Struct, frozen=True):
    slug: str
    title: str


class CategoryCount(Struct, frozen=True):
    slug: str
    title: str
    count: int


class Option(Struct, frozen=True):
    name: str
    values: list[str]


class Variant(Struct, frozen=True):
    sku: str
    options: dict[str, str]
    price: Money
    compare_at: Money | None
    available: int


class Product(Struct, frozen=True):
    handle: str
    title: str
    description_html: str
    vendor: str
    category: Category | None
    pictures: list[Picture]
    options: list[Option]
    variants: list[Variant]


class Summary(Struct, frozen=True):
    """A product as lists show it."""

    handle: str
    title: str
    vendor: str
    category: Category | None
    picture: Picture | None
    price_from: Money
    price_to: Money
    colours: list[str]
    available: bool


class SummaryPage(Struct, frozen=True):
    items: list[Summary]
    next: str | None = None


class Facets(Struct, frozen=True):
    categories: list[CategoryCount]
    sizes: list[str]
    colours: list[str]
    min_price: int | None = None
    max_price: int | None = None


class CartVariant(Struct, frozen=True):
    """A variant with what a cart's line shows of its product."""

    sku: str
    options: dict[str, str]
    price: Money
    available: int
    handle: str
    title: str
    picture: Picture | None
    gone: bool
    compare_at: Money | None = None


class CartVariants(Struct, frozen=True):
    items: list[CartVariant]


# --- cart


class Line(Struct, frozen=True):
    sku: str
    quantity: int


class Cart(Struct, frozen=True):
    """A cart as it is kept: no titles, no prices."""

    id: str
    version: int
    lines: list[Line]


class CartLineView(Struct, frozen=True):
    """A line with what is known of its variant; the fields are None (or empty) while the shop cannot tell.

    `gone`: withdrawn from the catalogue. `available`: units left of it.
    """

    sku: str
    quantity: int
    title: str | None = None
    price: Money | None = None
    handle: str | None = None
    picture: Picture | None = None
    options: dict[str, str] = {}
    available: int | None = None
    gone: bool = False


class CartView(Struct, frozen=True):
    """A cart as shoppers see it; `total` is None when a line's price is unknown or currencies differ."""

    version: int
    lines: list[CartLineView]
    total: Money | None


# --- accounts


class Account(Struct, frozen=True):
    id: str
    email: str
    name: str
    created_at: str
    session_epoch: int


class AccountView(Struct, frozen=True):
    id: str
    email: str
    name: str
    created_at: str


class Address(Struct, frozen=True):
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


class Addresses(Struct, frozen=True):
    items: list[Address]


# --- orders


class OrderLine(Struct, frozen=True):
    sku: str
    quantity: int
    title: str
    options: dict[str, str]
    price: Money


class Payment(Struct, frozen=True):
    method: str
    status: str


class Order(Struct, frozen=True):
    number: str
    status: str
    created_at: str
    email: str | None
    address: dict[str, Any] | None
    lines: list[OrderLine]
    total: Money
    payment: Payment


class OrderPage(Struct, frozen=True):
    items: list[Order]
    next: str | None = None


class ConflictLine(Struct, frozen=True):
    """A line that cannot be ordered as it was seen, and what is so now."""

    sku: str
    code: str
    price: Money | None = None
    available: int | None = None
    quantity: int | None = None

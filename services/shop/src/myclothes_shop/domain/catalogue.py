"""The catalogue as callers read it: the shapes of products, variants, summaries and facets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import msgspec

from myclothes_shop.domain.money import MAX_AMOUNT, Money
from myclothes_shop.domain.words import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_LIMIT = 24
MAX_LIMIT = 100
MAX_SKUS = 100
SORTS = ("relevance", "price", "-price", "newest")

# what feeds call a size and a colour, folded
_SIZE_NAMES = frozenset("size sizes grosse groesse taille talla taglia maat rozmiar storlek".split())  # noqa: SIM905 - one a word
_COLOUR_NAMES = frozenset(
    "colour color colours colors farbe couleur colore kleur kolor farg".split()  # noqa: SIM905 - likewise
)
_LETTER_SIZES = {name: rank for rank, name in enumerate(["xxxs", "xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl"])}
_WORD_SIZES = {"extrasmall": "xs", "small": "s", "medium": "m", "large": "l", "extralarge": "xl"}
_X_COUNT = re.compile(r"(\d)x([sl])\Z")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


class Category(msgspec.Struct, frozen=True):
    slug: str
    title: str


class CategoryCount(msgspec.Struct, frozen=True):
    slug: str
    title: str
    count: int


class Picture(msgspec.Struct, frozen=True):
    """An address and the size in pixels to keep free for it."""

    src: str
    alt: str
    width: int
    height: int


class Variant(msgspec.Struct, frozen=True):
    sku: str
    options: dict[str, str]
    price: Money
    compare_at: Money | None
    available: int


class ProductOption(msgspec.Struct, frozen=True):
    name: str
    values: list[str]


class Product(msgspec.Struct, frozen=True):
    handle: str
    title: str
    description_html: str
    vendor: str
    category: Category
    pictures: list[Picture]
    options: list[ProductOption]
    variants: list[Variant]


class Summary(msgspec.Struct, frozen=True):
    """A product as a list shows it."""

    handle: str
    title: str
    vendor: str
    category: Category
    picture: Picture | None
    price_from: Money
    price_to: Money
    colours: list[str]
    available: bool


class ProductPage(msgspec.Struct, frozen=True):
    items: list[Summary]
    next: str | None


class Facets(msgspec.Struct, frozen=True):
    """What a list can be narrowed by; prices in minor units. Categories are counted as if none were chosen."""

    categories: list[CategoryCount]
    sizes: list[str]
    colours: list[str]
    min_price: int | None
    max_price: int | None


class CartVariant(msgspec.Struct, frozen=True):
    """A variant as a cart shows it; `gone` when it has been withdrawn."""

    sku: str
    options: dict[str, str]
    price: Money
    compare_at: Money | None
    available: int
    handle: str
    title: str
    picture: Picture | None
    gone: bool


class CartVariants(msgspec.Struct, frozen=True):
    items: list[CartVariant]


# Postgres holds no NUL in a text
_Text = Annotated[str, msgspec.Meta(max_length=200, pattern="^[^\u0000]*$")]
_Name = Annotated[str, msgspec.Meta(max_length=100, pattern="^[^\u0000]*$")]
_Price = Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT)]
_Sort = Annotated[str, msgspec.Meta(pattern="^(relevance|price|-price|newest)$(?!\n)")]


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A search of the catalogue. Prices in minor units, both ends included; several sizes or colours mean any of them.

    `sort` is relevance by default; without a search text that is the newest first.
    """

    q: _Text = ""
    category: _Name = ""
    size: Annotated[list[_Name], msgspec.Meta(max_length=20)] = []
    colour: Annotated[list[_Name], msgspec.Meta(max_length=20)] = []
    min_price: _Price = 0
    max_price: _Price = MAX_AMOUNT
    sort: _Sort = "relevance"
    cursor: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT


class FacetSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the facets are asked for."""

    q: _Text = ""
    category: _Name = ""


class Skus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The variants that a cart asks for; a sku that cannot be one is unknown like any other."""

    sku: Annotated[list[_Name], msgspec.Meta(max_length=MAX_SKUS)] = []


def is_size(folded_name: str) -> bool:
    """Whether an option of this folded name is a size."""
    return folded_name in _SIZE_NAMES


def is_colour(folded_name: str) -> bool:
    """Whether an option of this folded name is a colour."""
    return folded_name in _COLOUR_NAMES


def showing(pictures: Sequence[Picture], options: Mapping[str, str]) -> Picture | None:
    """The picture of a variant: the first whose description names the variant's colour, else the first of all."""
    colours = [value.casefold() for name, value in options.items() if is_colour(fold(name)) and value]
    named = (picture for picture in pictures if any(colour in picture.alt.casefold() for colour in colours))
    return next(named, pictures[0] if pictures else None)


def size_order(size: str) -> tuple[int, float, str]:
    """Sorts sizes as people do: XS, S, M, L, XL, then 36, 38, 40, then the rest by name."""
    folded = size.casefold().replace(" ", "").replace("-", "")
    folded = _WORD_SIZES.get(folded, folded)
    if several := _X_COUNT.match(folded):
        folded = "x" * int(several[1]) + several[2]
    if folded in _LETTER_SIZES:
        return (0, float(_LETTER_SIZES[folded]), folded)
    if number := _NUMBER.search(folded):
        return (1, float(number[0].replace(",", ".")), folded)
    return (2, 0.0, folded)

"""What every feed is read into, and the checks that all feeds share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import nh3

from myclothes_shop.domain import words
from myclothes_shop.domain.money import Money, parse_amount

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_ROWS_A_PRODUCT = 500
"""A product with more rows is handed on in parts, so that no file can make one product fill the memory."""
MAX_STOCK = 1_000_000
MAX_TITLE = 255
MAX_OPTION = 100
MAX_TEXT = 200_000
# no feed tells a picture's size; these keep the storefront's 4:5 free
PICTURE_WIDTH, PICTURE_HEIGHT = 800, 1000
OTHER = "Other"
# texts may hold tabs and ends of lines; lone surrogates are bytes that could not be decoded
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNDECODABLE = re.compile("[\ud800-\udfff]")
_ADDRESS = re.compile(r"(?:https?://[^\s/]+/?|/(?!/))\S*\Z")
_INTEGER = re.compile(r"[+-]?\d{1,15}\Z", re.ASCII)
_TAGS = frozenset(
    "a b blockquote br em h3 h4 h5 h6 hr i li ol p s strong sub sup table tbody td th thead tr u ul".split()  # noqa: SIM905 - one a tag
)


class BadRow(Exception):  # noqa: N818 - it is a finding about a file
    """A row that cannot be used: the column and the reason, as a sentence for the feed's owner."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column, self.reason = column, reason


class FileRefused(Exception):  # noqa: N818 - likewise
    """A file that cannot be read any further: the line, or 0, and the reason."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


class RowError(msgspec.Struct, frozen=True):
    """A bad row as it is reported; lines count from 1."""

    line: int
    column: str
    reason: str


class ListedPicture(msgspec.Struct, frozen=True):
    src: str
    alt: str


class ListedVariant(msgspec.Struct, frozen=True):
    """`stock` is what the file says is there; `compare_at` in the price's minor units; `column` is where its sku is."""

    line: int
    column: str
    sku: str
    options: dict[str, str]
    price: Money
    compare_at: int | None
    stock: int


class Listing(msgspec.Struct, frozen=True):
    """A product, or a part of one: `title` is None when this is more of a product that came earlier."""

    line: int
    handle: str
    title: str | None
    description_html: str
    vendor: str
    category: str
    tags: list[str]
    published: bool
    pictures: list[ListedPicture]
    variants: list[ListedVariant]


def text(column: str, value: str, limit: int = MAX_TEXT) -> str:
    """`value` without surrounding white space; raises BadRow when it cannot be stored or shown."""
    if _UNDECODABLE.search(value):
        raise BadRow(column, "it is not UTF-8: save the file as UTF-8")
    if _CONTROL.search(value):
        raise BadRow(column, "it holds a control character")
    stripped = value.strip()
    if len(stripped) > limit:
        raise BadRow(column, f"it is longer than {limit} characters")
    return stripped


def html(value: str) -> str:
    """A description with nothing in it but plain formatting; scripts, styles, forms and handlers are gone."""
    return nh3.clean(
        value, tags=set(_TAGS), attributes={"a": {"href", "title"}}, url_schemes={"http", "https", "mailto"}
    )


def amount(column: str, value: str, currency: str) -> int:
    """A price in minor units; raises BadRow."""
    if not value:
        raise BadRow(column, "it is blank: every variant needs a price")
    try:
        return parse_amount(value, currency)
    except ValueError as error:
        raise BadRow(column, str(error)) from error


def units(column: str, value: str) -> int:
    """A stock: blank is none, and so is a negative one (an oversold variant); raises BadRow."""
    if not value:
        return 0
    if not _INTEGER.match(value):
        raise BadRow(column, f"{value[:40]!r} is not a whole number")
    if int(value) > MAX_STOCK:
        raise BadRow(column, f"{value[:40]!r} is more than {MAX_STOCK}")
    return max(0, int(value))


def picture(column: str, src: str, alt: str) -> ListedPicture:
    """A picture by address, on the web or on this site; raises BadRow."""
    if not _ADDRESS.match(src):
        raise BadRow(column, f"{src[:80]!r} is neither an http(s) address nor a path such as /static/pictures/tee.svg")
    return ListedPicture(src, alt)


def category(candidates: Iterable[str]) -> str:
    """The first of `candidates` that says something, the last part of a path such as `Apparel > Shirts`."""
    for candidate in candidates:
        last = candidate.rpartition(">")[2].strip()
        if last and not last.isdigit() and words.slug(last):
            return last[:1].upper() + last[1:MAX_OPTION]
    return OTHER


def check_variants(variants: list[ListedVariant], new: ListedVariant, column: str) -> None:
    """Raise BadRow when `new` is a second variant with the same sku or the same options in its product."""
    for known in variants:
        if known.sku == new.sku:
            raise BadRow(column, f"sku {new.sku} is already on line {known.line}")
        if known.options == new.options:
            raise BadRow(column, f"these options are already on line {known.line}")

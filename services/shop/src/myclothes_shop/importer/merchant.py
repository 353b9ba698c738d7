"""Reads Google Merchant feeds (RSS 2.0 with the `g:` namespace), item by item, in memory for one product at a time.

Attributes: https://support.google.com/merchants/answer/7052112. The parser is defusedxml's: a document type, entities
and external references are refused where they stand.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO
from xml.sax import SAXParseException  # nosec B406
from xml.sax.handler import ContentHandler, feature_namespaces  # nosec B406

from defusedxml import DefusedXmlException
from defusedxml.sax import make_parser

from myclothes_shop.domain import words
from myclothes_shop.domain.money import Money
from myclothes_shop.importer import listings
from myclothes_shop.importer.listings import BadRow, FileRefused, ListedVariant, Listing, RowError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.sax.xmlreader import AttributesNSImpl, Locator  # nosec B406

GOOGLE = "http://base.google.com/ns/1.0"
_CHUNK = 65_536
MAX_SILENCE = 1_048_576
"""Bytes without any content seen: a tag or comment that long is kept in memory by the parser, and is no feed."""
MAX_CHILDREN = 1_000
MAX_GROUP_CHARACTERS = 2_000_000
"""A product whose items hold more text is handed on in parts, as one with too many rows is."""
_ITEM_DEPTH = 3  # rss, channel, item
_PRICE = re.compile(r"(?:(?P<before>[A-Z]{3}) ?)?(?P<amount>[0-9.]+)(?: ?(?P<after>[A-Z]{3}))?\Z")
_LINKED_HANDLE = re.compile(r"/products/([^/?#]+)")
_OPTIONS = {"color": "Colour", "size": "Size", "material": "Material", "pattern": "Pattern"}
_QUANTITIES = ("quantity", "sell_on_google_quantity")
_IN_STOCK = frozenset({"in stock", "in_stock"})


class _Item:
    """The direct children of an `item`: each name's first text and its line; further pictures beside them."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.texts: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        self.more_pictures: list[str] = []
        self.children = 0
        self.characters = 0

    def get(self, name: str, limit: int = listings.MAX_TEXT) -> str:
        """A child's text, or blank; raises BadRow."""
        return listings.text(f"g:{name}", self.texts.get(name, ""), limit)

    @property
    def group(self) -> str:
        """What the items of one product have in common."""
        return self.texts.get("item_group_id", "").strip() or self.texts.get("id", "").strip()


class _Items(ContentHandler):
    """Collects finished items; knows no more of the feed than the item it is in."""

    def __init__(self) -> None:
        super().__init__()
        self.finished: list[_Item] = []
        self.events = 0
        self._where: Locator | None = None
        self._depth = 0
        self._item: _Item | None = None
        self._name = ""
        self._parts: list[str] = []
        self._length = 0

    def line(self) -> int:
        """Where the parser is."""
        return self._where.getLineNumber() or 0 if self._where else 0

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 - the interface's
        self._where = locator

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: AttributesNSImpl) -> None:  # noqa: ARG002, N802 - the interface's
        self.events += 1
        self._depth += 1
        if self._depth == 1 and name[1] != "rss":
            raise FileRefused(
                f"the document is <{name[1][:40]}>, not <rss>: is this a Google Merchant feed?", self.line()
            )
        if self._depth == _ITEM_DEPTH and name == (None, "item"):
            self._item = _Item(self.line())
        elif self._item and self._depth == _ITEM_DEPTH + 1 and name[0] in (None, GOOGLE):
            self._name, self._parts, self._length = name[1], [], 0
            self._item.lines.setdefault(name[1], self.line())
            self._item.children += 1
            if self._item.children > MAX_CHILDREN:
                raise FileRefused(f"an item has more than {MAX_CHILDREN} attributes", self.line())

    def characters(self, content: str) -> None:
        self.events += 1
        # one character more than is allowed, so that the check of the text's length sees it
        if self._name and self._depth == _ITEM_DEPTH + 1 and self._length <= listings.MAX_TEXT:
            self._parts.append(content)
            self._length += len(content)

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:  # noqa: ARG002, N802 - likewise
        self.events += 1
        if self._item and self._depth == _ITEM_DEPTH + 1 and self._name:
            value = "".join(self._parts)
            if self._name == "additional_image_link" and len(self._item.more_pictures) < listings.MAX_ROWS_A_PRODUCT:
                self._item.more_pictures.append(value)
            self._item.texts.setdefault(self._name, value)
            self._item.characters += len(value)
            self._name = ""
        elif self._item and self._depth == _ITEM_DEPTH:
            self.finished.append(self._item)
            self._item = None
        self._depth -= 1


def read(stream: BinaryIO, currency: str, in_stock_units: int) -> Iterator[Listing | RowError]:
    """The products of a feed in its order, and its bad items.

    `currency` is for prices without one; `in_stock_units` is what "in stock" without a number stands for.
    Raises FileRefused when the document is hostile, broken or no feed.
    """
    group: list[_Item] = []
    characters = 0
    try:
        for item in _items(stream):
            full = len(group) >= listings.MAX_ROWS_A_PRODUCT or characters > MAX_GROUP_CHARACTERS
            if group and (full or group[0].group != item.group):
                yield from _listing(group, currency, in_stock_units)
                group, characters = [], 0
            group.append(item)
            characters += item.characters
    except FileRefused:
        # what came before the place where the document breaks is good
        yield from _listing(group, currency, in_stock_units)
        raise
    yield from _listing(group, currency, in_stock_units)


def _items(stream: BinaryIO) -> Iterator[_Item]:
    parser = make_parser()
    parser.forbid_dtd = True
    parser.setFeature(feature_namespaces, True)
    handler = _Items()
    parser.setContentHandler(handler)
    handler.setDocumentLocator(parser)  # only parse() does it by itself
    silence = 0
    try:
        while chunk := stream.read(_CHUNK):
            before = handler.events
            parser.feed(chunk)
            silence = 0 if handler.events != before else silence + len(chunk)
            if silence > MAX_SILENCE:
                raise FileRefused(f"a tag or comment is longer than {MAX_SILENCE} bytes", handler.line())
            yield from handler.finished
            handler.finished.clear()
        parser.close()
    except DefusedXmlException as error:
        raise FileRefused("the document has a document type or entities; a feed needs none", handler.line()) from error
    except SAXParseException as error:
        yield from handler.finished
        raise FileRefused(f"the XML is broken: {error.getMessage()}", error.getLineNumber() or 0) from error
    except (LookupError, ValueError) as error:
        raise FileRefused("the document's encoding is unknown; use UTF-8", handler.line()) from error


def _listing(group: list[_Item], currency: str, in_stock_units: int) -> Iterator[Listing | RowError]:
    """One product of the items that share a group."""
    variants: list[ListedVariant] = []
    good: list[_Item] = []
    for item in group:
        try:
            variant = _variant(item, currency, in_stock_units)
            listings.check_variants(variants, variant, "g:id")
            _texts(item)
            _pictures([item])
        except BadRow as bad:
            yield RowError(item.lines.get(bad.column.removeprefix("g:"), item.line), bad.column, bad.reason)
        else:
            variants.append(variant)
            good.append(item)
    if not good:
        return
    first = good[0]
    title, description, vendor, categories = _texts(first)
    yield Listing(
        line=first.line,
        handle=_handle(first),
        title=title,
        description_html=listings.html(description),
        vendor=vendor,
        category=listings.category(categories),
        tags=[value for name in ("gender", "age_group") if (value := first.get(name, listings.MAX_OPTION))],
        published=True,
        pictures=_pictures(good),
        variants=variants,
    )


def _texts(item: _Item) -> tuple[str, str, str, tuple[str, str]]:
    """Title, description, brand and categories; raises BadRow."""
    title = item.get("title", listings.MAX_TITLE)
    if not title:
        raise BadRow("g:title", "it is missing")
    if not _handle(item):
        raise BadRow("g:id", "it is missing")
    item.get("gender", listings.MAX_OPTION), item.get("age_group", listings.MAX_OPTION)
    brand = item.get("brand", listings.MAX_OPTION)
    return title, item.get("description"), brand, (item.get("product_type"), item.get("google_product_category"))


def _handle(item: _Item) -> str:
    """Stable as long as the feed's group is: from the product's address where that has a handle."""
    linked = _LINKED_HANDLE.search(item.get("link"))
    return words.slug(linked[1] if linked else item.group)


def _pictures(items: list[_Item]) -> list[listings.ListedPicture]:
    shown: dict[str, listings.ListedPicture] = {}
    for item in items:
        alt = item.get("title")
        for name, src in (
            ("image_link", item.get("image_link")),
            *(("additional_image_link", listings.text("g:additional_image_link", more)) for more in item.more_pictures),
        ):
            if src and src not in shown:
                shown[src] = listings.picture(f"g:{name}", src, alt)
    return list(shown.values())


def _variant(item: _Item, currency: str, in_stock_units: int) -> ListedVariant:
    given = item.get("id")
    if not given:
        raise BadRow("g:id", "it is missing")
    price = _money(item, "price", currency)
    compare_at = None
    if item.get("sale_price"):
        sale = _money(item, "sale_price", price.currency)
        if sale.currency != price.currency:
            raise BadRow("g:sale_price", f"it is in {sale.currency}, the price in {price.currency}")
        if sale.amount < price.amount:
            price, compare_at = sale, price.amount
    named = {shown: item.get(name, listings.MAX_OPTION) for name, shown in _OPTIONS.items()}
    return ListedVariant(
        line=item.line,
        column="g:id",
        sku=words.sku_of(given),
        options={name: value for name, value in named.items() if value},
        price=price,
        compare_at=compare_at,
        stock=_stock(item, in_stock_units),
    )


def _money(item: _Item, name: str, currency: str) -> Money:
    value = item.get(name)
    match = _PRICE.match(value)
    if value and not match:
        raise BadRow(f"g:{name}", f"{value[:40]!r} is not a price such as 19.99 EUR")
    if match:
        currency, value = match["after"] or match["before"] or currency, match["amount"]
    return Money(listings.amount(f"g:{name}", value, currency), currency)


def _stock(item: _Item, in_stock_units: int) -> int:
    for name in _QUANTITIES:
        if value := item.get(name):
            return listings.units(f"g:{name}", value)
    return in_stock_units if item.get("availability").lower() in _IN_STOCK else 0

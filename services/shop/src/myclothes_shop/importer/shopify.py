"""Reads Shopify's product CSV: several rows a product, told apart by the handle.

Columns and their meaning: https://help.shopify.com/en/manual/products/import-export/using-csv (both the older and the
newer names are read).
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, BinaryIO

from myclothes_shop.domain import words
from myclothes_shop.domain.money import Money
from myclothes_shop.importer import listings
from myclothes_shop.importer.listings import BadRow, FileRefused, ListedPicture, ListedVariant, Listing, RowError

if TYPE_CHECKING:
    from collections.abc import Iterator

# the newer names, by the older ones
_ALSO = {
    "Handle": "URL handle",
    "Body (HTML)": "Description",
    "Published": "Published on online store",
    "Variant SKU": "SKU",
    "Variant Price": "Price",
    "Variant Compare At Price": "Compare-at price",
    "Variant Inventory Qty": "Inventory quantity",
    "Image Src": "Product image URL",
    "Google Shopping / Google Product Category": "Google Shopping / Google product category",
}
_OLDER = {newer.casefold(): older for older, newer in _ALSO.items()}
_OPTIONS = (1, 2, 3)
_KNOWN = {
    name.casefold(): name
    for name in (
        *_ALSO,
        *("Title", "Vendor", "Type", "Tags", "Product Category", "Status", "Image Position", "Image Alt Text"),
        *(f"Option{number} {part}" for number in _OPTIONS for part in ("Name", "Value")),
    )
}
_ONLY_VARIANT = ("Title", "Default Title")
_FALSE = frozenset({"false", "no", "0"})
_HIDDEN = frozenset({"draft", "archived"})
_LAST_POSITION = 10_000


def read(stream: BinaryIO, currency: str) -> Iterator[Listing | RowError]:
    """The products of a Shopify CSV, in the file's order, and its bad rows; prices are in `currency`.

    Raises FileRefused when it is no such file.
    """
    # undecodable bytes become lone surrogates, so that they spoil their own row only
    lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _read(lines, currency)
    finally:
        lines.detach()  # the stream is the caller's to close


def _read(lines: io.TextIOWrapper, currency: str) -> Iterator[Listing | RowError]:
    csv.field_size_limit(2 * listings.MAX_TEXT)
    reader = csv.reader(lines)
    columns = _columns(reader)
    group: _Group | None = None
    for line, row in _rows(reader, columns):
        if isinstance(row, BadRow):
            yield RowError(line, row.column, row.reason)
            continue
        handle = words.slug(row["Handle"])
        if not handle:
            yield RowError(line, "Handle", "it is blank: each row names its product")
            continue
        if group is None or group.handle != handle or group.rows >= listings.MAX_ROWS_A_PRODUCT:
            if group is not None:
                yield from group.finished()
            names = group.names if group is not None and group.handle == handle else {}
            group = _Group(handle, line, row, currency, names)
        group.add(line, row)
    if group is not None:
        yield from group.finished()


def _columns(reader: Iterator[list[str]]) -> list[str]:
    """The columns by their older names; an unknown one is blank."""
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise FileRefused("the first line is not a CSV header", 1) from error
    columns = []
    for name in header:
        folded = name.strip().casefold()
        known = _OLDER.get(folded) or _KNOWN.get(folded, "")
        columns.append("" if known in columns else known)
    for needed in ("Handle", "Variant Price"):
        if needed not in columns:
            raise FileRefused(f"there is no column {needed!r}: is this a product CSV of Shopify, with commas?", 1)
    return columns


def _rows(reader: csv._reader, columns: list[str]) -> Iterator[tuple[int, dict[str, str] | BadRow]]:  # type: ignore[name-defined]
    """Each row with the line it begins on; a row that is no row is a BadRow."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, BadRow("", f"the row cannot be read: {error}; is a quotation mark missing?")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(columns) :]):
            yield line, BadRow("", f"the row has {len(cells)} fields, the header has {len(columns)}")
            continue
        try:
            row = dict.fromkeys(_KNOWN.values(), "")
            row.update({name: listings.text(name, cell) for name, cell in zip(columns, cells, strict=False) if name})
        except BadRow as bad:
            yield line, bad
        else:
            yield line, row


class _Group:
    """The rows of one product so far."""

    def __init__(self, handle: str, line: int, first: dict[str, str], currency: str, names: dict[int, str]) -> None:
        self.handle, self.line, self.first, self.currency = handle, line, first, currency
        self.rows = 0
        self.names = names | {
            number: name for number in _OPTIONS if (name := first[f"Option{number} Name"][: listings.MAX_OPTION])
        }
        self._variants: list[ListedVariant] = []
        self._pictures: list[tuple[int, ListedPicture]] = []
        self._errors: list[RowError] = []

    def add(self, line: int, row: dict[str, str]) -> None:
        """Take one row in; a bad one is kept as an error."""
        self.rows += 1
        try:
            if row["Image Src"]:
                position = int(row["Image Position"]) if row["Image Position"].isdecimal() else _LAST_POSITION
                shown = listings.picture("Image Src", row["Image Src"], row["Image Alt Text"])
                self._pictures.append((position, shown))
            if not row["Image Src"] or any(row[name] for name in ("Option1 Value", "Variant SKU", "Variant Price")):
                self._variants.append(self._variant(line, row))
        except BadRow as bad:
            self._errors.append(RowError(line, bad.column, bad.reason))

    def finished(self) -> Iterator[Listing | RowError]:
        """The bad rows of the product, and the product when its own columns are good."""
        yield from self._errors
        row = self.first
        try:
            title = listings.text("Title", row["Title"], listings.MAX_TITLE)
        except BadRow as bad:
            yield RowError(self.line, bad.column, bad.reason)
            return
        tags = [tag.strip() for tag in row["Tags"].split(",") if tag.strip()]
        yield Listing(
            line=self.line,
            handle=self.handle,
            title=title or None,
            description_html=listings.html(row["Body (HTML)"]),
            vendor=row["Vendor"][: listings.MAX_OPTION],
            category=listings.category(
                (row["Type"], row["Product Category"], row["Google Shopping / Google Product Category"], *tags)
            ),
            tags=tags,
            published=row["Published"].lower() not in _FALSE and row["Status"].lower() not in _HIDDEN,
            pictures=[shown for _, shown in sorted(self._pictures, key=lambda found: found[0])],
            variants=self._variants,
        )

    def _variant(self, line: int, row: dict[str, str]) -> ListedVariant:
        options = self._options(row)
        price = listings.amount("Variant Price", row["Variant Price"], self.currency)
        column = "Variant Compare At Price"
        compare_at = listings.amount(column, row[column], self.currency) if row[column] else 0
        given = row["Variant SKU"]
        variant = ListedVariant(
            line=line,
            column="Variant SKU",
            sku=words.sku_of(given) if given else words.sku_for(self.handle, options),
            options=options,
            price=Money(price, self.currency),
            compare_at=compare_at if compare_at > price else None,
            stock=listings.units("Variant Inventory Qty", row["Variant Inventory Qty"]),
        )
        listings.check_variants(self._variants, variant, "Variant SKU" if given else "Option1 Value")
        return variant

    def _options(self, row: dict[str, str]) -> dict[str, str]:
        options: dict[str, str] = {}
        for number in _OPTIONS:
            column = f"Option{number} Value"
            value = listings.text(column, row[column], listings.MAX_OPTION)
            name = self.names.get(number, "")
            if not value or (name, value) == _ONLY_VARIANT:
                continue
            if not name:
                raise BadRow(f"Option{number} Name", "it is blank on the product's first row, but this row has a value")
            options[name] = value
        return options

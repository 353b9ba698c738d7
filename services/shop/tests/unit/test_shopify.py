"""Shopify's product CSV."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myclothes_shop.domain.money import Money
from myclothes_shop.importer import feeds, listings
from myclothes_shop.importer.listings import FileRefused, Listing, RowError

HEADER = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value"
HEADER += ",Variant SKU,Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src,Image Position,Colour?"


def row(handle="tee", title="", **cells):
    names = HEADER.split(",")
    values = dict.fromkeys(names, "") | {"Handle": handle, "Title": title} | cells
    made = io.StringIO()
    csv.writer(made).writerow(values[name] for name in names)
    return made.getvalue()


def read(text, encoding="utf-8", currency="EUR"):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    found = list(feeds.read(io.BufferedReader(io.BytesIO(data)), currency, 1))
    return [one for one in found if isinstance(one, Listing)], [one for one in found if isinstance(one, RowError)]


SMALL = {"Option1 Value": "S", "Variant Price": "19.90", "Variant Inventory Qty": "3"}
TEE = row(title="Tee", **{"Option1 Name": "Size", "Type": "T-Shirts", "Vendor": "Us"}, **SMALL)


def test_rows_of_one_handle_are_one_product():
    medium = row(
        **{"Option1 Value": "M", "Variant Price": "21", "Variant Compare At Price": "30", "Variant SKU": "T-M"}
    )
    picture = row(**{"Image Src": "https://x.example/a.jpg", "Image Position": "2"})
    first = row(**{"Image Src": "/static/pictures/tee.svg", "Image Position": "1"})
    found, errors = read("\n".join([HEADER, TEE + medium + picture + first]))
    assert errors == []
    [tee] = found
    assert (tee.handle, tee.title, tee.vendor, tee.category) == ("tee", "Tee", "Us", "T-Shirts")
    assert [(one.sku, one.options, one.price.amount, one.compare_at, one.stock) for one in tee.variants] == [
        ("tee--s", {"Size": "S"}, 1990, None, 3),
        ("T-M", {"Size": "M"}, 2100, 3000, 0),
    ]
    assert [one.src for one in tee.pictures] == ["/static/pictures/tee.svg", "https://x.example/a.jpg"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_with_or_without_bom_and_whatever_ends_a_line(encoding, newline):
    found, errors = read(
        f"{HEADER}\n{TEE}".replace("Tee", "Strickjäckchen").replace("\r", "").replace("\n", newline), encoding
    )
    assert (found[0].title, errors) == ("Strickjäckchen", [])


def test_the_newer_names_of_columns_are_read_too():
    text = "Title,URL handle,Description,SKU,Price,Inventory quantity,Product image URL\nTee,tee,<b>x</b>,A1,5,2,/p.svg"
    found, errors = read(text)
    assert errors == []
    assert (found[0].handle, found[0].variants[0].sku, found[0].variants[0].stock) == ("tee", "A1", 2)
    assert found[0].pictures[0].src == "/p.svg"


def test_a_product_without_options_has_one_variant():
    default = {"Option1 Name": "Title", "Option1 Value": "Default Title", "Variant Price": "5"}
    found, _ = read(HEADER + "\n" + row(title="Cap", handle="cap", **default))
    assert found[0].variants[0].options == {}
    assert found[0].variants[0].sku == "cap"


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"Variant Price": "9,90"}, "Variant Price", "not a price"),
        ({"Variant Price": ""}, "Variant Price", "blank"),
        ({"Variant Price": "1.999"}, "Variant Price", "finer"),
        ({"Variant Inventory Qty": "many"}, "Variant Inventory Qty", "whole number"),
        ({"Variant Inventory Qty": "9999999"}, "Variant Inventory Qty", "more than"),
        ({"Variant Compare At Price": "x"}, "Variant Compare At Price", "not a price"),
        ({"Option1 Value": "S"}, "Option1 Value", "line 2"),
        ({"Option2 Value": "Navy"}, "Option2 Name", "blank on the product's first row"),
        ({"Option1 Value": "M" * 101}, "Option1 Value", "longer than 100"),
        ({"Image Src": "javascript:alert(1)"}, "Image Src", "neither"),
        ({"Image Src": "//evil.example/x"}, "Image Src", "neither"),
        ({"Vendor": "a\x00b"}, "Vendor", "control character"),
        ({"Handle": ""}, "Handle", "blank"),
    ],
)
def test_a_bad_row_is_told_by_line_column_and_reason_and_the_good_ones_land(cells, column, reason):
    bad = row(**{"Option1 Value": "M", "Variant Price": "5"} | cells)
    good = row(**{"Option1 Value": "L", "Variant Price": "5"})
    found, errors = read(HEADER + "\n" + TEE + bad + good)
    assert [(error.line, error.column) for error in errors] == [(3, column)]
    assert reason in errors[0].reason
    assert [one.options["Size"] for listing in found for one in listing.variants] == ["S", "L"]


def test_lines_are_counted_as_an_editor_counts_them():
    tall = row(title="Tee", **{"Body (HTML)": "a\nb\nc", "Option1 Name": "Size"}, **SMALL)
    found, errors = read(HEADER + "\n" + tall + row(**{"Option1 Value": "M", "Variant Price": "x"}))
    assert len(found) == 1
    assert errors[0].line == 5


def test_bytes_that_are_not_utf8_spoil_their_row_only():
    text = (
        HEADER
        + "\n"
        + row(handle="a", title="Jäckchen", **SMALL | {"Option1 Name": "Size"})
        + row(handle="b", title="OK", **SMALL | {"Option1 Name": "Size"})
    )
    found, errors = read(text, "latin-1")
    assert [one.handle for one in found] == ["b"]
    assert (errors[0].column, "UTF-8" in errors[0].reason) == ("Title", True)


def test_a_quote_that_is_never_closed_is_one_bad_row():
    found, errors = read(HEADER + "\n" + TEE + 'cap,"Cap' + "x" * 3 * listings.MAX_TEXT)
    assert [one.handle for one in found] == ["tee"]
    assert len(errors) == 1
    assert "quotation mark" in errors[0].reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        ("Handle,Variant Price".encode("utf-16"), "UTF-16"),
        (b"Name;Price\nx;1", "no column 'Handle'"),
        (b"Handle,Title\n", "no column 'Variant Price'"),
        (bytes(range(256)) * 10, "no column"),
    ],
)
def test_a_file_that_is_none_is_refused(data, reason):
    with pytest.raises(FileRefused) as caught:
        read(data)
    assert reason in caught.value.reason


def test_descriptions_are_harmless():
    evil = '<p onclick="x()">Soft<script>steal()</script><img src=x onerror=y>'
    evil += '<a href="javascript:z()">a</a></p><style>*{}</style>'
    found, _ = read(HEADER + "\n" + row(title="Tee", **{"Body (HTML)": evil, "Option1 Name": "Size"}, **SMALL))
    assert found[0].description_html == '<p>Soft<a rel="noopener noreferrer">a</a></p>'


def test_hidden_products_are_marked():
    found, _ = read(HEADER + "\n" + row(title="Tee", Published="FALSE", **{"Option1 Name": "Size"}, **SMALL))
    assert not found[0].published


def test_a_product_of_endless_rows_comes_in_parts():
    rows = [TEE, *(row(**{"Option1 Value": f"{n}", "Variant Price": "5"}) for n in range(1100))]
    found, errors = read(HEADER + "\n" + "".join(rows))
    assert errors == []
    assert [len(one.variants) for one in found] == [500, 500, 101]
    assert [one.title for one in found] == ["Tee", None, None]
    assert found[2].variants[0].options == {"Size": "999"}


def test_two_hundred_megabytes_are_read_in_little_memory():
    class Endless(io.RawIOBase):
        """A feed of 200 MB that is made while it is read."""

        def __init__(self):
            self.left, self.number, self.rest = 200_000_000, 0, (HEADER + "\n").encode()

        def readable(self):
            return True

        def readinto(self, buffer):
            while len(self.rest) < len(buffer) and self.left > 0:
                self.number += 1
                text = row(f"p{self.number}", "Tee", **{"Body (HTML)": "x" * 190_000, "Variant Price": "1"}).encode()
                self.rest += text
                self.left -= len(text)
            size = min(len(buffer), len(self.rest))
            buffer[:size], self.rest = self.rest[:size], self.rest[size:]
            return size

    import tracemalloc

    tracemalloc.start()
    try:
        count = sum(isinstance(one, Listing) for one in feeds.read(io.BufferedReader(Endless()), "EUR", 1))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count > 1000
    assert peak < 20_000_000


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@given(st.lists(st.tuples(st.integers(0, 3), CELL, CELL, st.integers(0, 10**6)), min_size=1, max_size=12))
def test_whatever_is_in_the_cells_each_row_is_a_variant_or_an_error(rows):
    text = HEADER + "\n"
    for number, title, value, price in rows:
        cells = {"Option1 Name": "Size", "Option1 Value": value, "Variant Price": f"{price / 100:.2f}"}
        text += row(f"handle-{number}", title, **cells)
    found, errors = read(text)
    variants = [variant for listing in found for variant in listing.variants]
    assert len(variants) + len(errors) == len(rows)
    assert {one.price for one in variants} <= {Money(price, "EUR") for *_, price in rows}


@given(st.binary(max_size=400))
def test_no_bytes_do_harm(data):
    with contextlib.suppress(FileRefused):
        read(HEADER.encode() + b"\n" + data)

"""Google Merchant feeds."""

from __future__ import annotations

import contextlib
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myclothes_shop.domain.money import Money
from myclothes_shop.importer import feeds, merchant
from myclothes_shop.importer.listings import FileRefused, Listing, RowError

START = (
    '<?xml version="1.0"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>\n'
)
END = "</channel></rss>"


def item(**fields):
    values = {"id": "A1", "title": "Tee", "price": "19.90 EUR", "availability": "in_stock"} | fields
    return "<item>" + "".join(f"<g:{name}>{value}</g:{name}>" for name, value in values.items()) + "</item>\n"


def read(*items, start=START, end=END, encoding="utf-8", in_stock=1):
    data = (start + "".join(items) + end).encode(encoding)
    found = list(feeds.read(io.BufferedReader(io.BytesIO(data)), "EUR", in_stock))
    return [one for one in found if isinstance(one, Listing)], [one for one in found if isinstance(one, RowError)]


def test_items_of_a_group_are_one_product():
    found, errors = read(
        item(id="A1", item_group_id="G 1", color="Navy", size="M", image_link="https://x.example/a.jpg", brand="Us"),
        item(
            id="A2", item_group_id="G 1", color="Navy", size="L", price="21 EUR", sale_price="15.50 EUR", quantity="7"
        ),
        item(id="B 1", title="Cap", product_type="Accessories &gt; Caps", availability="out of stock"),
    )
    assert errors == []
    tee, cap = found
    assert (tee.handle, tee.vendor, tee.pictures[0].src) == ("g-1", "Us", "https://x.example/a.jpg")
    assert [(one.sku, one.options, one.price, one.compare_at, one.stock) for one in tee.variants] == [
        ("A1", {"Colour": "Navy", "Size": "M"}, Money(1990, "EUR"), None, 1),
        ("A2", {"Colour": "Navy", "Size": "L"}, Money(1550, "EUR"), 2100, 7),
    ]
    assert (cap.category, cap.variants[0].stock) == ("Caps", 0)
    assert cap.variants[0].sku.startswith("B-1-")


def test_a_handle_comes_from_the_products_address():
    found, _ = read(item(link="https://shop.example/products/Ocean-Tee?variant=3"))
    assert found[0].handle == "ocean-tee"


def test_plain_rss_names_and_nested_prices_do_not_confuse():
    shipping = "<g:shipping><g:price>4 EUR</g:price></g:shipping>"
    found, errors = read(f"<item><title>Tee</title><g:id>1</g:id>{shipping}<g:price>9 EUR</g:price></item>")
    assert errors == []
    assert found[0].variants[0].price == Money(900, "EUR")


@pytest.mark.parametrize(
    ("fields", "column", "reason"),
    [
        ({"price": "free"}, "g:price", "not a price"),
        ({"price": ""}, "g:price", "blank"),
        ({"id": ""}, "g:id", "missing"),
        ({"title": ""}, "g:title", "missing"),
        ({"sale_price": "3 USD"}, "g:sale_price", "USD"),
        ({"quantity": "x"}, "g:quantity", "whole number"),
        ({"image_link": "ftp://x/y"}, "g:image_link", "neither"),
        ({"title": "x" * 300}, "g:title", "longer than 255"),
    ],
)
def test_a_bad_item_is_told_by_line_column_and_reason(fields, column, reason):
    found, errors = read(item(id="A", title="Good"), item(**{"id": "B"} | fields), item(id="C", title="Good"))
    assert len(found) == 2
    assert [(error.line, error.column) for error in errors] == [(4, column)]
    assert reason in errors[0].reason


def test_the_same_id_twice_is_refused_once():
    found, errors = read(item(item_group_id="G", size="S"), item(item_group_id="G", size="M"))
    assert [one.sku for one in found[0].variants] == ["A1"]
    assert "already on line 3" in errors[0].reason


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + "]>"
)


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (f'<?xml version="1.0"?>{LAUGHS}<rss><channel><item><title>&lol9;</title></item>', "document type"),
        (
            '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item>',
            "document type",
        ),
        ('<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd"><rss><channel>', "document type"),
        ("<html><channel>", "is this a Google Merchant feed"),
        ('<?xml version="1.0" encoding="klingon"?><rss><channel>', "broken|encoding"),
        (START + "<item><g:id>1</g:price></item>", "broken"),
    ],
)
def test_hostile_or_broken_documents_are_refused_cleanly(start, reason):
    with pytest.raises(FileRefused, match=reason):
        read(start=start)


def test_what_came_before_the_break_lands():
    source = feeds.read(
        io.BufferedReader(io.BytesIO((START + item() + item(id="B") + "<item><oops").encode())), "EUR", 1
    )
    landed = []
    with pytest.raises(FileRefused) as caught:
        landed.extend(iter(source))
    assert caught.value.line == 5
    assert [one.variants[0].sku for one in landed] == ["A1", "B"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings_that_xml_knows(encoding):
    declared = START if "utf" in encoding else START.replace('"1.0"?', '"1.0" encoding="latin-1"?')
    found, errors = read(item(title="Jäckchen"), start=declared, encoding=encoding)
    assert (found[0].title, errors) == ("Jäckchen", [])


def test_bytes_that_are_not_what_was_declared_end_the_file():
    with pytest.raises(FileRefused, match="broken"):
        read(item(title="Jäckchen"), encoding="latin-1")


class Endless(io.RawIOBase):
    """A start, and then the same bytes until there are `size` of them."""

    def __init__(self, start, repeated, size):
        self.rest, self.repeated, self.left = start.encode(), repeated.encode(), size

    def readable(self):
        return True

    def readinto(self, buffer):
        while len(self.rest) < len(buffer) and self.left > 0:
            self.rest += self.repeated
            self.left -= len(self.repeated)
        size = min(len(buffer), len(self.rest))
        buffer[:size], self.rest = self.rest[:size], self.rest[size:]
        return size


@pytest.mark.parametrize(
    ("start", "repeated", "ends"),
    [
        (START, item(description="x" * 100_000), "broken"),  # many items, the document never closed
        (START + "<item><g:id>1</g:id><g:title>", "x" * 60_000, "broken"),  # one endless text
        (START + "<item>", "<g:x>y</g:x>" * 5_000, "attributes"),  # one endless item
        (START + '<item a="', "x" * 60_000, "longer than"),  # one endless tag
        (START + "<!--", "x" * 60_000, "longer than"),  # one endless comment
    ],
)
def test_two_hundred_megabytes_are_read_in_little_memory(start, repeated, ends):
    tracemalloc.start()
    try:
        with pytest.raises(FileRefused, match=ends):
            for _ in feeds.read(io.BufferedReader(Endless(start, repeated, 200_000_000)), "EUR", 1):
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000 + 4 * merchant.MAX_SILENCE


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.text(st.characters(codec="ascii", exclude_characters="<&", exclude_categories=["Cc"]))
        )
    )
)
def test_each_item_is_a_variant_or_an_error(items):
    found, errors = read(
        *(item(id=f"{n}", item_group_id=f"g{group}", title=text) for n, (group, text) in enumerate(items))
    )
    # the options of all are the same: only the first of a run of a group is a variant of its own
    assert sum(len(one.variants) for one in found) + len(errors) == len(items)


@given(st.binary(max_size=300))
def test_no_bytes_do_harm(data):
    with contextlib.suppress(FileRefused):
        list(feeds.read(io.BufferedReader(io.BytesIO(b"<rss>" + data)), "EUR", 1))

"""Browsing over HTTP."""

from __future__ import annotations

import msgspec
import pytest

from myclothes_shop.domain.money import Money
from myclothes_shop.importer.listings import ListedVariant


def garment(kit, handle, category, price, *variants, **changes):
    """A product with (size, colour, stock) variants at one price."""
    made = [
        ListedVariant(
            n, "", f"{handle}-{size}-{colour}", {"Size": size, "Colour": colour}, Money(price, "EUR"), None, units
        )
        for n, (size, colour, units) in enumerate(variants)
    ]
    return msgspec.structs.replace(kit.listing(handle, category=category, variants=[]), variants=made, **changes)


@pytest.fixture
async def full(inside, kit):
    await inside.put(
        garment(kit, "linen-shirt", "Shirts", 4900, ("M", "White", 3), ("S", "Navy", 0)),
        garment(kit, "oxford-shirt", "Shirts", 5900, ("M", "Navy", 2), description_html="<p>Cotton, crème buttons</p>"),
        garment(kit, "denim-jacket", "Jackets", 8900, ("L", "Blue", 1)),
        garment(kit, "rain-jacket", "Jackets", 7900, ("M", "Yellow", 0)),
        garment(kit, "wool-scarf", "Accessories", 1900, ("One", "Navy", 9)),
    )
    return inside


async def handles(call, query=""):
    answer = await call("GET", f"/v1/products{query}")
    assert answer.status == 200
    return [one["handle"] for one in answer.body["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=shirt", {"linen-shirt", "oxford-shirt"}),
        ("?q=SHIRTS", {"linen-shirt", "oxford-shirt"}),
        ("?q=shrit", {"linen-shirt", "oxford-shirt"}),
        ("?q=jaket", {"denim-jacket", "rain-jacket"}),
        ("?q=denm+jakcet", {"denim-jacket"}),
        ("?q=scar", {"wool-scarf"}),
        ("?q=navy+shirt", {"linen-shirt", "oxford-shirt"}),
        ("?q=creme", {"oxford-shirt"}),
        ("?q=Crème", {"oxford-shirt"}),
        ("?q=xylophone", set()),
        ("?q=shirt+xylophone", set()),
        ("?q=%21%26%7C%3A*%28", set()),
        ("?q=shirt%27%3B--", {"linen-shirt", "oxford-shirt"}),
        ("?q=", {"linen-shirt", "oxford-shirt", "denim-jacket", "rain-jacket", "wool-scarf"}),
        ("?category=jackets", {"denim-jacket", "rain-jacket"}),
        ("?category=nothing", set()),
        ("?size=M", {"linen-shirt", "oxford-shirt", "rain-jacket"}),
        ("?size=M&size=L", {"linen-shirt", "oxford-shirt", "rain-jacket", "denim-jacket"}),
        ("?size=M&colour=Navy", {"oxford-shirt"}),
        ("?min_price=5900&max_price=7900", {"oxford-shirt", "rain-jacket"}),
        ("?max_price=100", set()),
        ("?q=shirt&max_price=4900", {"linen-shirt"}),
    ],
)
async def test_a_search_finds_what_was_meant(full, call, query, found):
    assert set(await handles(call, query)) == found


async def test_a_title_counts_more_than_a_description(inside, kit, call):
    await inside.put(
        kit.listing("cap", description_html="<p>Goes with a parka</p>"), kit.listing("parka"), kit.listing("sock")
    )
    assert await handles(call, "?q=parka") == ["parka", "cap"]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("price", "wool-scarf", "denim-jacket"),
        ("-price", "denim-jacket", "wool-scarf"),
        ("newest", "wool-scarf", "linen-shirt"),
    ],
)
async def test_lists_are_sorted(full, call, sort, first, last):
    found = await handles(call, f"?sort={sort}")
    assert (found[0], found[-1]) == (first, last)


@pytest.mark.parametrize("query", ["sort=price", "sort=-price", "sort=newest", "q=tee", "q=tee&sort=price"])
async def test_pages_show_each_product_once(inside, kit, call, query):
    await inside.put(*(kit.listing(f"tee-{n}", variants=[(f"{n % 3}", 1)]) for n in range(23)))
    whole = await handles(call, f"?{query}&limit=100")
    paged, cursor = [], ""
    while True:
        body = (await call("GET", f"/v1/products?{query}&limit=5&cursor={cursor}")).body
        paged += [one["handle"] for one in body["items"]]
        if (cursor := body["next"]) is None:
            break
    assert paged == whole
    assert len(set(whole)) == 23


async def test_a_cursor_holds_for_its_list_only(full, call):
    cursor = (await call("GET", "/v1/products?sort=price&limit=2")).body["next"]
    assert len(await handles(call, f"?sort=price&limit=3&cursor={cursor}")) == 3
    for query in (
        f"sort=-price&cursor={cursor}",
        f"sort=price&q=shirt&cursor={cursor}",
        "cursor=%27",
        f"cursor={'a' * 999}",
    ):
        answer = await call("GET", f"/v1/products?{query}")
        assert (answer.status, answer.code, answer.fields) == (400, "cursor_invalid", ["cursor"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("sort=cheap", "sort"),
        ("min_price=-1", "min_price"),
        ("min_price=x", "min_price"),
        ("q=%00", "q"),
        ("q=a&q=b", "q"),
        ("colours=red", "colours"),
        (f"q={'x' * 201}", "q"),
    ],
)
async def test_a_wrong_parameter_is_named(call, query, field):
    answer = await call("GET", f"/v1/products?{query}")
    assert (answer.status, answer.fields) == (422, [field])


async def test_a_product_as_a_page_needs_it(full, call):
    body = (await call("GET", "/v1/products/linen-shirt")).body
    assert body == {
        "handle": "linen-shirt",
        "title": "Linen Shirt",
        "description_html": "",
        "vendor": "Us",
        "category": {"slug": "shirts", "title": "Shirts"},
        "pictures": [{"src": "/static/pictures/linen-shirt.svg", "alt": "Linen Shirt", "width": 800, "height": 1000}],
        "options": [{"name": "Size", "values": ["M", "S"]}, {"name": "Colour", "values": ["White", "Navy"]}],
        "variants": [
            {
                "sku": "linen-shirt-M-White",
                "options": {"Size": "M", "Colour": "White"},
                "price": {"amount": 4900, "currency": "EUR"},
                "compare_at": None,
                "available": 3,
            },
            {
                "sku": "linen-shirt-S-Navy",
                "options": {"Size": "S", "Colour": "Navy"},
                "price": {"amount": 4900, "currency": "EUR"},
                "compare_at": None,
                "available": 0,
            },
        ],
    }
    summary = (await call("GET", "/v1/products?q=rain")).body["items"][0]
    assert (summary["available"], summary["colours"], summary["price_from"]["amount"]) == (False, ["Yellow"], 7900)
    assert (await call("GET", "/v1/products/nope")).code == "product_not_found"


async def test_facets_say_how_a_list_can_be_narrowed(full, call):
    body = (await call("GET", "/v1/facets?q=jaket&category=jackets")).body
    assert body == {
        "categories": [{"slug": "jackets", "title": "Jackets", "count": 2}],
        "sizes": ["M", "L"],
        "colours": ["Blue", "Yellow"],
        "min_price": 7900,
        "max_price": 8900,
    }
    empty = (await call("GET", "/v1/facets?q=xylophone")).body
    assert empty == {"categories": [], "sizes": [], "colours": [], "min_price": None, "max_price": None}


async def test_variants_come_in_the_order_asked_for(full, call):
    answer = await call("GET", "/v1/variants?sku=wool-scarf-One-Navy&sku=nope&sku=linen-shirt-M-White&sku=%00a")
    assert answer.status == 422
    answer = await call("GET", "/v1/variants?sku=wool-scarf-One-Navy&sku=nope&sku=linen-shirt-M-White")
    assert [one["sku"] for one in answer.body["items"]] == ["wool-scarf-One-Navy", "linen-shirt-M-White"]
    assert (await call("GET", "/v1/variants")).body == {"items": []}
    assert (await call("GET", "/v1/variants?" + "&".join("sku=a" for _ in range(101)))).status == 422


@pytest.mark.parametrize("path", ["/v1/products", "/v1/products/linen-shirt", "/v1/facets", "/v1/variants?sku=a"])
async def test_what_the_caller_has_is_not_sent_again(full, call, path):
    etag = (await call("GET", path)).headers["ETag"]
    for held in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = await call("GET", path, headers={"If-None-Match": held})
        assert (answer.status, answer.body, answer.headers["ETag"]) == (304, None, etag)
    assert (await call("GET", path, headers={"If-None-Match": '"other"'})).status == 200

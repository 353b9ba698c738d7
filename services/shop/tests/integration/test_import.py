"""Imports into the catalogue."""

from __future__ import annotations

import asyncio
import sys

import msgspec

from myclothes_shop import commands
from myclothes_shop.domain.money import Money
from myclothes_shop.importer.listings import MAX_ROWS_A_PRODUCT, ListedPicture, ListedVariant


async def movements(inside):
    return await inside.rows("SELECT sku, kind, quantity FROM stock_movements ORDER BY id")


async def test_a_second_import_changes_nothing(inside, kit, call):
    tee = kit.listing(variants=[("S", 5), ("M", 0)])
    first, _ = await inside.put(tee)
    before = (await call("GET", "/v1/products/tee")).body
    second, _ = await inside.put(tee)
    assert (first.products_new, first.variants_new, first.units_received) == (1, 2, 5)
    assert (second.products_new, second.products_known, second.variants_new, second.units_received) == (0, 1, 0, 0)
    assert (await call("GET", "/v1/products/tee")).body == before
    assert await movements(inside) == [("tee-S", "received", 5)]


async def test_stock_of_a_known_variant_changes_only_when_asked(inside, kit):
    await inside.put(kit.listing(variants=[("S", 5), ("M", 2)]))
    changed = kit.listing(variants=[("S", 9), ("M", 1), ("L", 4)])
    await inside.put(changed)
    assert await inside.available() == {"tee-S": 5, "tee-M": 2, "tee-L": 4}
    changes, _ = await inside.put(changed, set_stock=True)
    assert changes.stocks_set == 2
    assert await inside.available() == {"tee-S": 9, "tee-M": 1, "tee-L": 4}
    assert (await movements(inside))[-2:] == [("tee-M", "corrected", -1), ("tee-S", "corrected", 4)]


async def test_a_dry_run_counts_and_changes_nothing(inside, kit):
    await inside.put(kit.listing())
    changes, good = await inside.put(
        kit.listing(title="New", variants=[("S", 1), ("M", 3)]), kit.listing("cap"), set_stock=True, dry_run=True
    )
    assert good
    assert (changes.products_new, changes.variants_new, changes.units_received, changes.stocks_set) == (1, 2, 8, 1)
    assert await inside.rows("SELECT title FROM products") == [("Tee",)]
    assert await inside.available() == {"tee-S": 5}


async def test_a_dry_run_finds_what_the_import_finds(inside, kit):
    """Across batches too: parts of a new product, its skus under another handle, the product once more."""
    tee, part = kit.listing(), kit.listing(title=None, variants=[("M", 3)], line=3)
    sock = msgspec.structs.replace(
        kit.listing("sock", line=4), variants=[msgspec.structs.replace(kit.listing(title=None).variants[0], line=4)]
    )
    orphan = kit.listing("orphan", title=None, line=5)
    feed = [tee, part, sock, orphan, kit.listing(line=6)]
    tried, good = await inside.put(*feed, dry_run=True)
    found, inside.errors = inside.errors, []
    assert await inside.available() == {}
    assert (tried, good) == await inside.put(*feed)
    assert found == inside.errors
    assert {(error.line, error.column) for error in found} == {(4, "Variant SKU"), (5, "Title")}
    assert (tried.products_new, tried.products_known, tried.variants_new, tried.units_received) == (2, 1, 2, 8)


async def test_what_a_feed_lacks_is_withdrawn_only_when_asked_and_comes_back(inside, kit, call):
    await inside.put(kit.listing(variants=[("S", 5), ("M", 5)]), kit.listing("cap"))
    await inside.put(kit.listing(variants=[("S", 5)]))
    assert [one["handle"] for one in (await call("GET", "/v1/products")).body["items"]] == ["cap", "tee"]
    changes, _ = await inside.put(kit.listing(variants=[("S", 5)]), withdraw_missing=True)
    assert changes.withdrawn == 2
    answer = await call("GET", "/v1/variants?sku=cap-S&sku=tee-M&sku=tee-S&sku=nope")
    assert [(one["sku"], one["gone"]) for one in answer.body["items"]] == [
        ("cap-S", True),
        ("tee-M", True),
        ("tee-S", False),
    ]
    assert (await call("GET", "/v1/products/cap")).code == "product_not_found"
    await inside.put(kit.listing("cap"))
    assert (await call("GET", "/v1/products/cap")).status == 200


async def test_nothing_is_withdrawn_by_a_feed_with_a_bad_row(inside, kit):
    await inside.put(kit.listing(), kit.listing("cap"))
    stolen = msgspec.structs.replace(kit.listing("sock").variants[0], sku="tee-S", line=7)
    changes, good = await inside.put(
        kit.listing("sock", variants=[]), kit.listing("hat", variants=[]), withdraw_missing=True
    )
    assert (good, changes.withdrawn) == (True, 2)
    await inside.put(kit.listing(), kit.listing("cap"))
    changes, good = await inside.put(
        msgspec.structs.replace(kit.listing("sock"), variants=[stolen]), withdraw_missing=True
    )
    assert (good, changes.withdrawn) == (False, 0)
    assert [(error.line, error.column, error.reason) for error in inside.errors] == [
        (7, "Variant SKU", "sku tee-S belongs to 'tee'")
    ]


async def test_unpublished_products_are_gone(inside, kit, call):
    await inside.put(kit.listing(published=False))
    assert (await call("GET", "/v1/products/tee")).status == 404
    assert (await call("GET", "/v1/variants?sku=tee-S")).body["items"][0]["gone"]
    await inside.put(kit.listing())
    assert (await call("GET", "/v1/products/tee")).status == 200


async def test_parts_of_a_product_add_up_and_parts_of_none_are_errors(inside, kit, call):
    more = [ListedPicture("/static/pictures/tee.svg", "Tee"), ListedPicture("/static/pictures/b.svg", "")]
    part = kit.listing(title=None, variants=[("L", 1)], pictures=more)
    orphan = kit.listing("orphan", title=None, line=9)
    _, good = await inside.put(kit.listing(), part, orphan)
    assert not good
    assert [(error.line, error.column) for error in inside.errors] == [(9, "Title")]
    body = (await call("GET", "/v1/products/tee")).body
    assert [one["src"] for one in body["pictures"]] == ["/static/pictures/tee.svg", "/static/pictures/b.svg"]
    assert body["options"] == [{"name": "Size", "values": ["S", "L"]}]


async def test_a_variant_that_gets_another_sku_is_replaced(inside, kit, call):
    await inside.put(kit.listing())
    renamed = ListedVariant(2, "Variant SKU", "NEW-S", {"Size": "S"}, Money(2100, "EUR"), None, 3)
    await inside.put(kit.listing(variants=[]), msgspec.structs.replace(kit.listing(), variants=[renamed]))
    body = (await call("GET", "/v1/products/tee")).body
    assert [one["sku"] for one in body["variants"]] == ["NEW-S"]
    assert (await call("GET", "/v1/variants?sku=tee-S")).body["items"][0]["gone"]


async def test_imports_and_checkouts_of_the_same_skus_do_not_deadlock(inside, kit):
    sizes = [("S", 1000), ("M", 1000), ("L", 1000)]
    await inside.put(kit.listing(variants=sizes))

    async def importing():
        for units in range(10):
            await inside.put(
                kit.listing(variants=[(size, 2000 + units) for size, _ in reversed(sizes)]), set_stock=True
            )

    async def ordering(number):
        for version in range(5):
            lines = [kit.line(f"tee-{size}") for size, _ in (sizes if number % 2 else reversed(sizes))]
            await inside.place(kit.wish(*lines, of=kit.owner(number * 100 + version)))

    await asyncio.gather(importing(), *(ordering(number) for number in range(4)))
    assert (await inside.rows("SELECT count(*) FROM orders")) == [(20,)]


GOOD = "Handle,Title,Option1 Name,Option1 Value,Variant Price,Variant Inventory Qty\ntee,Tee,Size,S,19.90,3\n"


async def run(settings, *arguments):
    env = {
        "SHOP_DATABASE_HOSTS": settings.database_hosts,
        "SHOP_DATABASE_NAME": settings.database_name,
        "SHOP_DATABASE_USER": settings.database_user,
        "PATH": "/usr/bin:/bin",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "myclothes_shop", *map(str, arguments), env=env, stdout=-1, stderr=-1
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_command_reports_bad_rows_and_lands_the_good_ones(inside, settings, tmp_path):
    feed = tmp_path / "feed.csv"
    feed.write_text(GOOD + "tee,,,M,free,1\n")
    code, out, err = await run(settings, "import", feed)
    assert (code, err) == (1, "line 3, Variant Price: 'free' is not a price such as 19.99\n")
    assert "1 new and 0 known products" in out
    assert await inside.available() == {"tee--s": 3}
    feed.write_text(GOOD)
    assert await run(settings, "import", feed) == (
        0,
        "0 new and 1 known products, 0 new and 1 known variants, 0 units received; 0 bad rows\n",
        "",
    )


async def test_the_command_tries_out_a_product_in_parts(inside, settings, tmp_path):
    """A product of more rows than are handed on at once, and one whose rows are apart."""
    feed = tmp_path / "feed.csv"
    sizes = "".join(f"tee,,,{size},19.90,1\n" for size in range(MAX_ROWS_A_PRODUCT))
    feed.write_text(f"{GOOD}{sizes}cap,Cap,Size,S,9.90,1\ntee,,Size,XL,19.90,1\n")
    code, out, err = await run(settings, "import", feed, "--dry-run", "--withdraw-missing")
    summary = "2 new and 0 known products, 503 new and 0 known variants, 505 units received; 0 bad rows\n"
    assert (code, out) == (0, f"dry run, nothing was changed: {summary}")
    assert err == "nothing was withdrawn: that takes an import without a bad row, and no dry run\n"
    assert await inside.available() == {}
    assert (await run(settings, "import", feed))[:2] == (0, summary)


async def test_an_import_says_how_far_it_is(inside, settings, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(commands, "PROGRESS_SECONDS", 0.0)
    feed = tmp_path / "feed.csv"
    feed.write_text(f"{GOOD}cap,Cap,Size,S,9.90,1\ntee,,Size,L,19.90,1\n")
    options = {"currency": "EUR", "in_stock": 1, "set_stock": False, "withdraw_missing": False, "dry_run": False}
    assert await commands.import_feed(settings, feed, **options) == 0
    first, last = capsys.readouterr().err.splitlines()
    assert first == "2 new and 0 known products, 2 new and 0 known variants, 4 units received"
    assert last == "2 new and 0 known products, 3 new and 0 known variants, 5 units received"


async def test_the_command_refuses_hostile_and_missing_files(inside, settings, tmp_path):
    feed = tmp_path / "feed.xml"
    feed.write_text('<!DOCTYPE x [<!ENTITY a "b">]><rss><channel><item><title>&a;</title></item></channel></rss>')
    code, _, err = await run(settings, "import", feed)
    assert (code, err) == (1, "line 1: the document has a document type or entities; a feed needs none\n")
    code, _, err = await run(settings, "import", tmp_path / "missing.csv")
    assert (code, err) == (1, f"{tmp_path / 'missing.csv'}: No such file or directory\n")
    code, _, err = await run(settings, "import", feed, "--currency", "euro")
    assert code == 2
    assert "ISO 4217" in err
    assert await inside.available() == {}


async def test_migrate_is_a_command_and_may_be_repeated(database, kit):
    fresh = kit.settings_for(database("shop", owner="shop"))
    code, _, err = await run(fresh, "import", "--sample")
    assert (code, err) == (1, "the schema is outdated: run `python -m myclothes_shop migrate` first\n")
    for _ in range(2):
        assert (await run(fresh, "migrate"))[0] == 0


async def test_the_sample_is_good(inside, settings, call):
    code = await commands.import_feed(
        settings, None, currency="EUR", in_stock=1, set_stock=False, withdraw_missing=False, dry_run=False
    )
    assert code == 0
    facets = (await call("GET", "/v1/facets")).body
    assert sum(category["count"] for category in facets["categories"]) >= 60
    assert len(facets["sizes"]) > 5
    assert len(facets["colours"]) > 5

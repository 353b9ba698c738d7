"""The generated catalogue: up to date, well formed, and showing every state that a shop has."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from myclothes_catalogue import __main__ as command
from myclothes_catalogue import catalogue, paths

GARMENTS = catalogue.load()
ROWS = list(csv.DictReader(io.StringIO(catalogue.csv_text(GARMENTS))))
MAX_PICTURE_BYTES = 4096


def test_the_repository_holds_what_the_generator_makes():
    assert command.stale(command.ROOT) == []


def test_a_changed_and_a_superfluous_file_are_found(tmp_path):
    command.write(tmp_path)
    assert command.stale(tmp_path) == []
    (tmp_path / command.PICTURES / "left-over.svg").write_text("<svg/>")
    (tmp_path / command.CSV_FILE).write_text("Handle\n")
    assert command.stale(tmp_path) == sorted([command.CSV_FILE, command.PICTURES / "left-over.svg"])
    assert command.write(tmp_path) == 2
    assert command.stale(tmp_path) == []


def test_enough_garments_of_every_kind():
    assert len(GARMENTS) >= 60
    assert len({garment.type for garment in GARMENTS}) >= 8
    assert len({garment.handle for garment in GARMENTS}) == len(GARMENTS)


def test_skus_are_unique_and_in_the_shop_s_alphabet():
    skus = [row["Variant SKU"] for row in ROWS]
    assert len(set(skus)) == len(skus)
    for sku in skus:
        assert len(sku) <= 64
        assert set(sku) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


def test_every_state_of_a_shop_is_there():
    stock = [int(row["Variant Inventory Qty"]) for row in ROWS]
    assert 0 in stock
    assert 1 in stock
    assert any(row["Variant Compare At Price"] for row in ROWS)
    assert 1 in Counter(row["Handle"] for row in ROWS).values(), "a garment in a single variant"
    for row in ROWS:
        was = row["Variant Compare At Price"]
        assert not was or float(was) > float(row["Variant Price"])


def test_every_picture_named_is_drawn_and_described():
    drawn = {f"{catalogue.PICTURES}/{name}" for name in catalogue.pictures(GARMENTS)}
    shown = {row["Image Src"] for row in ROWS if row["Image Src"]}
    assert shown == drawn
    assert {row["Variant Image"] for row in ROWS} == drawn
    assert all(row["Image Alt Text"] for row in ROWS if row["Image Src"])


@pytest.mark.parametrize("name", sorted(catalogue.pictures(GARMENTS)))
def test_picture_is_small_and_well_formed(name):
    svg = catalogue.pictures(GARMENTS)[name]
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    assert root.get("viewBox") == "0 0 800 1000"
    assert len(svg.encode()) <= MAX_PICTURE_BYTES
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", ""), "nothing is loaded from elsewhere"


def test_outline_is_mirrored_about_the_middle():
    assert paths.symmetric("M400 10L300 20L400 90") == "M400 10L300 20L400 90L500 20L400 10Z"
    assert paths.open_line("M300 5Q350 20 400 20") == "M300 5Q350 20 400 20Q450 20 500 5"


def test_an_outline_with_another_command_is_refused():
    with pytest.raises(ValueError, match="not an outline"):
        paths.parse("M0 0h10")

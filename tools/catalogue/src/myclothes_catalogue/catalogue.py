"""The sample catalogue: garments, their variants, their stock and the rows of Shopify's product CSV."""

from __future__ import annotations

import csv
import io
import re
import tomllib
import zlib
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import Any

from myclothes_catalogue.drawing import Drawing
from myclothes_catalogue.shapes import CUTS

SIZE_RUNS: dict[str, tuple[str, ...]] = {
    "men": ("S", "M", "L", "XL", "XXL"),
    "women": ("XS", "S", "M", "L", "XL"),
    "waist": ("28", "30", "32", "34", "36", "38"),
    "shoes": ("37", "38", "39", "40", "41", "42", "43", "44"),
    "socks": ("36–38", "39–41", "42–44"),
    "gloves": ("S", "M", "L"),
    "belts": ("85", "95", "105"),
    "kids": ("98", "110", "122", "134", "146"),
    "": ("",),
}
PICTURES = "/static/pictures"
_SOLD_OUT_PERCENT, _LAST_PIECES_PERCENT = 8, 18

COLUMNS = [
    "Handle",
    "Title",
    "Body (HTML)",
    "Vendor",
    "Type",
    "Tags",
    "Published",
    "Option1 Name",
    "Option1 Value",
    "Option2 Name",
    "Option2 Value",
    "Option3 Name",
    "Option3 Value",
    "Variant SKU",
    "Variant Grams",
    "Variant Inventory Tracker",
    "Variant Inventory Qty",
    "Variant Inventory Policy",
    "Variant Fulfillment Service",
    "Variant Price",
    "Variant Compare At Price",
    "Variant Requires Shipping",
    "Variant Taxable",
    "Variant Barcode",
    "Image Src",
    "Image Position",
    "Image Alt Text",
    "Gift Card",
    "SEO Title",
    "SEO Description",
    "Google Shopping / Google Product Category",
    "Google Shopping / Gender",
    "Google Shopping / Age Group",
    "Google Shopping / MPN",
    "Google Shopping / AdWords Grouping",
    "Google Shopping / AdWords Labels",
    "Google Shopping / Condition",
    "Google Shopping / Custom Product",
    "Google Shopping / Custom Label 0",
    "Google Shopping / Custom Label 1",
    "Google Shopping / Custom Label 2",
    "Google Shopping / Custom Label 3",
    "Google Shopping / Custom Label 4",
    "Variant Image",
    "Variant Weight Unit",
    "Variant Tax Code",
]


def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens."""
    plain = text.lower().replace("é", "e").replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@dataclass(frozen=True)
class Garment:
    """One product. Prices in minor units of EUR; `was` is 0 when it is not on sale."""

    number: int
    title: str
    type: str
    tags: tuple[str, ...]
    cut: str
    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    price: int
    blurb: str
    facts: tuple[str, ...]
    was: int = 0
    pattern: str = ""
    trim: str = ""
    new: bool = False

    @property
    def handle(self) -> str:
        return slug(self.title)

    @property
    def description_html(self) -> str:
        facts = "".join(f"<li>{escape(fact, quote=False)}</li>" for fact in self.facts if fact)
        return f"<p>{escape(self.blurb, quote=False)}</p><ul>{facts}</ul>"

    def sku(self, colour: str, size: str) -> str:
        return "-".join(slug(part).upper() for part in (f"mc{self.number:03d}", colour, size) if part)

    def picture_name(self, colour: str) -> str:
        return f"{self.handle}-{slug(colour)}.svg"

    def picture(self, colour: str) -> str:
        drawing = Drawing(colour, pattern=self.pattern, trim=self.trim if self.trim != colour else "")
        CUTS[self.cut](drawing)
        return drawing.svg()


def load() -> list[Garment]:
    """Every garment, numbered in the order of the data file."""
    text = resources.files("myclothes_catalogue").joinpath("garments.toml").read_text(encoding="utf-8")
    return [_garment(number, raw) for number, raw in enumerate(tomllib.loads(text)["garment"], start=1)]


def _garment(number: int, raw: dict[str, Any]) -> Garment:
    lists = {name: tuple(raw[name]) for name in ("tags", "colours", "facts")}
    return Garment(number=number, **{**raw, **lists, "sizes": SIZE_RUNS[raw["sizes"]]})


def stock(sku: str) -> int:
    """How many pieces there are, fixed by the sku: mostly plenty, some last pieces, some sold out."""
    draw = zlib.crc32(sku.encode())
    percent = draw % 100
    if percent < _SOLD_OUT_PERCENT:
        return 0
    if percent < _LAST_PIECES_PERCENT:
        return 1 + draw // 100 % 3
    return 5 + draw // 100 % 40


def rows(garment: Garment) -> list[dict[str, str]]:
    """A garment's CSV rows: the first carries the product, each one a variant, and the first ones the pictures."""
    variants = [(colour, size) for colour in garment.colours for size in garment.sizes]
    found = [_variant_row(garment, colour, size) for colour, size in variants]
    for position, (row, colour) in enumerate(zip(found, garment.colours, strict=False), start=1):
        alt = f"{garment.title} in {colour.lower()}"
        row |= {
            "Image Src": f"{PICTURES}/{garment.picture_name(colour)}",
            "Image Position": str(position),
            "Image Alt Text": alt,
        }
    audience = next((tag for tag in garment.tags if tag in {"men", "women", "unisex"}), "unisex")
    found[0] |= {
        "Title": garment.title,
        "Body (HTML)": garment.description_html,
        "Vendor": "MyClothes",
        "Type": garment.type,
        "Tags": ", ".join(garment.tags),
        "Published": "true",
        "Gift Card": "false",
        "Google Shopping / Gender": {"men": "male", "women": "female"}.get(audience, "unisex"),
        "Google Shopping / Age Group": "kids" if "kids" in garment.tags else "adult",
        "Google Shopping / Condition": "new",
    }
    return found


def _variant_row(garment: Garment, colour: str, size: str) -> dict[str, str]:
    sku = garment.sku(colour, size)
    options = [(name, value) for name, value in (("Size", size), ("Colour", colour)) if value]
    row = {
        "Handle": garment.handle,
        "Variant SKU": sku,
        "Variant Inventory Tracker": "shopify",
        "Variant Inventory Qty": str(stock(sku)),
        "Variant Inventory Policy": "deny",
        "Variant Fulfillment Service": "manual",
        "Variant Price": _decimal(garment.price),
        "Variant Compare At Price": _decimal(garment.was) if garment.was else "",
        "Variant Requires Shipping": "true",
        "Variant Taxable": "true",
        "Variant Image": f"{PICTURES}/{garment.picture_name(colour)}",
        "Variant Weight Unit": "kg",
    }
    if options == [("Colour", colour)] and len(garment.colours) == 1:
        options = [("Title", "Default Title")]  # Shopify's way to say that there is nothing to choose
    for index, (name, value) in enumerate(options, start=1):
        row |= {f"Option{index} Name": name, f"Option{index} Value": value}
    return row


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def csv_text(garments: list[Garment]) -> str:
    """The whole catalogue as Shopify's product CSV."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for garment in sorted(garments, key=lambda garment: garment.new):
        writer.writerows(rows(garment))
    return out.getvalue()


def pictures(garments: list[Garment]) -> dict[str, str]:
    """Every picture by file name."""
    return {g.picture_name(colour): g.picture(colour) for g in garments for colour in g.colours}

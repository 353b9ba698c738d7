"""Which kind of feed a file is."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, BinaryIO

from myclothes_shop.importer import merchant, shopify
from myclothes_shop.importer.listings import FileRefused

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from myclothes_shop.importer.listings import Listing, RowError

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOOK = 512


def read(stream: io.BufferedReader, currency: str, in_stock_units: int) -> Iterator[Listing | RowError]:
    """The products and bad rows of `stream`, which is told by its first bytes; raises FileRefused."""
    start = stream.peek(_LOOK)[:_LOOK]
    if not start.strip():
        raise FileRefused("the file is empty")
    if _is_xml(start):
        return merchant.read(stream, currency, in_stock_units)
    if start.startswith(_UTF16):
        raise FileRefused("the file is UTF-16: save it as UTF-8")
    return shopify.read(_binary(stream), currency)


def _is_xml(start: bytes) -> bool:
    if start.startswith(_UTF16):
        return start[2:4].strip(b"\0") == b"<"
    return start.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<")


def _binary(stream: io.BufferedReader) -> BinaryIO:
    return stream

"""Opaque cursors of keyset pages: where the last page ended, and of which list.

A cursor carries no secret and grants nothing, so it is not signed; it is checked instead: its form, its types, and that
it belongs to the list it is used on (the same filters and order), since it would silently skip things on another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Annotated

import msgspec

from myclothes_shop.errors import CursorInvalid

_BIGINT = 2**63 - 1
_BigInt = Annotated[int, msgspec.Meta(ge=-_BIGINT, le=_BIGINT)]
MAX_LENGTH = 200


class Position(msgspec.Struct, frozen=True):
    """The sort key and the id of the last item of a page; both integers, so that comparing them is exact."""

    key: _BigInt
    id: _BigInt


class _Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    of: str
    key: _BigInt
    id: _BigInt


def list_id(*parts: object) -> str:
    """A short name of a list: its kind, filters and order."""
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=6).hexdigest()


def encode(of: str, position: Position) -> str:
    """The cursor after `position` in the list `of`."""
    return base64.urlsafe_b64encode(msgspec.json.encode(_Cursor(of, position.key, position.id))).decode().rstrip("=")


def decode(of: str, cursor: str) -> Position | None:
    """Where `cursor` points in the list `of`; None, for an empty cursor, is the start. Raises CursorInvalid (400)."""
    if not cursor:
        return None
    if len(cursor) > MAX_LENGTH:
        raise CursorInvalid.here("it is too long for a cursor")
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(raw, type=_Cursor)
    except (ValueError, binascii.Error) as error:  # msgspec's errors are ValueErrors
        raise CursorInvalid.here("this is not a cursor from a `next`") from error
    if found.of != of:
        raise CursorInvalid.here("this cursor belongs to another list: keep the filters and the order while paging")
    return Position(found.key, found.id)

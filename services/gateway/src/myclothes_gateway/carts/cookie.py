"""Carts in a signed cookie of the browser: no store at all, 4,096 bytes, one browser."""

from __future__ import annotations

import base64
import binascii
import struct
import time
import zlib
from typing import TYPE_CHECKING

from myclothes_gateway.carts.domain import OPERATION_BYTES, KeptCart, Rules
from myclothes_gateway.carts.local import LocalCarts
from myclothes_gateway.errors import CartCookieFull, CartCookieRefused
from myclothes_gateway.models import Cart, Line
from myclothes_gateway.sessions.keyring import MAC_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from myclothes_gateway.sessions import Session
    from myclothes_gateway.sessions.keyring import Keyring

MAX_COOKIE_BYTES = 4096
"""Name, value and attributes together: what every browser keeps (RFC 6265, 6.1)."""
FORMAT = 1
PURPOSE = b"cart"
_HEAD = struct.Struct(">BIQB")
_QUANTITY = struct.Struct(">BH")


class CartCookieCodec:
    """Carts to and from cookie values, bound to a session's id. `overhead`: bytes of the cookie's name and attributes.

    `days`: how long a cookie that nobody sends stays valid.
    """

    def __init__(self, keyring: Keyring, days: int, overhead: int, *, clock: Callable[[], float] = time.time) -> None:
        self._keyring = keyring
        self._seconds = days * 86_400
        self._room = MAX_COOKIE_BYTES - overhead
        self._clock = clock

    def write(self, cart: KeptCart, session_id: bytes) -> str:
        """The cookie value; raises CartCookieFull for a cart that has no room in a cookie."""
        head = _HEAD.pack(FORMAT, int(self._clock()), cart.version, len(cart.operations))
        lines = b"".join(_QUANTITY.pack(len(line.sku), line.quantity) + line.sku.encode() for line in cart.lines)
        data = zlib.compress(head + b"".join(cart.operations) + lines, 9)
        value = base64.urlsafe_b64encode(self._keyring.sign(PURPOSE, session_id + data) + data).rstrip(b"=").decode()
        if len(value) > self._room:
            raise CartCookieFull("Your browser keeps no larger cart than this. Nothing in it has changed.")
        return value

    def read(self, value: str, session_id: bytes | None) -> KeptCart:
        """The cart of a cookie value; raises CartCookieRefused, saying why."""
        if len(value) > MAX_COOKIE_BYTES:
            raise CartCookieRefused("It is larger than any that this shop gives out.")
        try:
            raw = base64.b64decode(value + "=" * (-len(value) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise CartCookieRefused("It has been altered.") from None
        mac, data = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if session_id is None or self._keyring.verify(PURPOSE, session_id + data, mac) is None:
            raise CartCookieRefused("It has been altered, belongs to another session, or its key is no longer used.")
        # signed by us, so it is well-formed and small
        plain = zlib.decompress(data)
        form, issued, version, operations = _HEAD.unpack_from(plain)
        if form != FORMAT or issued + self._seconds < self._clock():
            raise CartCookieRefused("It has expired.")
        start = _HEAD.size + operations * OPERATION_BYTES
        seen = plain[_HEAD.size : start]
        return KeptCart(
            version,
            tuple(_lines(plain, start)),
            tuple(seen[at : at + OPERATION_BYTES] for at in range(0, len(seen), OPERATION_BYTES)),
        )


def _lines(plain: bytes, at: int) -> list[Line]:
    lines = []
    while at < len(plain):
        length, quantity = _QUANTITY.unpack_from(plain, at)
        at += _QUANTITY.size
        lines.append(Line(plain[at : at + length].decode(), quantity))
        at += length
    return lines


class CookieCarts(LocalCarts):
    """The cart that came with the request and goes with the answer; see Carts for the calls.

    A browser that repeats a request whose answer it never got sends the cart of before it, too: nothing is lost.
    """

    def __init__(self, codec: CartCookieCodec, rules: Rules) -> None:
        super().__init__(rules)
        self._codec = codec

    def _load(self, session: Session) -> KeptCart:
        if session.cart_refused is not None:
            session.forget_cart()  # now that it is told
            raise session.cart_refused
        return session.cart or KeptCart()

    def _keep(self, session: Session, cart: KeptCart) -> None:
        self._codec.write(cart, session.id or b"")  # refuses what has no room while nothing has changed yet
        session.keep_cart(cart)

    async def merge(self, session: Session, guest: str, into: str, operation: str) -> Cart:  # noqa: ARG002 - Carts
        """The browser's one cart goes on under the account."""
        return self._load(session).shown(into)

    async def erase(self, owner: str, operation: str) -> None:
        """Nothing is kept here."""

"""The gateway's two cookies: names, attributes, and their way from and to headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_gateway.errors import CartCookieRefused

if TYPE_CHECKING:
    from myclothes_gateway.carts.cookie import CartCookieCodec
    from myclothes_gateway.sessions.codec import SessionCodec
    from myclothes_gateway.sessions.session import Session

SESSION, CART = "myclothes", "myclothes-cart"
DAY_SECONDS = 86_400


class Cookies:
    """Reads sessions from a request's Cookie headers and writes what changed into Set-Cookie headers."""

    def __init__(self, sessions: SessionCodec, *, secure: bool, days: int) -> None:
        self._sessions = sessions
        self._carts: CartCookieCodec | None = None
        # a __Host- cookie can be set by this very host over TLS alone: no neighbour can plant one
        prefix = "__Host-" if secure else ""
        self._session_name, self._cart_name = f"{prefix}{SESSION}".encode(), f"{prefix}{CART}".encode()
        attributes = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
        self._attributes = f"; Max-Age={days * DAY_SECONDS}{attributes}".encode()
        self._forgotten = f"=; Max-Age=0{attributes}".encode()

    @property
    def session_name(self) -> str:
        """The name of the session's cookie."""
        return self._session_name.decode()

    @property
    def cart_overhead(self) -> int:
        """Bytes of the cart's cookie without its value."""
        return len(self._cart_name) + 1 + len(self._attributes)

    def keep_carts(self, codec: CartCookieCodec) -> None:
        """Keep carts in a cookie, too."""
        self._carts = codec

    def read(self, headers: list[bytes]) -> Session:
        """The session of a request with these Cookie headers."""
        found = _find(headers, self._session_name)
        session = self._sessions.read(found)
        if self._carts is not None:
            value = _find(headers, self._cart_name)
            if value:
                try:
                    session.cart = self._carts.read(value, session.id)
                except CartCookieRefused as refusal:
                    session.cart_refused = refusal
        return session

    def write(self, session: Session) -> list[tuple[bytes, bytes]]:
        """The Set-Cookie headers that tell the browser what changed in `session`."""
        written = []
        if session.changed and session.id is not None:
            value = self._sessions.write(session).encode()
            written.append((b"set-cookie", self._session_name + b"=" + value + self._attributes))
        if self._carts is not None:
            if session.cart_changed and session.cart is not None and session.id is not None:
                value = self._carts.write(session.cart, session.id).encode()
                written.append((b"set-cookie", self._cart_name + b"=" + value + self._attributes))
            elif session.cart_changed:
                written.append((b"set-cookie", self._cart_name + self._forgotten))
        return written


def _find(headers: list[bytes], name: bytes) -> str | None:
    """The value of the first cookie `name`."""
    for header in headers:
        for pair in header.split(b";"):
            key, separator, value = pair.partition(b"=")
            if separator and key.strip() == name:
                return value.strip().decode("latin-1")
    return None

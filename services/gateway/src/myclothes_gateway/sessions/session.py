"""What a request knows of its session: who it is, and which states it has already seen."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from myclothes_kit.positions import Position
from myclothes_kit.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from myclothes_gateway.carts.domain import KeptCart
    from myclothes_gateway.errors import CartCookieRefused
    from myclothes_gateway.models import Cart

ID_BYTES = 16
SCOPE_KEY = "myclothes.session"
_GUEST_DOMAIN = b"myclothes guest cart\0"
_RECORD_DOMAIN = b"myclothes session record\0"


@dataclass(slots=True)
class Session:
    """A request's session; whatever changes here goes into the answer's cookie.

    `id` is None until something needs a session. `signed_in` is what the cookie says: whether the record behind it
    still stands is known after `Logins.resolve`, which sets `account_id`.
    """

    id: bytes | None = None
    signed_in: bool = False
    cart_version: int = 0
    """Newest version seen of the cart."""
    cart_items: int = 0
    """Units in the cart when it was last seen, for the pages' header."""
    position: Position = field(default_factory=Position)
    """Newest state seen of users and shop."""
    ordered: bool = False
    """Whether this guest has placed an order, or tried to; a login then claims it."""
    issued_day: int = 0
    account_id: str | None = None
    address: str = ""
    """The client's address, for limits."""
    cart: KeptCart | None = None
    """The cart itself, on the ladder's rung `cookie`."""
    cart_refused: CartCookieRefused | None = None
    """Why the cart that came with the request is none; it is forgotten with the answer that says so."""
    changed: bool = False
    cart_changed: bool = False

    def ensure(self) -> None:
        """Have an id from now on: for a page whose form will write, so that two first adds share a cart."""
        if self.id is None:
            self.begin()

    def begin(self) -> None:
        """Become a new guest that has seen nothing: a new id, which no one else can know."""
        self.id = os.urandom(ID_BYTES)
        self.signed_in = self.ordered = False
        self.account_id = None
        self.cart_version = self.cart_items = 0
        self.cart_changed = self.cart is not None
        self.cart = None
        self.changed = True

    @property
    def guest_cart_id(self) -> str | None:
        """The cart of this id as a guest's; None without an id. The keys' rotation does not touch it."""
        return None if self.id is None else guest_cart_id(self.id)

    @property
    def owner(self) -> str | None:
        """The cart's id and the orders' owner; None for a session that has nothing yet."""
        if self.account_id is not None:
            return f"account-{self.account_id}"
        return self.guest_cart_id

    @property
    def record_name(self) -> str:
        """What a logged-in session's record is kept under: the store never holds an id that makes a cookie."""
        return sha256(_RECORD_DOMAIN + (self.id or b"")).hexdigest()

    def become(self, other: Session) -> None:
        """Be `other` from now on; the cart in the browser's own cookie stays what it is."""
        self.id, self.signed_in, self.account_id = other.id, other.signed_in, other.account_id
        self.cart_version, self.cart_items, self.ordered = other.cart_version, other.cart_items, other.ordered
        self.position = max(self.position, other.position)
        self.cart_changed = self.cart is not None
        self.changed = True

    def keep_cart(self, cart: KeptCart) -> None:
        """Have `cart` in the browser's own cookie from now on."""
        self.cart = cart
        self.cart_changed = True

    def forget_cart(self) -> None:
        """Have no cart in the browser's own cookie from now on."""
        self.cart = None
        self.cart_changed = True

    def saw_cart(self, cart: Cart) -> None:
        """Never accept an older state of the cart than `cart` from now on."""
        items = min(sum(line.quantity for line in cart.lines), 65_535)
        if cart.version > self.cart_version or items != self.cart_items:
            self.cart_version = max(cart.version, self.cart_version)
            self.cart_items = items
            self.changed = True

    def saw_position(self, text: str | None) -> None:
        """Never accept an older state of account and orders than at `text` from now on."""
        try:
            position = Position.parse(text or "")
        except ValueError:
            return  # it tells nothing
        if position > self.position:
            self.position = position
            self.changed = True


def guest_cart_id(session_id: bytes) -> str:
    """The id of a guest's cart: found from the session's id alone, telling nothing about it."""
    return f"guest-{sha256(_GUEST_DOMAIN + session_id).hexdigest()[:32]}"


def current(request: Request) -> Session:
    """The request's session, put there by the edge."""
    session = request.scope[SCOPE_KEY]
    if not isinstance(session, Session):
        raise Problem
    return session

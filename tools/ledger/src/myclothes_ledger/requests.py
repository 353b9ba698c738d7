"""The requests that a shopper can make, and what is read of their answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from myclothes_ledger.history import Placed, Saw
from myclothes_ledger.people import LOGIN_WITH

if TYPE_CHECKING:
    from collections.abc import Callable

    from myclothes_ledger.history import Kind, Outcome

API = "/api/v1"
WRITES = frozenset({"add", "set", "remove", "register", "login", "logout", "address", "checkout", "cancel"})
ALONE = frozenset({"register", "login", "logout", "address", "checkout", "cancel"})
"""What a browser does by leaving the page: nothing else of the shopper's is under way meanwhile."""
_PAGES = frozenset({"home", "category", "product", "search"})
_REFUSED = range(400, 500)
_OK = range(200, 400)
ADDRESS = {
    "name": "Lee Ledger",
    "line1": "1 Main Street",
    "city": "Dublin",
    "region": "Co. Dublin",
    "postal_code": "D02 X285",
    "country": "IE",
}


class _Line(Struct):
    sku: str
    quantity: int


class _Cart(Struct):
    version: int
    lines: list[_Line]


class _Order(Struct):
    number: str
    status: str
    lines: list[_Line]


class _Orders(Struct):
    items: list[_Order]


class _Account(Struct):
    id: str


class _Address(Struct):
    id: str
    line1: str


class _Addresses(Struct):
    items: list[_Address]


class _Problem(Struct):
    code: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a shopper is about to do; the fields are those of `history.Sent`."""

    kind: Kind
    subject: str = ""
    quantity: int = 0
    text: str = ""

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.kind in WRITES


_READS: dict[str, str] = {
    "home": "/",
    "category": "/categories/{}",
    "product": "/products/{}",
    "search": f"{API}/products?q={{}}&limit=12",
    "cart": f"{API}/cart",
    "orders": f"{API}/orders?limit=100",
    "addresses": f"{API}/account/addresses",
    "account": f"{API}/account",
}
_ACCOUNT = {"password": LOGIN_WITH, "name": ADDRESS["name"]}
_WRITES: dict[str, tuple[str, str, Callable[[Wish, str], Any]]] = {
    "add": ("POST", f"{API}/cart/lines", lambda wish, _: {"sku": wish.subject, "quantity": wish.quantity}),
    "set": ("PUT", f"{API}/cart/lines/{{}}", lambda wish, _: {"quantity": wish.quantity}),
    "remove": ("DELETE", f"{API}/cart/lines/{{}}", lambda *_: None),
    "register": ("POST", f"{API}/account", lambda _, email: _ACCOUNT | {"email": email}),
    "login": ("POST", f"{API}/session", lambda _, email: {"email": email, "password": LOGIN_WITH}),
    "logout": ("DELETE", f"{API}/session", lambda *_: None),
    "open-address": ("POST", f"{API}/account/addresses", lambda wish, _: ADDRESS | {"line1": wish.text}),
    "address": ("PUT", f"{API}/account/addresses/{{}}", lambda wish, _: ADDRESS | {"line1": wish.text}),
    "checkout": ("POST", f"{API}/orders", lambda _, email: {"address": ADDRESS, "email": email}),
    "cancel": ("POST", f"{API}/orders/{{}}/cancel", lambda *_: None),
}


def request(wish: Wish, email: str) -> tuple[str, str, Any]:
    """Method, path and body of a wish of the shopper with this e-mail."""
    subject = quote(wish.subject, safe="")
    if not wish.writes:
        return "GET", _READS[wish.kind].format(subject), None
    new_address = wish.kind == "address" and not wish.subject
    method, path, body = _WRITES["open-address" if new_address else wish.kind]
    return method, path.format(subject), body(wish, email)


def outcome(status: int) -> Outcome:
    """What a status says about what was asked: a 4xx that it was not done, a 5xx or none (0) nothing."""
    if status in _OK:
        return "ok"
    return "refused" if status in _REFUSED else "unknown"


def _reader(shape: type[Any], show: Any) -> Callable[[bytes], Saw]:
    decode = msgspec.json.Decoder(shape).decode
    return lambda body: show(decode(body))


def _placed(order: _Order) -> Placed:
    return Placed(order.number, order.status, {line.sku: line.quantity for line in order.lines})


_cart = _reader(_Cart, lambda cart: Saw(version=cart.version, lines={line.sku: line.quantity for line in cart.lines}))
_order = _reader(_Order, lambda order: Saw(orders=(_placed(order),)))
_account = _reader(_Account, lambda account: Saw(account=account.id))
_READERS: dict[str, Callable[[bytes], Saw]] = {
    "cart": _cart,
    "add": _cart,
    "set": _cart,
    "remove": _cart,
    "register": _account,
    "login": _account,
    "account": _account,
    "checkout": _order,
    "cancel": _order,
    "orders": _reader(_Orders, lambda page: Saw(orders=tuple(_placed(order) for order in page.items))),
    "address": _reader(_Address, lambda address: Saw(addresses={address.id: address.line1})),
    "addresses": _reader(_Addresses, lambda page: Saw(addresses={each.id: each.line1 for each in page.items})),
}
_problem = _reader(_Problem, lambda problem: Saw(code=problem.code))


def shown(kind: Kind, status: int, body: bytes) -> Saw | None:
    """What an answer showed; None for a page. Raises msgspec.DecodeError for an answer that cannot be read."""
    if status in _REFUSED and kind not in _PAGES:
        return _problem(body)
    if status not in _OK or kind not in _READERS or not body:
        return None
    return _READERS[kind](body)

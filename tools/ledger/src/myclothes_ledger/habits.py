"""What a shopper does next: drawn by weight from what makes sense for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from myclothes_ledger.requests import ALONE, Wish

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from myclothes_ledger.history import Kind, Stock
    from myclothes_ledger.people import Browser, Person

Mode = Literal["all", "carts", "writes", "test-sku"]
LINES = 6
"""Different articles in a shopper's cart, about."""
MOST_AT_ONCE = 3
GREEDY = 0.01
"""How often somebody asks for as many as a cart takes."""
LIMIT = 99

_BROWSING: dict[Kind, float] = {"home": 7, "category": 6, "product": 10, "search": 6}
_CART: dict[Kind, float] = {"cart": 14, "add": 20, "set": 7, "remove": 5}
_WRITES: dict[Kind, float] = {"cart": 2, "add": 20, "set": 7, "remove": 5}
# so many addresses that the pause between two says how long accounts could not be written to
_ACCOUNT: dict[Kind, float] = {"register": 1.2, "login": 3, "logout": 0.6, "address": 10, "account": 1, "addresses": 1}
_ORDERS: dict[Kind, float] = {"checkout": 5, "orders": 3, "cancel": 15}

_WEIGHTS: dict[Mode, dict[Kind, float]] = {"carts": _BROWSING | _CART, "writes": _WRITES}


class Habits:
    """Draws wishes. `mode` leaves out accounts and orders (`carts`), browsing as well (`writes`), or nothing."""

    def __init__(self, catalogue: Stock, random: Random, mode: Mode) -> None:
        self._random = random
        self._catalogue = catalogue
        self._skus = tuple(catalogue.handles)
        self._handles = tuple(sorted(set(catalogue.handles.values())))
        self._weights = _WEIGHTS.get(mode, _BROWSING | _CART | _ACCOUNT | _ORDERS)

    def arrive(self) -> Wish:
        """What somebody without a cookie does: look at an article."""
        return Wish("product", self._random.choice(self._handles))

    def next(self, person: Person, browser: Browser, *, beside: bool) -> Wish:
        """The next wish; `beside`: while another request of theirs is under way, so nothing that leaves the page."""
        weights = {
            kind: weight for kind, weight in self._weights.items() if _makes_sense(kind, person, browser, beside=beside)
        }
        (kind,) = self._random.choices(tuple(weights), tuple(weights.values()))
        return self._wish(kind, person, browser)

    def _wish(self, kind: Kind, person: Person, browser: Browser) -> Wish:  # noqa: PLR0911 - one a kind
        pick = self._random.choice
        match kind:
            case "category":
                return Wish(kind, pick(self._catalogue.categories or ("all",)))
            case "product":
                return Wish(kind, pick(self._handles))
            case "search":
                return Wish(kind, pick(self._catalogue.words or ("shirt",)))
            case "add":
                return Wish(kind, self._sku(browser), self._quantity())
            case "set":
                return Wish(kind, self._sku(browser), pick((0, *range(1, MOST_AT_ONCE + 2))))
            case "remove":
                return Wish(kind, pick(tuple(browser.lines) or self._skus))
            case "address":
                return Wish(kind, person.address, text=f"{self._random.randrange(10**9)} Main Street")
            case "cancel":
                return Wish(kind, pick(_open_orders(person)))
            case _:
                return Wish(kind)

    def _sku(self, browser: Browser) -> str:
        """Often one that is in the cart already, always when the cart is large enough."""
        have = tuple(browser.lines)
        if have and (len(have) >= LINES or self._random.random() < 0.4):  # noqa: PLR2004 - a habit, not a rule
            return self._random.choice(have)
        return self._random.choice(self._skus)

    def _quantity(self) -> int:
        return LIMIT if self._random.random() < GREEDY else self._random.randint(1, MOST_AT_ONCE)


def _open_orders(person: Person) -> tuple[str, ...]:
    return tuple(number for number, status in person.orders.items() if status == "placed")


_NEEDS: dict[Kind, Callable[[Person, Browser], bool]] = {
    "register": lambda person, browser: not person.has_account and not browser.logged_in,
    "login": lambda person, browser: person.has_account and not browser.logged_in,
    "logout": lambda _, browser: browser.logged_in,
    "address": lambda _, browser: browser.logged_in,
    "account": lambda _, browser: browser.logged_in,
    "addresses": lambda _, browser: browser.logged_in,
    "checkout": lambda _, browser: bool(browser.lines),
    "cancel": lambda person, _: bool(_open_orders(person)),
}


def _makes_sense(kind: Kind, person: Person, browser: Browser, *, beside: bool) -> bool:
    if beside and kind in ALONE:
        return False
    return kind not in _NEEDS or _NEEDS[kind](person, browser)

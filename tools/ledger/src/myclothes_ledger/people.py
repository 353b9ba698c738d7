"""A shopper as the history knows them: browsers with their cookies, an account, orders.

All of it comes from records, so a restarted ledger has the same shoppers by reading its history again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from myclothes_ledger.history import Call, Kind, Lines, Saw

LOGIN_WITH = "a shopper of the ledger"
"""The password of the accounts that the ledger opens."""
ACCOUNT = "a"
"""The last part of the name of an account's cart; a guest's is `g1`, `g2`, …"""


def is_account(cart: str) -> bool:
    """Whether a cart of this name is an account's."""
    return cart.endswith(f".{ACCOUNT}")


@dataclass(slots=True)
class Browser:
    """A cookie jar. `cart` names the cart that it shows, `lines` is what it showed last."""

    name: str
    cart: str
    cookies: dict[str, str] = field(default_factory=dict)
    lines: Lines = field(default_factory=dict)

    @property
    def logged_in(self) -> bool:
        """Whether the cart is an account's."""
        return is_account(self.cart)

    def take(self, cookies: Mapping[str, str]) -> None:
        """Keep cookies that an answer set; one without a value is forgotten."""
        for name, value in cookies.items():
            self.cookies[name] = value
            if not value:
                del self.cookies[name]


@dataclass(slots=True)
class Person:
    """A shopper: a browser, perhaps a second one, at most one account."""

    number: int
    email: str
    browsers: list[Browser] = field(default_factory=list)
    has_account: bool = False
    orders: dict[str, str] = field(default_factory=dict)
    """Status by number, of the orders that an answer has shown."""
    address: str = ""
    """The id of the address that the account has."""
    calls: int = 0
    _browsers: int = 0
    _carts: int = 0

    def open_browser(self) -> Browser:
        """A browser without a cookie."""
        self._browsers += 1
        browser = Browser(f"p{self.number}.b{self._browsers}", self._new_cart())
        self.browsers.append(browser)
        return browser

    def _new_cart(self) -> str:
        self._carts += 1
        return f"p{self.number}.g{self._carts}"

    def saw(self, call: Call) -> None:
        """Take in an answer, or its absence."""
        self.calls += 1
        browser = self._browser(call)
        if browser is None:
            return
        browser.take(call.cookies or {})
        if call.saw is not None:
            self._noted(browser, call.saw)
        if call.outcome == "ok":
            self._done(browser, call.kind)
        elif call.kind == "logout" and call.outcome == "unknown":
            # nobody knows whether it is logged in: it is given up rather than guessed at
            self.browsers.remove(browser)

    def _noted(self, browser: Browser, saw: Saw) -> None:
        if saw.lines is not None:
            browser.lines = saw.lines
        if saw.code == "email_taken":
            self.has_account = True  # an earlier registration, given up as unknown, had been done
        self.orders.update((order.number, order.status) for order in saw.orders or ())
        self.address = next(iter(saw.addresses or ()), self.address)

    def _done(self, browser: Browser, kind: Kind) -> None:
        match kind:
            case "register" | "login":
                self.has_account = True
                browser.cart = f"p{self.number}.{ACCOUNT}"
            case "logout":
                browser.cart = self._new_cart()
                browser.lines = {}
            case "checkout":
                browser.lines = {}

    def _browser(self, call: Call) -> Browser | None:
        """The browser of a call; opened when the history is read again, None when it was given up."""
        while self._browsers < int(call.browser.rpartition(".b")[2]):
            self.open_browser()
        return next((each for each in self.browsers if each.name == call.browser), None)

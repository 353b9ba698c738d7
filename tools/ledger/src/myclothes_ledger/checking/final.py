"""The final state, read through the public API as each shopper, and kept beside the history."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from myclothes_ledger import catalogue
from myclothes_ledger.catalogue import CatalogueError
from myclothes_ledger.history import Call, HistoryError, Lines, Placed, Saw
from myclothes_ledger.people import ACCOUNT, Person
from myclothes_ledger.requests import Wish, request, shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from myclothes_ledger.checking.stories import Tale
    from myclothes_ledger.client import Answer, Client
    from myclothes_ledger.history import Kind
    from myclothes_ledger.people import Browser

NAME = "final.json"
AT_ONCE = 16
LOGINS_AT_ONCE = 2
"""Few: each costs a password's hashing, and more than a few at once are refused."""
TRIES = 20
PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
_SERVER_ERROR = 500
_TOO_MANY = 429
_UNAUTHORIZED = 401
_OK = 200


class FinalCart(Struct, frozen=True):
    """A cart as the browser shows it that was its last."""

    version: int
    lines: Lines


class FinalAccount(Struct, frozen=True):
    """An account: whether its e-mail and password are accepted, and the first lines of its addresses by id."""

    exists: bool
    addresses: dict[str, str] = {}


class FinalState(Struct):
    """Carts and orders by the cart's name, accounts by shopper, stock by sku; `unread` says what is missing and why."""

    carts: dict[str, FinalCart] = {}
    orders: dict[str, tuple[Placed, ...]] = {}
    accounts: dict[int, FinalAccount] = {}
    left: Lines = {}
    unread: list[str] = []


def load(folder: Path) -> FinalState:
    """The final state that was read last. Raises HistoryError."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=FinalState)
    except FileNotFoundError:
        raise HistoryError(f"no final state was read in {folder} yet: give --url") from None
    except msgspec.DecodeError as error:
        raise HistoryError(f"{folder / NAME} is damaged ({error}): give --url to read the final state again") from error


def store(folder: Path, state: FinalState) -> None:
    """Keep it for later checks."""
    new = folder / f"{NAME}.new"
    new.write_bytes(msgspec.json.encode(state))
    new.replace(folder / NAME)


class Reader:
    """Reads what shoppers see at the end. An answer that is no answer yet is asked for again, a bounded time."""

    def __init__(self, client: Client, tale: Tale) -> None:
        self._client = client
        self._tale = tale
        self._places = asyncio.Semaphore(AT_ONCE)
        self._logins = asyncio.Semaphore(LOGINS_AT_ONCE)

    async def read(self, people: Iterable[int]) -> FinalState:
        """The state of these shoppers, and the stock."""
        state = FinalState()
        await asyncio.gather(*(self._person(number, state) for number in people))
        try:
            state.left = await catalogue.stock(self._client, sorted(set(self._tale.handles.values())))
        except CatalogueError as error:
            state.unread.append(f"stock: {error}")
        return state

    async def _person(self, number: int, state: FinalState) -> None:
        person = Person(number, f"{self._tale.run}.{number}@ledger.example.com")
        story = self._tale.stories[number]
        for record in story.events:
            if isinstance(record, Call):
                person.saw(record)
        try:
            async with self._places:
                for browser in person.browsers:
                    if browser.cookies:
                        await self._browser(person, browser, state)
            if number not in state.accounts and story.of("register", "login"):
                async with self._logins:
                    await self._log_in(person, state)
        except _UnreadError as error:
            state.unread.append(f"shopper {number}: {error}")

    async def _browser(self, person: Person, browser: Browser, state: FinalState) -> None:
        if browser.cart in state.carts:
            return
        cart = await self._ask(person, browser, "cart")
        orders = await self._ask(person, browser, "orders")
        if cart is None or orders is None:
            return
        state.carts[browser.cart] = FinalCart(cart.version or 0, cart.lines or {})
        state.orders[browser.cart] = orders.orders or ()
        if browser.logged_in:
            addresses = await self._ask(person, browser, "addresses")
            if addresses is not None:
                state.accounts[person.number] = FinalAccount(exists=True, addresses=addresses.addresses or {})

    async def _log_in(self, person: Person, state: FinalState) -> None:
        """Look through a browser of its own; as a guest without a cart, nothing is merged by it."""
        browser = person.open_browser()
        answer = await self._send(person, browser, Wish("login"))
        if answer.status == _UNAUTHORIZED:
            state.accounts[person.number] = FinalAccount(exists=False)
            return
        browser.take(answer.cookies or {})
        browser.cart = f"p{person.number}.{ACCOUNT}"
        await self._browser(person, browser, state)

    async def _ask(self, person: Person, browser: Browser, kind: Kind) -> Saw | None:
        answer = await self._send(person, browser, Wish(kind))
        browser.take(answer.cookies or {})
        if answer.status == _UNAUTHORIZED:
            return None
        try:
            saw = shown(kind, answer.status, answer.body)
        except msgspec.DecodeError as error:
            raise _UnreadError(f"{kind} of {browser.cart} cannot be decoded: {error}") from error
        if answer.status != _OK:
            raise _UnreadError(f"{kind} of {browser.cart}: status {answer.status}")
        return saw

    async def _send(self, person: Person, browser: Browser, wish: Wish) -> Answer:
        method, path, body = request(wish, person.email)
        reason = ""
        for _ in range(TRIES):
            answer = await self._client.send(self._client.next_url(), method, path, cookies=browser.cookies, body=body)
            if answer.status and answer.status < _SERVER_ERROR and answer.status != _TOO_MANY:
                return answer
            reason = answer.reason or f"status {answer.status}"
            await asyncio.sleep(max(PAUSE_SECONDS, min(answer.retry_after, LONGEST_PAUSE_SECONDS)))
        raise _UnreadError(f"{wish.kind} of {browser.cart}: {reason}")


class _UnreadError(Exception):
    pass

"""What a session may expect to see (promise f): nothing older than what it has been shown to be acknowledged.

What a session has seen travels in its cookie, so it is followed here as the cookie is: a request goes out with what the
jar holds, an answer's cookie holds that and what the answer showed. Of two answers that cross, the later one's stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from myclothes_ledger.checking import addresses
from myclothes_ledger.checking.verdicts import Violation, named
from myclothes_ledger.people import is_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from myclothes_ledger.checking.stories import Operation, Story
    from myclothes_ledger.history import Call

_UNAUTHORIZED = 401
_NEEDS_LOGIN = frozenset({"account", "addresses", "address"})
_REMEMBERED = frozenset({"checkout", "cancel", "address"})


@dataclass(frozen=True, slots=True)
class Jar:
    """The newest acknowledged version of the cart, and the acknowledged writes of account and orders."""

    version: int = 0
    known: frozenset[str] = frozenset()


class Sessions:
    """Follows one shopper's browsers. `floors`: the cart's version that each call had to reach, by (op, attempt)."""

    def __init__(self, story: Story) -> None:
        self.violations: list[Violation] = []
        self.floors: dict[tuple[str, int], int] = {}
        self._story = story
        self._jars: dict[str, Jar] = {}
        self._sent: dict[tuple[str, int], Jar] = {}
        self._acknowledged = {
            (call.cart, call.saw.version): call.saw.lines
            for operation in story.operations.values()
            for call in operation.acknowledged
            if call.saw is not None and call.saw.version is not None
        }

    def follow(self) -> Sessions:
        """Go through all that was sent and answered, in time."""
        for call, is_answer in _in_time(self._story):
            if is_answer:
                self._answered(call, self._sent[call.op, call.attempt])
            else:
                jar = self._sent[call.op, call.attempt] = self._jars.get(call.browser, Jar())
                self.floors[call.op, call.attempt] = jar.version
        return self

    def _answered(self, call: Call, jar: Jar) -> None:
        self._check(call, jar)
        if call.kind == "logout" and call.outcome == "ok":
            self._jars[call.browser] = Jar()
        elif call.cookies is not None:
            version, known = jar.version, jar.known
            saw = call.saw
            # of a read, only what a write has promised: the rest may have been taken back since
            if saw is not None and saw.version is not None and saw.lines is not None:
                promised = self._acknowledged.get((call.cart, saw.version)) == saw.lines
                version = max(version, saw.version) if promised else version
            if call.outcome == "ok" and call.kind in _REMEMBERED:
                known |= {call.op}
            self._jars[call.browser] = Jar(version, known)

    def _check(self, call: Call, jar: Jar) -> None:
        saw = call.saw
        if call.status == _UNAUTHORIZED:
            self._check_login(call)
        if call.outcome != "ok" or saw is None:
            return
        if saw.version is not None and saw.version < jar.version:
            text = f"{call.kind} shows the cart at version {saw.version}, but {jar.version} had been shown"
            self._violated(call, text, self._writers(call.cart, jar.version))
        if call.kind == "orders":
            self._check_orders(call, jar)
        elif call.kind == "addresses":
            known = [self._story.operations[op] for op in jar.known]
            for text, operations in addresses.problems(saw.addresses or {}, self._story, known):
                self._violated(call, text, operations)

    def _check_login(self, call: Call) -> None:
        if call.kind in _NEEDS_LOGIN and is_account(call.cart):
            logins = [each for each in self._story.of("login", "register") if each.browser == call.browser]
            self._violated(call, f"{call.kind} is refused as not logged in, and nobody had logged out", logins[-1:])
        if call.kind == "login":
            opened = [each for each in self._story.of("register") if each.answered < call.sent]
            if opened:
                self._violated(call, "the login is refused, but the account had been opened", opened)

    def _check_orders(self, call: Call, jar: Jar) -> None:
        shown = {order.number: order.status for order in (call.saw.orders if call.saw else None) or ()}
        for op in jar.known:
            operation = self._story.operations[op]
            if operation.kind == "address" or self._may_be_claimed(operation.cart, call):
                continue
            number = operation.number
            if number not in shown:
                self._violated(call, f"order {number} is not shown, but had been", [operation])
            elif operation.kind == "cancel" and shown[number] == "placed":
                self._violated(call, f"order {number} is shown as placed, but had been cancelled", [operation])

    def _may_be_claimed(self, cart: str, call: Call) -> bool:
        """Whether orders of this guest may be the account's already, without this browser knowing of the login."""
        return call.cart == cart and any(
            each.cart == cart and each.sent < call.at for each in self._story.of("login", "register")
        )

    def _writers(self, cart: str, version: int) -> list[Operation]:
        return [
            operation
            for operation in self._story.operations.values()
            if any(call.saw and call.saw.version == version and call.cart == cart for call in operation.acknowledged)
        ]

    def _violated(self, call: Call, text: str, operations: list[Operation]) -> None:
        at = f"{call.op} at {call.sent:.3f} in {call.browser}"
        self.violations.append(Violation("f", call.cart, f"{at}: {text}", named(operations)))


def _in_time(story: Story) -> Iterator[tuple[Call, bool]]:
    """Each call twice: when it was sent, and (True) when it was answered."""
    calls = [call for operation in story.operations.values() for call in operation.calls] + story.reads
    moments = [(call.sent, False, call) for call in calls] + [(call.at, True, call) for call in calls]
    moments.sort(key=lambda moment: moment[:2])
    return ((call, is_answer) for _, is_answer, call in moments)

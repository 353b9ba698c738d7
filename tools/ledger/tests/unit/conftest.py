"""Histories written by hand: a shopper, their writes and what was answered."""

import itertools

import pytest

from myclothes_ledger.checking import FinalAccount, FinalCart, FinalState, decide
from myclothes_ledger.checking.stories import tell
from myclothes_ledger.history import Begun, Call, Placed, Saw, Sent, Stock

SKUS = ("RED", "BLUE", "GREEN")


class Book:
    """A history in the making. Times are seconds that pass with each line unless they are given."""

    def __init__(self, stock=100):
        self.records = [
            Begun(0.0, 0.0, "test", ("http://shop",), 10.0, 1, "all"),
            Stock(0.0, 0.0, dict.fromkeys(SKUS, stock), dict.fromkeys(SKUS, "shirt"), (), ()),
        ]
        self.state = FinalState(left=dict.fromkeys(SKUS, stock))
        self._time = itertools.count(1)
        self._numbers = itertools.count(1)
        self.browser = "p1.b1"
        self.cart = "p1.g1"

    def sent(self, kind, subject="", quantity=0, *, text="", op=None, attempt=1):
        """A write on its way; what `answered` takes."""
        op = op or f"op{next(self._numbers)}"
        at = float(next(self._time))
        sent = Sent(op, attempt, at, at, 1, self.browser, self.cart, kind, subject, quantity, text)
        self.records.append(sent)
        return sent

    def answered(self, sent, status=200, *, version=None, lines=None, cookies=True, reason="no answer in time", **saw):
        """Its answer; `reason` is of one that did not come, status 0."""
        at = float(next(self._time))
        shown = Saw(version=version, lines=lines, **saw) if status and (saw or version is not None) else None
        self._call(sent, at, status, shown, cookies, reason)
        return sent

    def write(self, kind, subject="", quantity=0, *, text="", **answer):
        """A write with its answer."""
        return self.answered(self.sent(kind, subject, quantity, text=text), **answer)

    def add(self, sku, quantity, version, **lines):
        """An acknowledged add."""
        return self.write("add", sku, quantity, version=version, lines=lines)

    def read(self, kind, status=200, **saw):
        """A read with its answer."""
        at = float(next(self._time))
        op = f"op{next(self._numbers)}"
        call = Sent(op, 1, at, at, 1, self.browser, self.cart, kind)
        self._call(call, float(next(self._time)), status, Saw(**saw), cookies=True)

    def _call(self, sent, at, status, saw, cookies, reason=""):
        outcome = "ok" if 200 <= status < 400 else "refused" if 400 <= status < 500 else "unknown"
        self.records.append(
            Call(
                sent.op,
                sent.attempt,
                sent.at,
                at,
                at,
                1,
                sent.browser,
                sent.cart,
                sent.kind,
                status,
                outcome,
                "" if status else reason,
                saw,
                {"myclothes": "x"} if cookies and status else None,
            )
        )

    def order(self, number, status="placed", **lines):
        """An order as answers show it."""
        return Placed(number, status, lines)

    def ends(self, version, /, cart=None, **lines):
        """The cart's final state."""
        self.state.carts[cart or self.cart] = FinalCart(version, lines)
        self.state.orders.setdefault(cart or self.cart, ())

    def account_ends(self, *, exists=True, **addresses):
        """The account's final state."""
        self.state.accounts[1] = FinalAccount(exists, addresses)

    def verdict(self, **options):
        """What the checker says."""
        return decide(tell(self.records), self.state, **options)

    def promises(self, **options):
        """The promises that were not kept, each once."""
        return "".join(sorted({violation.promise for violation in self.verdict(**options).violations}))


@pytest.fixture
def book():
    return Book()

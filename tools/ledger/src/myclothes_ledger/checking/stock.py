"""Stock (promise e): never below zero, and what was sold and what is left is what there was.

Exact when nobody but the ledger bought; with other buyers only "at least as much is gone as the ledger bought" can be
decided, and not even that if others gave something back.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from myclothes_ledger.checking.verdicts import Verdict, Violation

if TYPE_CHECKING:
    from myclothes_ledger.checking.final import FinalState
    from myclothes_ledger.checking.stories import Tale
    from myclothes_ledger.history import Placed

CANCELLED = "cancelled"


def check(tale: Tale, state: FinalState, verdict: Verdict, *, sole_buyer: bool) -> None:
    """Compare the articles' stock before and after with the orders that the ledger's shoppers have."""
    if not any(story.of("checkout") for story in tale.stories.values()):
        verdict.notes.append("stock was not decided: the ledger bought nothing")
        return
    if not state.left or any(not note.startswith("stock") for note in state.unread):
        verdict.notes.append("stock was not decided: not every order and article could be read")
        return
    orders = {order.number: order for placed in state.orders.values() for order in placed}
    sold: Counter[str] = Counter()
    of: dict[str, list[Placed]] = {}
    for order in orders.values():
        if order.status == CANCELLED:
            continue
        for sku, quantity in order.lines.items():
            sold[sku] += quantity
            of.setdefault(sku, []).append(order)
    for sku, before in tale.left.items():
        left = state.left.get(sku)
        if left is None:
            verdict.notes.append(f"the stock of {sku} was not decided: it is no longer sold")
        elif left < 0:
            verdict.violations.append(Violation("e", sku, f"{left} are left: more was sold than there was"))
        elif before - left < sold[sku] or (sole_buyer and before - left != sold[sku]):
            text = f"there were {before}, {sold[sku]} are in orders that were not cancelled, but {left} are left"
            hint = " (--other-buyers if somebody else bought meanwhile)" if before - left > sold[sku] else ""
            shown = tuple(f"{each.number} {each.status}: {each.lines[sku]} {sku}" for each in of.get(sku, ()))
            verdict.violations.append(Violation("e", sku, text + hint, shown))
    rule = "exactly: nobody else bought" if sole_buyer else "as an inequality: others bought, too"
    verdict.notes.append(f"the stock of {len(tale.left)} articles was decided {rule}")

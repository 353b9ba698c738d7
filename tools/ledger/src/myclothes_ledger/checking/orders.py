"""Orders and accounts in the end: one order a checkout (promise d), and nothing acknowledged is gone (f)."""

from __future__ import annotations

from itertools import islice, permutations
from typing import TYPE_CHECKING, TypeAlias

from myclothes_ledger.checking import addresses
from myclothes_ledger.checking.verdicts import Verdict, Violation, named
from myclothes_ledger.people import is_account

if TYPE_CHECKING:
    from myclothes_ledger.checking.final import FinalState
    from myclothes_ledger.checking.stories import Operation, Story
    from myclothes_ledger.history import Lines, Placed

Takes: TypeAlias = "list[tuple[Operation, Lines]]"
"""What orders took out of carts: the checkouts that they were made by, and what was ordered."""
MOST_WAYS = 24
"""Ways of putting orders down to checkouts that are tried; there is one nearly always."""


def check(story: Story, state: FinalState, verdict: Verdict) -> list[Takes]:
    """Decide one shopper's orders; what they took out of carts, in each way in which it may have been."""
    who = f"shopper {story.person}"
    promised: dict[str, Operation] = {}
    takes: Takes = []
    for operation in story.of("checkout"):
        answers = {order.number: order for order in operation.placed}
        if len(answers) > 1:
            text = f"one checkout was answered with {len(answers)} orders, {', '.join(answers)}"
            verdict.violations.append(Violation("d", who, text, named([operation])))
        for number, order in answers.items():
            if number in promised:
                text = f"order {number} was given to two checkouts"
                verdict.violations.append(Violation("d", who, text, named([promised[number], operation])))
            promised[number] = operation
            takes.append((operation, order.lines))
    shown = _final(story, state)
    if _is_read(story, state):
        _check_final(story, shown, promised, verdict)
        _check_account(story, state, verdict)
    return [takes + more for more in _unpromised(story, state, promised, verdict)]


def _final(story: Story, state: FinalState) -> dict[str, Placed]:
    mine = f"p{story.person}."
    return {order.number: order for cart, placed in state.orders.items() if cart.startswith(mine) for order in placed}


def _is_read(story: Story, state: FinalState) -> bool:
    prefix = f"shopper {story.person}:"
    return any(cart.startswith(f"p{story.person}.") for cart in state.orders) and not any(
        note.startswith(prefix) for note in state.unread
    )


def _unpromised(story: Story, state: FinalState, promised: dict[str, Operation], verdict: Verdict) -> list[Takes]:
    """Orders that no answer gave out, each put down to a checkout of unknown outcome, in every way that is possible;
    one too many is a violation.
    """
    extra = {number: order for number, order in _final(story, state).items() if number not in promised}
    unknown = [operation for operation in story.of("checkout") if operation.outcome == "unknown"]
    owners = {order.number: cart for cart, placed in state.orders.items() for order in placed}
    claimed = {each.cart for each in story.of("login", "register")}
    ways: list[Takes] = []
    for chosen in islice(permutations(unknown, len(extra)), MOST_WAYS):
        way = list(zip(chosen, extra.values(), strict=True))
        if all(
            operation.cart == owners[order.number] or (is_account(owners[order.number]) and operation.cart in claimed)
            for operation, order in way
        ):
            ways.append([(operation, order.lines) for operation, order in way])
    if not ways:
        text = f"{len(extra)} orders that no answer gave out, {', '.join(extra)}"
        text += f", and {len(unknown)} checkouts without an answer"
        verdict.violations.append(Violation("d", f"shopper {story.person}", text, named(story.of("checkout"))))
    return ways or [[]]


def _check_final(story: Story, shown: dict[str, Placed], promised: dict[str, Operation], verdict: Verdict) -> None:
    who = f"shopper {story.person}"
    for number, operation in promised.items():
        if number not in shown:
            text = f"order {number} was acknowledged and is gone"
            verdict.violations.append(Violation("f", who, text, named([operation])))
        elif any(order.lines != shown[number].lines for order in operation.placed if order.number == number):
            text = f"order {number} was acknowledged with other lines than {shown[number].lines}"
            verdict.violations.append(Violation("f", who, text, named([operation])))
    cancels = story.of("cancel")
    for operation in cancels:
        if operation.outcome == "ok" and operation.number not in shown and operation.number not in promised:
            text = f"order {operation.number} was acknowledged as cancelled and is gone"
            verdict.violations.append(Violation("f", who, text, named([operation])))
    for number, order in shown.items():
        tried = [each for each in cancels if each.subject == number]
        if order.status == "placed" and any(each.outcome == "ok" for each in tried):
            text = f"order {number} is placed, but was acknowledged as cancelled"
            verdict.violations.append(Violation("f", who, text, named(tried)))
        if order.status == "cancelled" and all(each.outcome == "refused" for each in tried):
            verdict.violations.append(Violation("f", who, f"order {number} was cancelled by nobody", named(tried)))


def _check_account(story: Story, state: FinalState, verdict: Verdict) -> None:
    account = state.accounts.get(story.person)
    if account is None:
        return
    who = f"shopper {story.person}"
    opened = [each for each in story.of("register", "login") if each.outcome == "ok"]
    if opened and not account.exists:
        verdict.violations.append(Violation("f", who, "the account was acknowledged and is gone", named(opened)))
        return
    acknowledged = [each for each in story.of("address") if each.outcome == "ok"]
    for text, operations in addresses.problems(account.addresses, story, acknowledged):
        verdict.violations.append(Violation("f", who, text, named(operations)))

"""A history sorted by shopper: each one's operations, and the answers in the order in which they came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from myclothes_ledger.history import Begun, Call, Mark, Sent, Stock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from myclothes_ledger.history import Kind, Lines, Outcome, Placed, Record

INFINITE = float("inf")


@dataclass(slots=True, eq=False)
class Operation:
    """A write with all its attempts."""

    op: str
    kind: Kind
    browser: str
    cart: str
    subject: str
    quantity: int
    text: str
    sent: float
    attempts: int = 1
    calls: list[Call] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """`ok` when an attempt was acknowledged, `refused` when each was refused or never left, else `unknown`."""
        if any(call.outcome == "ok" for call in self.calls):
            return "ok"
        if len(self.calls) == self.attempts and all(
            call.outcome == "refused" or call.never_left for call in self.calls
        ):
            return "refused"
        return "unknown"

    @property
    def acknowledged(self) -> list[Call]:
        """The answers that promised it."""
        return [call for call in self.calls if call.outcome == "ok"]

    @property
    def placed(self) -> list[Placed]:
        """The orders that its answers gave out."""
        return [order for call in self.acknowledged if call.saw is not None for order in call.saw.orders or ()]

    @property
    def number(self) -> str:
        """The order that a checkout made or a cancellation concerns."""
        return self.subject or next((order.number for order in self.placed), "")

    @property
    def addresses(self) -> list[str]:
        """The ids of the addresses that its answers showed."""
        return [each for call in self.acknowledged if call.saw is not None for each in call.saw.addresses or ()]

    @property
    def answered(self) -> float:
        """When it was first acknowledged; infinite when it was not."""
        return min((call.at for call in self.acknowledged), default=INFINITE)

    def __str__(self) -> str:
        what = " ".join(str(part) for part in (self.kind, self.quantity or "", self.subject, self.text) if part)
        answers = []
        for call in self.calls:
            shown = str(call.status) if call.status else call.reason
            if call.saw is not None and call.saw.version is not None:
                shown += f" version {call.saw.version} {call.saw.lines}"
            answers.append(shown)
        lost = self.attempts - len(self.calls)
        answers += ["no answer"] * lost
        return f"{self.op} at {self.sent:.3f} on {self.cart}: {what} -> {self.outcome} ({'; '.join(answers)})"


@dataclass(slots=True)
class Story:
    """One shopper's part of the history. `events` are sent writes and calls in the order of the file."""

    person: int
    operations: dict[str, Operation] = field(default_factory=dict)
    reads: list[Call] = field(default_factory=list)
    events: list[Sent | Call] = field(default_factory=list)

    def add(self, record: Sent | Call) -> None:
        """Take in the next record."""
        self.events.append(record)
        operation = self.operations.get(record.op)
        if isinstance(record, Call):
            if operation is None:
                self.reads.append(record)
            else:
                operation.calls.append(record)
        elif operation is not None:
            operation.attempts += 1
        else:
            self.operations[record.op] = Operation(
                record.op,
                record.kind,
                record.browser,
                record.cart,
                record.subject,
                record.quantity,
                record.text,
                record.at,
            )

    def of(self, *kinds: Kind) -> list[Operation]:
        """The operations of these kinds, in the order they were sent."""
        return [operation for operation in self.operations.values() if operation.kind in kinds]


@dataclass(slots=True)
class Tale:
    """The whole history, by shopper."""

    run: str = ""
    stories: dict[int, Story] = field(default_factory=dict)
    left: Lines = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)


def tell(records: Iterable[Record]) -> Tale:
    """Sort records by shopper."""
    tale = Tale()
    for record in records:
        match record:
            case Sent() | Call():
                story = tale.stories.get(record.person)
                if story is None:
                    story = tale.stories[record.person] = Story(record.person)
                story.add(record)
            case Begun():
                tale.run = tale.run or record.run
            case Stock():
                tale.left, tale.handles = record.left, record.handles
            case Mark():
                continue
    return tale

"""What a check says: violations, each with what it rests on, and how much was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from myclothes_ledger.checking.stories import Operation

PROMISES = {
    "a": "an acknowledged add is there, unless an acknowledged remove or take came later",
    "b": "an acknowledged remove never comes back",
    "c": "a write applies at most once, however often it is sent",
    "d": "one checkout key makes at most one order",
    "e": "stock is never below zero, and sold and left is what there was",
    "f": "a session never sees an older acknowledged state than it has seen",
    "g": "logging in merges the guest's cart and loses no line",
}
SHOWN = 100


@dataclass(frozen=True)
class Violation:
    """A promise that was not kept: which (`a` to `g`), whose, how, and the operations that show it."""

    promise: str
    who: str
    text: str
    operations: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = "".join(f"\n      {operation}" for operation in self.operations)
        return f"({self.promise}) {self.who}: {self.text}{shown}"


@dataclass
class Verdict:
    """All violations, and how much they were looked for in. `unread`: whose final state could not be read, and why.

    `undecided`: carts whose history allows so many courses that the search gave up; nothing is said about them.
    """

    violations: list[Violation] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether everybody's state could be read and decided, and every promise was kept."""
        return not (self.violations or self.unread or self.undecided)

    def text(self) -> str:
        """As people read it."""
        looked = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        lines = [f"{len(self.violations)} violations in {looked}"]
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"undecided: {who}" for who in self.undecided[:SHOWN]]
        lines += [f"unread: {who}" for who in self.unread[:SHOWN]]
        broken = sorted({violation.promise for violation in self.violations})
        lines += [f"promise {letter}, not kept: {PROMISES[letter]}" for letter in broken]
        lines += [f"  {violation}" for violation in self.violations[:SHOWN]]
        if len(self.violations) > SHOWN:
            lines.append(f"  and {len(self.violations) - SHOWN} more")
        return "\n".join(lines)

    def document(self) -> dict[str, Any]:
        """As programs read it."""
        return {
            "violations": [
                {"promise": each.promise, "who": each.who, "text": each.text, "operations": list(each.operations)}
                for each in self.violations
            ],
            "counts": self.counts,
            "notes": self.notes,
            "unread": self.unread,
            "undecided": self.undecided,
        }


def named(operations: Iterable[Operation]) -> tuple[str, ...]:
    """Operations as an explanation shows them, in the order they were sent."""
    return tuple(str(operation) for operation in sorted(operations, key=lambda each: each.sent))

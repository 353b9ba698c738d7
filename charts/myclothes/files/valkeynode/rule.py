"""Who becomes primary when no server is one: pure logic, no I/O. docs/adr/0010-valkey-bootstrap.md gives the reasons.

A write is acknowledged only when the primary and at least one replica have it, so any two of three pods that have data
include one that has every acknowledged write. The primary writes a beat into the data itself ten times a second; being
part of the replicated stream, the greatest beat marks the most advanced data, whatever was lost of the stream's end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

PATIENCE_SECONDS = 10.0
"""How long a majority waits for the pods that are still missing before it decides without them."""


@dataclass(frozen=True, order=True)
class Beat:
    """The newest mark in a data set: the term of the primary that wrote it, its clock, its name.

    A primary that finds another's beat in its data begins the next term: one that was deposed without knowing goes on
    in its old term and is overtaken, whatever the clocks say.
    """

    term: int = 0
    milliseconds: int = 0
    writer: str = ""

    @classmethod
    def parse(cls, text: str | None) -> Beat:
        """From `term:milliseconds:writer`; data without a beat is older than any with one."""
        if not text:
            return cls()
        term, milliseconds, writer = text.split(":", 2)
        return cls(int(term), int(milliseconds), writer)

    def __str__(self) -> str:
        return f"{self.term}:{self.milliseconds}:{self.writer}"

    def next(self, now_milliseconds: int, writer: str) -> Beat:
        """The beat after this one: never an earlier one, whatever the clock says."""
        return Beat(self.term + (writer != self.writer), max(self.milliseconds + 1, now_milliseconds), writer)


@dataclass(frozen=True)
class Fact:
    """What one pod without a primary says of its own data."""

    name: str
    ordinal: int
    has_data: bool
    beat: Beat

    @property
    def rank(self) -> tuple[bool, int, int, bool, int]:
        """Greater is more advanced. On a tie the writer of the beat wins: it wrote before its replicas did."""
        beat = self.beat
        return (self.has_data, beat.term, beat.milliseconds, beat.writer == self.name, -self.ordinal)


def candidate(facts: Collection[Fact], total: int, waited: float) -> str | None:
    """The name of the pod to make primary out of those present, or None: wait.

    `total` counts all pods, `waited` is how many seconds this has been asked. Empty pods decide nothing unless all
    are there: whoever is missing may hold data.
    """
    complete = len(facts) == total
    holders = [fact for fact in facts if fact.has_data]
    enough = len(holders) >= total // 2 + 1 and waited >= PATIENCE_SECONDS
    if not complete and not enough:
        return None
    return max(holders or facts, key=lambda fact: fact.rank).name

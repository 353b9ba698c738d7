"""Positions in Postgres' history: what an answer shows, and what a later answer must not fall behind.

Apart from the package for Postgres: whoever calls a service carries positions without speaking to the database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEADER = "Myclothes-Position"
PATTERN = r"^[1-9][0-9]{0,9}/[0-9A-F]{1,8}/[0-9A-F]{1,8}$"
_TEXT = re.compile(r"([1-9][0-9]{0,9})/([0-9A-F]{1,8})/([0-9A-F]{1,8})")
_HALF = 32


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A timeline and a place in its write-ahead log (LSN, bytes), ordered by both; as text `1/0/16B3748`.

    By default the position before all others, which every answer has reached.
    """

    timeline: int = 0
    lsn: int = 0

    @classmethod
    def parse(cls, text: str) -> Position:
        """The position in `text`; raises ValueError."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError("a position looks like 1/0/16B3748")
        return cls(int(match[1]), int(match[2], 16) << _HALF | int(match[3], 16))

    def __str__(self) -> str:
        return f"{self.timeline}/{self.lsn >> _HALF:X}/{self.lsn & 0xFFFFFFFF:X}"

    def reached_by_replica(self, replica: Position) -> bool:
        """Whether a replica at `replica` shows all that this position stands for.

        Both parts count: a stale replica of a deposed primary may hold more log, of the older timeline.
        """
        return replica.timeline >= self.timeline and replica.lsn >= self.lsn

    def reached_by_primary(self, primary: Position) -> bool:
        """Whether a primary at `primary` shows all *acknowledged* changes up to this position.

        A newer timeline was begun by a node that had them all, possibly with less log than its predecessor wrote.
        """
        return primary >= self

"""Positions in Postgres' history: what an answer shows, and what a later answer must not fall behind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from myclothes_kit.postgres.errors import PositionInvalid
from myclothes_kit.problems import FieldError

if TYPE_CHECKING:
    from starlette.requests import Request

HEADER = "Myclothes-Position"
PATTERN = r"^[1-9][0-9]{0,9}/[0-9A-F]{1,8}/[0-9A-F]{1,8}$"
_TEXT = re.compile(r"([1-9][0-9]{0,9})/([0-9A-F]{1,8})/([0-9A-F]{1,8})")
_HALF = 32


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A timeline and a place in its write-ahead log (LSN, bytes), ordered by both; as text `1/0/16B3748`."""

    timeline: int
    lsn: int

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


def requested(request: Request) -> Position | None:
    """The position that the answer must have reached, from the request's header; raises PositionInvalid (400)."""
    text = request.headers.get(HEADER)
    if text is None:
        return None
    try:
        return Position.parse(text)
    except ValueError as error:
        raise PositionInvalid(
            f"{HEADER} is what an earlier answer carried, such as 1/0/16B3748.",
            errors=[FieldError(HEADER, "invalid", "timeline/high/low, the last two in hexadecimal")],
        ) from error

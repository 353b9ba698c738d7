"""What can be done to a shop, and which of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

VALKEY: Final = "valkey"
POSTGRES: Final = "postgres"
SENTINEL: Final = "sentinel"
EVERYTHING = frozenset({VALKEY, POSTGRES, SENTINEL, "gateway", "cart", "users", "shop", "cache", "operator", "dns"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault.

    `touches` names the components that it takes a member from, `shortest` and `longest` are the seconds that it lasts
    (both 0: done at once), `choices` of how many alike (replicas, Sentinels, zones) one is chosen.
    """

    name: str
    touches: frozenset[str]
    shortest: float = 0.0
    longest: float = 0.0
    choices: int = 1

    def __str__(self) -> str:
        return self.name

    @property
    def is_freeze(self) -> bool:
        """Whether something goes on later as if no time had passed."""
        return "frozen" in self.name

    @property
    def is_zone(self) -> bool:
        """Whether it befalls a whole zone."""
        return self.name.startswith("zone")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is done: for so many `seconds`, to the `choice`-th of those alike."""

    kind: Kind
    seconds: float = 0.0
    choice: int = 0

    def __str__(self) -> str:
        which = f" {self.choice}" if self.kind.choices > 1 else ""
        return f"{self.kind.name}{which}" + (f" for {self.seconds:.1f} s" if self.seconds else "")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done at the place `index` of a campaign; its parts begin at once."""

    index: int
    parts: tuple[Part, ...]

    @property
    def kind(self) -> str:
        """Its parts' kinds, alike for faults that differ only in times and choices."""
        return " + ".join(sorted(part.kind.name for part in self.parts))

    def __str__(self) -> str:
        return " + ".join(str(part) for part in self.parts)


def survivable(kinds: Iterable[Kind]) -> bool:
    """Whether the design promises to lose nothing when these befall the shop at once.

    Each component may have one fault at a time: a second one could take the only replica that has what the first one's
    victim had acknowledged. A zone, and everything, touch every component.
    """
    touched: set[str] = set()
    for kind in kinds:
        if touched & kind.touches:
            return False
        touched |= kind.touches
    return True

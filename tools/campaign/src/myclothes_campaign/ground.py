"""Where the shop of a campaign runs, and how it is broken there: what a campaign needs to know of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from myclothes_campaign.faults import Kind, Part

Mend = Callable[[], None]
"""Ends what was begun."""


class GroundError(Exception):
    """The shop could not be started, broken as asked, or made whole again; the text says what is wrong."""


class Ground(Protocol):
    """A shop that can be broken.

    `weakness` names what the control does without ("" for the shop as it ships); one that the ground cannot do without
    is refused by GroundError at the start.
    """

    name: str
    kinds: Sequence[Kind]

    def __init__(self, folder: Path, weakness: str = "") -> None: ...

    @property
    def urls(self) -> Sequence[str]:
        """Where shoppers come in."""

    def start(self) -> None:
        """Bring the shop up whole, whatever an earlier campaign that was killed has left."""

    def stop(self) -> None:
        """Give back what was started."""

    def stock_up(self) -> None:
        """Have enough on the shelves for the shoppers of a new history."""

    def set_apart(self, pid: int) -> None:
        """Let a process of the shoppers run however busy the shop's machines are."""

    def inflict(self, part: Part) -> Mend:
        """Begin a fault; what is returned ends it when its time is over."""

    def await_whole(self, seconds: float) -> None:
        """Return when every part of the shop is there again and in step. Raises GroundError with what is not."""

    def keep(self, folder: Path) -> None:
        """Copy everything that would help to find the cause of a loss: logs, states."""

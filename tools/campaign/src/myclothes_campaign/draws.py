"""Which fault comes next: drawn by seed and index alone, so that a campaign can be repeated from any of its faults."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from myclothes_campaign.faults import Fault, Kind, Part, survivable

if TYPE_CHECKING:
    from collections.abc import Sequence

SEVERAL = 0.2
"""How often more than one thing happens at once."""
MOST_AT_ONCE = 3
STEP_SECONDS = 0.1


def draw(seed: int, index: int, kinds: Sequence[Kind]) -> Fault:
    """The fault at place `index` of the campaign `seed`: each round of as many faults as `kinds` has each of them once.

    Others may be added to it, as many as the shop promises to survive together.
    """
    around, place = divmod(index, len(kinds))
    order = list(kinds)
    _random(seed, "round", around).shuffle(order)
    random = _random(seed, "fault", index)
    chosen = [order[place]]
    if random.random() < SEVERAL:
        others = list(kinds)
        random.shuffle(others)
        for other in others:
            if len(chosen) < MOST_AT_ONCE and survivable([*chosen, other]):
                chosen.append(other)
    return Fault(index, tuple(_part(kind, random) for kind in chosen))


def _part(kind: Kind, random: Random) -> Part:
    steps = round((kind.longest - kind.shortest) / STEP_SECONDS)
    seconds = round(kind.shortest + random.randint(0, steps) * STEP_SECONDS, 1)
    return Part(kind, seconds, random.randrange(kind.choices))


def _random(seed: int, what: str, number: int) -> Random:
    return Random(f"{seed} {what} {number}")  # noqa: S311 - a draw that must be repeatable, no secret

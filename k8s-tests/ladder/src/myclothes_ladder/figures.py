"""What was measured on a rung, as it is kept in docs/ladder/<rung>.json."""

from pathlib import Path

import msgspec
from msgspec import Struct

from myclothes_ladder.rungs import RUNGS


class Event(Struct, frozen=True):
    """A part of the day. A cart is `lost` that had an acknowledged line which a later answer did not show."""

    name: str
    seconds: float
    requests: int
    failed: int
    carts: int
    lost: int
    gaps_s: dict[str, float | None]
    """By group the longest pause between two successes that began with or in this part; None when nothing succeeded."""


class Latency(Struct, frozen=True):
    """Of successes in the quiet part, in milliseconds."""

    p50: float
    p99: float


class Weight(Struct, frozen=True):
    """Bytes of cookies that every request carries when the cart has so many lines."""

    lines: int
    cookie_bytes: int


class Forgeries(Struct, frozen=True):
    """Cart cookies that no shop gave out to this session, and how many of them were refused."""

    altered: int
    altered_refused: int
    of_others: int
    of_others_refused: int
    older: int
    older_refused: int
    """Given out to this session, but before its last change: signed all the same."""


class Figures(Struct, frozen=True):
    """A rung's day."""

    rung: str
    date: str
    machine: str
    rate: float
    shoppers: int
    requests: int
    acknowledged_writes: int
    violations: int
    """What the ledger's checker found; of one shopper at most three."""
    undecided: int
    """Shoppers whose history allows too many courses to be decided."""
    unread: int
    """Shoppers whose final state the shop did not show."""
    events: list[Event]
    latency_ms: dict[str, Latency]
    cpu_ms: dict[str, float]
    """CPU of a component's pods a request, beyond what they take when nobody asks; empty when it was not measured."""
    weights: list[Weight]
    full_at: int | None
    """The line that the shop refused to take into the cart; None when it took all."""
    forgeries: Forgeries | None


def save(folder: Path, figures: Figures) -> Path:
    """Keep a rung's figures in `folder`; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{figures.rung}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")
    return file


def load(folder: Path) -> dict[str, Figures]:
    """All figures in `folder` by rung, from the lowest up; those that are not there have not been measured."""
    files = {name: folder / f"{name}.json" for name in RUNGS}
    return {
        name: msgspec.json.decode(file.read_bytes(), type=Figures) for name, file in files.items() if file.is_file()
    }

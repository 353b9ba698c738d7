"""A campaign's memory: a line for each fault that is done, on disk before the next one begins."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - msgspec reads the annotations of this module

import msgspec
from msgspec import Struct

NAME = "campaign.jsonl"


class StateError(Exception):
    """The folder holds another campaign, or a damaged one; the text says what to do."""


class Plan(Struct, frozen=True, tag="plan"):
    """What makes a campaign what it is: the same plan draws the same faults.

    `only` are the beginnings of the names of the kinds that are drawn; empty: all. `writes` a second come from shoppers
    who only change carts, beside the `rate` requests a second of all kinds.
    """

    ground: str
    seed: int
    control: str
    only: tuple[str, ...]
    rate: float
    first: int
    writes: float = 0.0


class Done(Struct, frozen=True, tag="fault"):
    """A fault that is over.

    `gaps` are the seconds without a success by group of requests, `whole_s` those from its end until the shop was whole
    and every group was served, `acknowledged` the writes since the check before, `violations` and `undecided` what the
    check said.
    """

    index: int
    kind: str
    fault: str
    began: str
    gaps: dict[str, float]
    whole_s: float
    requests: int
    failed: int
    acknowledged: int
    violations: tuple[str, ...] = ()
    undecided: int = 0
    is_freeze: bool = False
    is_zone: bool = False


Line = Plan | Done
_decode = msgspec.json.Decoder(Line).decode


class State:
    """The file of one campaign in its folder."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.plan = plan
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / NAME
        self.done: list[Done] = []
        if self._path.exists():
            before, self.done = load(folder)
            if before != plan:
                raise StateError(f"{folder} holds another campaign ({before}): remove it, or give another seed")
        else:
            self._write(plan)

    @property
    def next(self) -> int:
        """The index of the first fault that is not done."""
        return self.done[-1].index + 1 if self.done else self.plan.first

    @property
    def violated(self) -> Done | None:
        """The fault that something was lost at, if any."""
        return next((done for done in self.done if done.violations), None)

    def add(self, done: Done) -> None:
        """Note a fault that is over."""
        self._write(done)
        self.done.append(done)

    def _write(self, line: Line) -> None:
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")


def load(folder: Path) -> tuple[Plan, list[Done]]:
    """The plan and the faults done so far; a last line without its end counts as not written. Raises StateError."""
    lines: list[Line] = []
    path = folder / NAME
    try:
        whole, _, torn = path.read_bytes().rpartition(b"\n")
        lines = [_decode(line) for line in whole.splitlines()]
    except (OSError, msgspec.DecodeError) as error:
        raise StateError(f"{path} cannot be used: {error}") from error
    if torn:
        path.write_bytes(whole + b"\n" if whole else b"")
    if not lines or not isinstance(lines[0], Plan):
        raise StateError(f"{path} does not begin with a plan: remove {folder}")
    return lines[0], [line for line in lines if isinstance(line, Done)]

"""The command line of a campaign, for the grounds that the caller has."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from myclothes_campaign.campaign import Campaign, Options, StuckError
from myclothes_campaign.controls import CONTROLS
from myclothes_campaign.states import Plan, State, StateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

    from myclothes_campaign.ground import Ground

KEPT, MISUSED, STUCK, VIOLATED = 0, 2, 3, 4
"""Exit codes: nothing acknowledged was lost; bad arguments; the shop did not come back; something was lost. Not 1,
which is also an error of the program's own.
"""
LEAST_RATE = 1.0


def main(grounds: Mapping[str, type[Ground]], arguments: Sequence[str] | None = None) -> int:
    """Run a campaign on one of `grounds`, the first without a word; its exit code."""
    options = _parser(grounds).parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    control = CONTROLS[options.control] if options.control else None
    only = options.only or (control.exposed_by if control else ())
    name = control.name if control else ""
    plan = Plan(options.ground, options.seed, name, only, options.rate, options.first, options.writes)
    folder = (options.folder / _name(plan)).absolute()
    ground = grounds[options.ground](folder / "shop", plan.control)
    kinds = [kind for kind in ground.kinds if kind.name.startswith(only or "")]
    if not kinds:
        print(f"error: no kind of fault begins so; there are: {', '.join(map(str, ground.kinds))}", file=sys.stderr)
        return MISUSED
    try:
        state = State(folder, plan)
    except StateError as error:
        print(f"error: {error}", file=sys.stderr)
        return MISUSED
    violated = state.violated
    try:
        if violated is None:
            violated = Campaign(ground, kinds, state, Options(plan.first + options.faults, options.roll)).run()
    except StuckError as error:
        print(f"error at fault {state.next} of seed {options.seed}: {error}", file=sys.stderr)
        return STUCK
    except KeyboardInterrupt:
        print(f"interrupted before fault {state.next}: the same command goes on from there", file=sys.stderr)
        return STUCK
    writes = sum(done.acknowledged for done in state.done)
    print(f"{len(state.done)} faults, {writes} acknowledged writes: {folder / 'report.md'}")
    if violated is None:
        print("nothing that was acknowledged was lost")
        return KEPT
    print(f"violations at fault {violated.index} ({violated.fault}); again: {_again(plan, violated.index)}")
    return VIOLATED


def _name(plan: Plan) -> str:
    parts = [plan.ground, plan.control, *(beginning.replace(" ", "-") for beginning in plan.only if not plan.control)]
    first = f"from{plan.first}" if plan.first else ""
    return "-".join(part for part in (*parts, f"seed{plan.seed}", first) if part)


def _again(plan: Plan, index: int) -> str:
    words = ["--ground", plan.ground, "--seed", str(plan.seed), "--from", str(index), "--faults", "1"]
    words += ["--rate", f"{plan.rate:g}", "--writes", f"{plan.writes:g}"]
    if plan.only:
        words += ["--only", ",".join(plan.only)]
    if plan.control:
        words += ["--control", plan.control]
    return shlex.join(words)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser(grounds: Mapping[str, type[Ground]]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="campaign", description=__doc__)
    parser.add_argument("--ground", choices=tuple(grounds), default=next(iter(grounds)), help="where (%(default)s)")
    parser.add_argument("--faults", type=_count, default=12, help="how many in all (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (%(default)s)")
    parser.add_argument("--from", dest="first", type=_index, default=0, help="index of the first fault (%(default)s)")
    parser.add_argument("--only", type=_beginnings, default=(), help="kinds of fault: beginnings of names, by commas")
    parser.add_argument("--rate", type=_rate, default=50.0, help="requests a second (%(default)g)")
    parser.add_argument("--writes", type=_rate, default=0.0, help="changes of carts a second beside them (none)")
    parser.add_argument("--roll", type=_count, default=5, help="faults on one history (%(default)s)")
    parser.add_argument("--control", choices=tuple(CONTROLS), help="a shop without this, which must lose")
    parser.add_argument(
        "--folder", type=Path, default=Path("artefacts/campaign"), help="its memory and evidence (%(default)s)"
    )
    return parser


def _beginnings(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _index(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no index: give a whole number from 0")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not LEAST_RATE <= rate < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no rate: give {LEAST_RATE:g} or more requests a second")
    return rate

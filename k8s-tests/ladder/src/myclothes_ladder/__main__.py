"""`python -m myclothes_ladder run [RUNG …]` measures and draws; `python -m myclothes_ladder draw` only draws."""

import argparse
import sys

import helm_python as helm

from myclothes_cluster.release import ROOT
from myclothes_cluster.targets import target_from_environment
from myclothes_ladder import figures, papers
from myclothes_ladder.climb import climb
from myclothes_ladder.rungs import RUNGS
from myclothes_ledger import LedgerError
from myclothes_rig.errors import RigError


def main() -> int:
    """Do what the words say. Returns the exit code: 0 done, 1 failed."""
    parser = argparse.ArgumentParser(prog="myclothes_ladder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="install each rung in turn, measure its day, write docs/ladder.md")
    run.add_argument("rungs", nargs="*", metavar="RUNG", help=f"all when none is named: {' '.join(RUNGS)}")
    commands.add_parser("draw", help="write docs/ladder.md and its plots anew from docs/ladder/*.json")
    words = parser.parse_args()
    unknown = set(getattr(words, "rungs", ())) - RUNGS.keys()
    if unknown:
        parser.error(f"no rung {', '.join(sorted(unknown))}: they are {' '.join(RUNGS)}")
    try:
        if words.command == "run":
            measure(words.rungs or list(RUNGS))
    except (RigError, LedgerError, helm.HelmError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    papers.write(ROOT)
    return 0


def measure(names: list[str]) -> None:
    """Measure these rungs; each is kept as soon as it is there."""
    target = target_from_environment()
    target.up()
    for measured in climb(target, [rung for rung in RUNGS.values() if rung.name in names]):
        file = figures.save(ROOT / papers.DATA, measured)
        lost = sum(event.lost for event in measured.events)
        sys.stdout.write(f"{measured.rung}: {lost} losses, {measured.violations} violations, kept in {file}\n")


if __name__ == "__main__":
    sys.exit(main())

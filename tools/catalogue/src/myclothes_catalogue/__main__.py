"""Writes the sample catalogue and its pictures into the checkout; with --check, says whether they are up to date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from myclothes_catalogue import catalogue

ROOT = Path(__file__).resolve().parents[4]
CSV_FILE = Path("services/shop/src/myclothes_shop/sample/catalogue.csv")
PICTURES = Path("services/gateway/src/myclothes_gateway/static/pictures")


def expected() -> dict[Path, str]:
    """What each generated file holds, by its path from the checkout's root."""
    garments = catalogue.load()
    files = {PICTURES / name: svg for name, svg in catalogue.pictures(garments).items()}
    return {CSV_FILE: catalogue.csv_text(garments), **files}


def stale(root: Path) -> list[Path]:
    """Generated files that are missing, differ, or are no longer generated."""
    wanted = expected()
    wrong = [path for path, text in wanted.items() if not (root / path).is_file() or _read(root / path) != text]
    left = {path.relative_to(root) for path in (root / PICTURES).glob("*.svg")} - wanted.keys()
    return sorted([*wrong, *left])


def write(root: Path) -> int:
    """Bring the checkout up to date; returns how many files changed."""
    wanted = expected()
    changed = stale(root)
    for path in changed:
        if path in wanted:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(wanted[path], encoding="utf-8", newline="")
        else:
            (root / path).unlink()
    return len(changed)


def _read(path: Path) -> str:
    return path.read_bytes().decode()


def main() -> int:
    parser = argparse.ArgumentParser(prog="myclothes-catalogue", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a file is out of date")
    if not parser.parse_args().check:
        print(f"{write(ROOT)} files changed")
        return 0
    wrong = stale(ROOT)
    for path in wrong:
        print(f"out of date: {path} (run python -m myclothes_catalogue)", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

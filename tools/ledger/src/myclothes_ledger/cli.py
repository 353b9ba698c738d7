"""The command line: run, mark, check, report."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from myclothes_ledger import checking, history, reports, running
from myclothes_ledger.catalogue import CatalogueError
from myclothes_ledger.history import HistoryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from myclothes_ledger.habits import Mode

KEPT, VIOLATED, MISUSED, UNREADABLE, OVERSPENT = 0, 1, 2, 3, 4
"""Exit codes: every promise was kept; some were not; bad arguments or history; the shop could not be read, or a
shopper's history not decided; more requests failed than the error budget allows.
"""
POLL_SECONDS = 0.5
_URL = re.compile(r"https?://[^\s/]+/?")
_SKU = re.compile(r"[A-Za-z0-9._-]{1,64}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
    except HistoryError as error:
        print(f"error: {error}", file=sys.stderr)
        return MISUSED
    except CatalogueError as error:
        print(f"error: {error}", file=sys.stderr)
        return UNREADABLE
    return code


def _run(options: argparse.Namespace) -> int:
    mode: Mode = options.only or ("test-sku" if options.test_sku else "all")
    allowed = None
    if options.error_budget is not None:
        if options.seconds is None:
            options.refuse("argument --error-budget: is a share of the run's requests, so it needs --seconds")
        allowed = options.error_budget / 100 * options.rate * options.seconds
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        within = runner.run(
            running.run(
                running.Options(
                    tuple(options.url),
                    options.history,
                    options.rate,
                    options.seconds,
                    options.shoppers,
                    options.seed,
                    mode,
                    options.test_sku or "",
                    allowed,
                )
            )
        )
    if not within:
        print(f"ended early: more than {allowed:g} requests failed, the error budget", file=sys.stderr)
    return KEPT if within else OVERSPENT


def _mark(options: argparse.Namespace) -> int:
    history.mark(options.history, options.text)
    return KEPT


def _check(options: argparse.Namespace) -> int:
    deadline = time.monotonic() + options.wait
    while time.monotonic() < deadline and not history.has_ended(options.history):
        time.sleep(POLL_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        verdict = runner.run(checking.check(options.history, options.url or (), sole_buyer=not options.other_buyers))
    print(json.dumps(verdict.document(), indent=2) if options.json else verdict.text())
    if options.summary is not None:
        options.summary.write_text(json.dumps(reports.summary(verdict, reports.report(options.history))))
    if verdict.violations:
        return VIOLATED
    return KEPT if verdict.kept else UNREADABLE


def _report(options: argparse.Namespace) -> int:
    found = reports.report(options.history)
    print(json.dumps(found, indent=2) if options.json else reports.text(found))
    return KEPT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m myclothes_ledger", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="shop at a given rate, and note what was promised")
    run.set_defaults(command=_run, refuse=run.error)
    _history(run)
    run.add_argument("--url", action="append", type=_url, required=True, help="where the shop is; may be repeated")
    run.add_argument("--rate", type=_positive, default=50.0, help="requests a second (%(default)g)")
    run.add_argument("--seconds", type=_positive, help="how long; until SIGTERM or SIGINT when not given")
    run.add_argument("--shoppers", type=_count, help="how many at a time (twice the rate)")
    run.add_argument("--seed", type=int, default=1, help="of the shoppers' habits (%(default)s)")
    run.add_argument(
        "--error-budget",
        type=_percent,
        metavar="PERCENT",
        help="end at once, with exit code 4, when more of the requests of --seconds have failed",
    )
    what = run.add_mutually_exclusive_group()
    what.add_argument("--only", choices=["carts", "writes"], help="no accounts and no orders; no browsing")
    what.add_argument("--test-sku", type=_sku, metavar="SKU", help="put and buy this article alone")

    mark = commands.add_parser("mark", help="note something that was done to the shop")
    mark.set_defaults(command=_mark)
    _history(mark)
    mark.add_argument("text")

    check = commands.add_parser("check", help="decide whether every promise was kept")
    check.set_defaults(command=_check)
    _history(check)
    check.add_argument(
        "--url", action="append", type=_url, help="read the final state there; without it the one read last is used"
    )
    check.add_argument(
        "--other-buyers", action="store_true", help="others bought meanwhile: of the stock only an inequality holds"
    )
    check.add_argument("--json", action="store_true")
    check.add_argument(
        "--wait",
        type=_positive,
        default=0.0,
        metavar="SECONDS",
        help="let a run under way come to its end first, at most so long",
    )
    check.add_argument("--summary", type=Path, metavar="FILE", help="write the figures there, as one line of JSON")

    report = commands.add_parser("report", help="counts, times, gaps and failed requests")
    report.set_defaults(command=_report)
    _history(report)
    report.add_argument("--json", action="store_true")
    return parser


def _history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--history", type=Path, required=True, metavar="FOLDER", help="the run's folder")


def _url(text: str) -> str:
    if not _URL.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no address of a shop: give scheme, host and port alone")
    return text


def _sku(text: str) -> str:
    if not _SKU.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no sku: 1 to 64 of A-Z a-z 0-9 . _ -")
    return text


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:  # noqa: PLR2004 - what a percentage is
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)

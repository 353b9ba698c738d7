"""`python -m myclothes_shop`: serve, migrate, import or ship."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from pathlib import Path

from sqlalchemy.exc import ProgrammingError

from myclothes_kit import logs, server, settings
from myclothes_kit.health import Readiness
from myclothes_kit.problems import Problem
from myclothes_shop import app, commands
from myclothes_shop.settings import ShopSettings

_CURRENCY = re.compile(r"[A-Z]{3}\Z")


def main() -> int:
    """Run what the arguments ask for; returns the exit code."""
    arguments = _parser().parse_args()
    config = settings.load(ShopSettings)
    if arguments.command == "serve":
        logs.configure("shop", config.log_level, config.log_format)
        readiness = Readiness()
        server.run(app.create_app(config, readiness), config, readiness)
        return 0
    logs.configure("shop", "warning", "console")
    try:
        return asyncio.run(_command(arguments, config))
    except Problem as problem:
        print(f"{problem.code}: {problem.detail}", file=sys.stderr)
    except ProgrammingError:
        print("the schema is outdated: run `python -m myclothes_shop migrate` first", file=sys.stderr)
    except OSError as error:
        print(f"{getattr(error, 'filename', None) or 'error'}: {error.strerror or error}", file=sys.stderr)
    return 1


async def _command(arguments: argparse.Namespace, config: ShopSettings) -> int:
    if arguments.command == "migrate":
        await commands.migrate(config)
        return 0
    if arguments.command == "ship":
        return await commands.ship(config, arguments.number)
    return await commands.import_feed(
        config,
        arguments.file,
        currency=arguments.currency,
        in_stock=arguments.in_stock,
        set_stock=arguments.set_stock,
        withdraw_missing=arguments.withdraw_missing,
        dry_run=arguments.dry_run,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m myclothes_shop", description="The shop.")
    parser.set_defaults(command="serve")
    commands_of = parser.add_subparsers(metavar="COMMAND")
    for name, text in (("serve", "answer requests (the default)"), ("migrate", "bring the schema up to date")):
        commands_of.add_parser(name, help=text).set_defaults(command=name)
    shipped = commands_of.add_parser("ship", help="note that an order has left the house")
    shipped.set_defaults(command="ship")
    shipped.add_argument("number", help="its number, such as MC-7K2P-04XD")
    feed = commands_of.add_parser(
        "import", help="import a feed", description="Import Shopify's product CSV or a Google Merchant feed (RSS 2.0)."
    )
    feed.set_defaults(command="import")
    what = feed.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path, help="the feed")
    what.add_argument("--sample", action="store_true", help="the sample catalogue")
    feed.add_argument("--currency", type=_currency, default="EUR", help="of prices that name none (default: EUR)")
    feed.add_argument(
        "--in-stock", type=int, default=1, metavar="UNITS", help='what "in stock" without a number is (default: 1)'
    )
    feed.add_argument("--set-stock", action="store_true", help="set the stock of known variants to the feed's")
    feed.add_argument("--withdraw-missing", action="store_true", help="withdraw what the feed does not hold")
    feed.add_argument("--dry-run", action="store_true", help="check and count, change nothing")
    return parser


def _currency(text: str) -> str:
    if not _CURRENCY.match(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 4217 code such as EUR")
    return text


if __name__ == "__main__":
    sys.exit(main())

# ruff: noqa: T201 - commands print
"""The shop's commands for operators: migrate, import, ship, and what they print."""

from __future__ import annotations

import sys
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from myclothes_kit.postgres import open_database
from myclothes_shop.importer import feeds
from myclothes_shop.service.imports import Import
from myclothes_shop.service.orders import Orders
from myclothes_shop.service.payments import OnDelivery

if TYPE_CHECKING:
    from myclothes_shop.importer.listings import RowError
    from myclothes_shop.settings import ShopSettings
    from myclothes_shop.store.listings import Changes

ALEMBIC = Path(__file__).with_name("alembic")
SAMPLE = "sample/catalogue.csv"
PROGRESS_SECONDS = 2.0
# nobody waits for a batch as a shopper does for a page
_LIMITS = {
    "database_pool_size": 1,
    "database_statement_seconds": 30.0,
    "database_lock_seconds": 20.0,
    "database_transaction_seconds": 45.0,
    "database_commit_seconds": 15.0,
}


async def migrate(settings: ShopSettings) -> None:
    """Bring the schema up to date."""
    from myclothes_kit.postgres import migrations  # noqa: PLC0415 - serving does without alembic

    await migrations.migrate("shop", settings, ALEMBIC)


async def import_feed(
    settings: ShopSettings,
    file: Path | None,
    *,
    currency: str,
    in_stock: int,
    set_stock: bool,
    withdraw_missing: bool,
    dry_run: bool,
) -> int:
    """Import `file`, or the sample catalogue; returns the exit code: 0, or 1 when a row was bad."""
    progress = _Progress()
    with resources.as_file(resources.files("myclothes_shop") / SAMPLE) as sample, (file or sample).open("rb") as stream:
        async with open_database("shop-import", settings.model_copy(update=_LIMITS)) as database:
            run = Import(database, set_stock=set_stock, dry_run=dry_run, report=_complain)
            good = await run.run(
                feeds.read(stream, currency, in_stock), withdraw_missing=withdraw_missing, progress=progress.show
            )
    if withdraw_missing and (not good or dry_run):
        print("nothing was withdrawn: that takes an import without a bad row, and no dry run", file=sys.stderr)
    print(f"{'dry run, nothing was changed: ' if dry_run else ''}{_summary(run.changes)}; {run.errors} bad rows")
    return 0 if good else 1


async def ship(settings: ShopSettings, number: str) -> int:
    """Note that an order has left the house; returns the exit code: 1 for one that was cancelled."""
    async with open_database("shop-ship", settings) as database:
        order = await Orders(database, OnDelivery(), placed=lambda: None).ship(number)
    print(f"{order.number}: {order.status}")
    return 0 if order.status == "shipped" else 1


class _Progress:
    """Says how far an import is, on standard error, every two seconds."""

    def __init__(self) -> None:
        self._shown = time.monotonic()

    def show(self, changes: Changes) -> None:
        """Called after each batch."""
        if time.monotonic() - self._shown >= PROGRESS_SECONDS:
            self._shown = time.monotonic()
            print(_summary(changes), file=sys.stderr, flush=True)


def _summary(changes: Changes) -> str:
    parts = [
        f"{changes.products_new} new and {changes.products_known} known products",
        f"{changes.variants_new} new and {changes.variants_known} known variants",
        f"{changes.units_received} units received",
    ]
    if changes.stocks_set:
        parts.append(f"{changes.stocks_set} stocks set")
    if changes.withdrawn:
        parts.append(f"{changes.withdrawn} variants withdrawn")
    return ", ".join(parts)


def _complain(error: RowError) -> None:
    place = ", ".join(part for part in (f"line {error.line}" if error.line else "", error.column) if part)
    print(f"{place or 'file'}: {error.reason}", file=sys.stderr)

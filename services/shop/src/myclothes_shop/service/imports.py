"""Imports a feed: reads it as a stream, writes it in batches, and reports each bad row while the good ones land."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from myclothes_shop.importer.listings import FileRefused, RowError
from myclothes_shop.store import listings as store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_kit.postgres import Database
    from myclothes_shop.importer.listings import Listing
    from myclothes_shop.store.listings import Changes

BATCH_LISTINGS = 100
BATCH_VARIANTS = 1_000


class _DryRun(Exception):  # noqa: N818 - no error: it only ends a transaction without a commit
    def __init__(self, changes: Changes) -> None:
        super().__init__()
        self.changes = changes


class _Before:
    """What a dry run has put and rolled back, without its texts: the feed may be larger than the memory."""

    def __init__(self) -> None:
        self._listings: dict[str, list[Listing]] = {}
        self._handles: dict[str, str] = {}

    def touched_by(self, batch: Iterable[Listing]) -> list[Listing]:
        """What a batch adds to or collides with, in the feed's order."""
        handles = {listing.handle for listing in batch}
        handles |= {self._handles[sku] for listing in batch for sku in _skus(listing) if sku in self._handles}
        found = [listing for handle in handles for listing in self._listings.get(handle, ())]
        return sorted(found, key=lambda listing: listing.line)

    def add(self, batch: Iterable[Listing]) -> None:
        """Remember a batch."""
        for listing in batch:
            short = msgspec.structs.replace(listing, description_html="", tags=[], pictures=[])
            self._listings.setdefault(listing.handle, []).append(short)
            for sku in _skus(listing):
                self._handles.setdefault(sku, listing.handle)


class Import:
    """One import into the catalogue."""

    def __init__(
        self, database: Database, *, set_stock: bool, dry_run: bool, report: Callable[[RowError], None]
    ) -> None:
        self._database = database
        self._set_stock = set_stock
        self._dry_run = dry_run
        self._report = report
        self._before = _Before()
        self.changes = store.Changes()
        self.errors = 0

    async def run(
        self, found: Iterable[Listing | RowError], *, withdraw_missing: bool, progress: Callable[[Changes], None]
    ) -> bool:
        """Write all that was found; whether every row was good. `progress` is called after each batch.

        With `withdraw_missing`, variants that the feed does not hold are withdrawn, if every row was good: a bad row
        may have been one of them.
        """
        import_id = (await self._database.write(store.new_import)).value
        for batch in _batches(self._good(found)):
            changes = await self._put(batch, import_id)
            for error in changes.errors:
                self._bad(error)
            self.changes.add(changes)
            progress(self.changes)
        if withdraw_missing and not self.errors and not self._dry_run:
            withdrawn = await self._database.write(lambda connection: store.withdraw_others(connection, import_id))
            self.changes.withdrawn += withdrawn.value
        return not self.errors

    async def _put(self, batch: list[Listing], import_id: int) -> Changes:
        async def put(connection: AsyncConnection, listings: list[Listing]) -> Changes:
            return await store.put(connection, listings, import_id, set_stock=self._set_stock)

        async def try_out(connection: AsyncConnection) -> None:
            for again in _batches(before):
                await put(connection, again)
            raise _DryRun(await put(connection, batch))

        if not self._dry_run:
            return (await self._database.write(lambda connection: put(connection, batch))).value
        before = self._before.touched_by(batch)
        self._before.add(batch)
        try:
            await self._database.write(try_out)
        except _DryRun as dry:
            return dry.changes
        raise AssertionError("unreachable")

    def _good(self, found: Iterable[Listing | RowError]) -> Iterator[Listing]:
        try:
            for one in found:
                if isinstance(one, RowError):
                    self._bad(one)
                else:
                    yield one
        except FileRefused as refused:
            self._bad(RowError(refused.line, "", refused.reason))

    def _bad(self, error: RowError) -> None:
        self.errors += 1
        self._report(error)


def _batches(found: Iterable[Listing]) -> Iterator[list[Listing]]:
    """Batches in which no handle and no sku occurs twice, as the store asks for."""
    batch: list[Listing] = []
    handles: set[str] = set()
    skus: set[str] = set()
    for listing in found:
        new = _skus(listing)
        full = len(batch) >= BATCH_LISTINGS or len(skus) + len(new) > BATCH_VARIANTS
        if batch and (full or listing.handle in handles or skus & new):
            yield batch
            batch, handles, skus = [], set(), set()
        batch.append(listing)
        handles.add(listing.handle)
        skus |= new
    if batch:
        yield batch


def _skus(listing: Listing) -> set[str]:
    return {variant.sku for variant in listing.variants}

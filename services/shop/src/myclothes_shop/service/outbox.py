"""Tells carts what was ordered, until they acknowledge it: a task in every replica, each row with one at a time.

Three steps, each of them safe to die before, in or after: lease rows (they come back when the lease ends), tell the
carts (once, by the order's operation id), forget what was acknowledged.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from myclothes_kit.problems import Problem
from myclothes_shop import metrics
from myclothes_shop.store import outbox as store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from myclothes_kit.postgres import Database
    from myclothes_shop.settings import ShopSettings
    from myclothes_shop.store.carts import Carts
    from myclothes_shop.store.outbox import Ordered

_FIRST_REFUSAL = 300
_log = structlog.get_logger()


class Outbox:
    """The task that empties the outbox."""

    def __init__(self, database: Database, carts: Carts, settings: ShopSettings) -> None:
        self._database = database
        self._carts = carts
        self._poll_seconds = settings.outbox_poll_seconds
        self._lease_seconds = settings.outbox_lease_seconds
        self._park_seconds = timedelta(days=settings.outbox_park_days).total_seconds()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look now: an order was placed here."""
        self._woken.set()

    async def run(self) -> None:
        """Empty the outbox for ever; no failure ends it.

        Rows are leased when there is something to lease: after an order that was placed here, or when a look at the
        outbox, each `outbox_poll_seconds`, shows what others have left. A lease writes to the primary, a look does not.
        """
        loop = asyncio.get_running_loop()
        look_at = loop.time()
        more = False
        while True:
            more = more or self._woken.is_set()
            self._woken.clear()
            try:
                # orders placed here first: a look at a replica that hangs would hold them up
                more = more and await self.round()
                if loop.time() >= look_at:
                    look_at = loop.time() + self._poll_seconds
                    more = await self.look() or more
            except Problem as problem:
                _log.warning("outbox_waits", code=problem.code)
                more = False
            except Exception:  # noqa: BLE001 - whatever it is, the next round must come
                _log.exception("outbox_failed")
                more = False
            if not more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), max(0.0, look_at - loop.time()))

    async def round(self) -> bool:
        """Once through the three steps; whether there may be more to do at once."""
        rows = await self.take()
        await self.confirm(await self.tell(rows))
        return len(rows) == store.BATCH

    async def take(self) -> list[Ordered]:
        """Lease rows that are due."""
        return (await self._database.write(lambda connection: store.take(connection, self._lease_seconds))).value

    async def tell(self, rows: Sequence[Ordered]) -> list[Ordered]:
        """Tell the carts, all at once since each row is of another cart; those that have acknowledged."""
        told = await asyncio.gather(*(self._tell(row) for row in rows))
        return [row for row, acknowledged in zip(rows, told, strict=True) if acknowledged]

    async def confirm(self, rows: Sequence[Ordered]) -> None:
        """Forget rows that were acknowledged."""
        numbers = [row.number for row in rows]
        if numbers:
            await self._database.write(lambda connection: store.confirm(connection, numbers))

    async def look(self) -> bool:
        """Measure what waits, give up what is too old, loudly; whether anything waits."""
        state = (await self._database.read(store.state)).value
        if state.age > self._park_seconds:
            parked = (await self._database.write(lambda connection: store.park(connection, self._park_seconds))).value
            for number in parked:
                _log.error("outbox_parked", order=number, hint="the lines of this order may still be in its cart")
        metrics.OUTBOX_DEPTH.set(state.waiting)
        metrics.OUTBOX_AGE.set(state.age)
        metrics.OUTBOX_PARKED.set(state.parked)
        return state.waiting > 0

    async def _tell(self, row: Ordered) -> bool:
        try:
            status = await self._carts.take(row)
        except Problem as problem:
            metrics.OUTBOX_SENT.labels("failed").inc()
            _log.warning("cart_not_told", order=row.number, code=problem.code)
            return False
        if status >= _FIRST_REFUSAL:
            metrics.OUTBOX_SENT.labels("refused").inc()
            _log.error("cart_refused", order=row.number, status=status)
            return False
        metrics.OUTBOX_SENT.labels("acknowledged").inc()
        return True

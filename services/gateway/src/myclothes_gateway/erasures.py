"""Erasures: deleted accounts whose cart and orders are still to be cleaned, until both have confirmed."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import structlog
from msgspec import Struct

from myclothes_gateway import metrics
from myclothes_gateway.peers import with_query
from myclothes_kit.problems import NotFound, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from myclothes_gateway.carts import Carts
    from myclothes_gateway.peers import Peer

_log = structlog.get_logger()


class Erasure(Struct, frozen=True):
    account_id: str
    pending: list[str]


class OpenErasures(Struct, frozen=True):
    items: list[Erasure]
    next: str | None = None


class Erasures:
    """Carries erasures out. Every step is idempotent, so several gateways may sweep at once.

    `sweep_seconds`: between two sweeps of one gateway, give or take a third.
    """

    def __init__(self, users: Peer, shop: Peer, carts: Carts, sweep_seconds: float) -> None:
        self._users = users
        self._shop = shop
        self._carts = carts
        self._sweep_seconds = sweep_seconds

    async def erase(self, account_id: str, parts: Iterable[str]) -> None:
        """Clean the pending parts and confirm them; what cannot be done now is left to the next sweep."""
        owner = f"account-{account_id}"
        operation = f"erase:{account_id}"
        for part in parts:
            try:
                if part == "cart":
                    await self._carts.erase(owner, operation)
                else:
                    await self._delete_owner(owner, operation)
                path = f"/v1/erasures/{account_id}/confirmations"
                await self._users.send("POST", path, None, body={"part": part}, operation=f"{operation}:{part}")
            except Problem as problem:
                metrics.ERASURES_PENDING.inc()
                _log.warning("erasure_pending", part=part, code=problem.code)

    async def _delete_owner(self, owner: str, operation: str) -> None:
        try:
            await self._shop.send("DELETE", f"/v1/owners/{owner}", None, operation=operation)
        except NotFound:
            _log.info("erasure_nothing_at_shop")

    async def sweep(self) -> None:
        """Carry on with all erasures that are open, page by page: those that cannot be done hold back no others."""
        cursor: str | None = None
        while True:
            page = await self._users.ask(OpenErasures, with_query("/v1/erasures", [("cursor", cursor)]))
            for erasure in page.items:
                await self.erase(erasure.account_id, erasure.pending)
            cursor = page.next
            if cursor is None:
                return

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(self._sweep_seconds * random.uniform(2 / 3, 4 / 3))  # noqa: S311 - spreads load
            try:
                await self.sweep()
            except Problem as problem:
                _log.warning("erasure_sweep_failed", code=problem.code)
            except Exception:  # noqa: BLE001 - the sweep outlives any surprise
                _log.exception("erasure_sweep_failed")

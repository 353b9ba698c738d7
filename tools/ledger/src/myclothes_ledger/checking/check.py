"""A check from the beginning to its verdict."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from myclothes_ledger.checking import carts, final, orders, stock
from myclothes_ledger.checking.final import Reader
from myclothes_ledger.checking.sessions import Sessions
from myclothes_ledger.checking.stories import tell
from myclothes_ledger.checking.verdicts import Verdict
from myclothes_ledger.client import Client
from myclothes_ledger.history import read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from myclothes_ledger.checking.final import FinalState
from myclothes_ledger.checking.stories import Tale

SETTLE_SECONDS = 30.0
"""How long after the end an operation may still take effect: what lies in a frozen process or an outbox."""
PAUSE_SECONDS = 1.0


async def check(
    folder: Path, urls: Sequence[str], *, sole_buyer: bool = True, settle_seconds: float = SETTLE_SECONDS
) -> Verdict:
    """The verdict on the history in `folder`, with the final state read at `urls`, or the stored one without any.

    Until that is that every promise was kept, the state is read again for `settle_seconds`: while something has yet to
    happen, nothing explains a state, or no search finds it. `sole_buyer`: nobody but the ledger bought the articles
    meanwhile. Raises HistoryError.
    """
    tale = tell(read(folder))
    if not urls:
        return decide(tale, final.load(folder), sole_buyer=sole_buyer)
    async with Client(urls) as client:
        reader = Reader(client, tale)
        deadline = time.monotonic() + settle_seconds
        state = await reader.read(tale.stories)
        while not (verdict := decide(tale, state, sole_buyer=sole_buyer)).kept and time.monotonic() < deadline:
            await asyncio.sleep(PAUSE_SECONDS)
            state = await reader.read(tale.stories)
    final.store(folder, state)
    return verdict


def decide(tale: Tale, state: FinalState, *, sole_buyer: bool = True) -> Verdict:
    """The verdict on a history and a final state at hand."""
    verdict = Verdict(unread=state.unread)
    operations = [operation for story in tale.stories.values() for operation in story.operations.values()]
    verdict.counts = {
        "shoppers": len(tale.stories),
        "acknowledged writes": sum(operation.outcome == "ok" for operation in operations),
        "unknown writes": sum(operation.outcome == "unknown" for operation in operations),
        "reads": sum(len(story.reads) for story in tale.stories.values()),
        "carts read at the end": len(state.carts),
    }
    for story in tale.stories.values():
        sessions = Sessions(story).follow()
        verdict.violations += sessions.violations
        takes = orders.check(story, state, verdict)
        carts.check(story, state, takes, sessions.floors, verdict)
    stock.check(tale, state, verdict, sole_buyer=sole_buyer)
    return verdict

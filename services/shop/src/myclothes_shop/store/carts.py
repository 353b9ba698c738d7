"""The cart service as the outbox sees it: one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from myclothes_kit.http_client import Policy
from myclothes_kit.idempotency import HEADER

if TYPE_CHECKING:
    from myclothes_kit.http_client import Upstream
    from myclothes_shop.store.outbox import Ordered

TAKE_SECONDS = 2.0
"""For telling a cart of one order, repeats included; less than any lease."""
POLICY = Policy(deadline_seconds=TAKE_SECONDS)


class Carts(Protocol):
    """Where carts are."""

    async def take(self, ordered: Ordered) -> int:
        """Take what was ordered out of its cart, at most once; the answer's status.

        Raises Problem when there is no answer.
        """


class HttpCarts:
    """The cart service over HTTP."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def take(self, ordered: Ordered) -> int:
        """POST …/take under the order's operation id, which the gateway uses too: only the first one counts."""
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in ordered.lines]
        answer = await self._upstream.request(
            "POST",
            f"/v1/carts/{ordered.cart_id}/take",
            headers={HEADER: f"order:{ordered.number}"},
            body=msgspec.json.encode({"lines": lines}),
        )
        return answer.status

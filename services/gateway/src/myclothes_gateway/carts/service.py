"""Carts in the cart service: the default, and the only rung that loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from myclothes_gateway.errors import raise_for
from myclothes_gateway.models import Cart
from myclothes_kit.idempotency import HEADER as IDEMPOTENCY_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from myclothes_gateway.models import Line
    from myclothes_gateway.sessions import Session
    from myclothes_kit.http_client import Upstream

MIN_VERSION_HEADER = "Myclothes-Min-Version"
_decode = msgspec.json.Decoder(Cart).decode


class ServiceCarts:
    """The cart service behind an upstream; see Carts."""

    def __init__(self, cart: Upstream) -> None:
        self._cart = cart

    async def read(self, session: Session) -> Cart:
        return await self._call("GET", f"/v1/carts/{session.owner}", session)

    async def add(self, session: Session, sku: str, quantity: int, operation: str) -> Cart:
        path = f"/v1/carts/{session.owner}/lines"
        return await self._call("POST", path, session, operation, {"sku": sku, "quantity": quantity})

    async def set_quantity(self, session: Session, sku: str, quantity: int, operation: str) -> Cart:
        path = f"/v1/carts/{session.owner}/lines/{sku}"
        return await self._call("PUT", path, session, operation, {"quantity": quantity})

    async def remove(self, session: Session, sku: str, operation: str) -> Cart:
        return await self._call("DELETE", f"/v1/carts/{session.owner}/lines/{sku}", session, operation)

    async def merge(self, session: Session, guest: str, into: str, operation: str) -> Cart:
        return await self._call("POST", f"/v1/carts/{into}/merge", session, operation, {"from": guest})

    async def take(self, session: Session, lines: Sequence[Line], operation: str) -> Cart:
        return await self._call("POST", f"/v1/carts/{session.owner}/take", session, operation, {"lines": lines})

    async def erase(self, owner: str, operation: str) -> None:
        raise_for(await self._cart.request("DELETE", f"/v1/carts/{owner}", headers={IDEMPOTENCY_KEY: operation}))

    async def _call(
        self, method: str, path: str, session: Session, operation: str | None = None, body: object = None
    ) -> Cart:
        headers = {}
        if session.cart_version:
            headers[MIN_VERSION_HEADER] = str(session.cart_version)
        if operation is not None:
            headers[IDEMPOTENCY_KEY] = operation
        encoded = None if body is None else msgspec.json.encode(body)
        answer = await self._cart.request(method, path, headers=headers, body=encoded)
        raise_for(answer)
        return _decode(answer.body)

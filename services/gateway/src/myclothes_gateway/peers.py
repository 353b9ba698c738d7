"""Typed calls of users and shop, carrying what the session has already seen of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import msgspec

from myclothes_gateway.errors import raise_for
from myclothes_kit.idempotency import HEADER as IDEMPOTENCY_KEY
from myclothes_kit.positions import HEADER as POSITION_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from myclothes_gateway.sessions import Session
    from myclothes_kit.http_client import Answer, Upstream

T = TypeVar("T")


class Peer:
    """One of the services that keep their state in Postgres."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def ask(self, shape: type[T], path: str, session: Session | None = None) -> T:
        """The answer to a GET, no older than what `session` has seen. Raises the peer's problem or a 503."""
        return (await self.send("GET", path, session)).json(shape)

    async def tell(
        self, shape: type[T], method: str, path: str, operation: str, *, body: object = None, session: Session | None
    ) -> T:
        """The answer to a write under the id `operation`. Raises the peer's problem or a 503."""
        return (await self.send(method, path, session, body=body, operation=operation)).json(shape)

    async def send(
        self, method: str, path: str, session: Session | None, *, body: object = None, operation: str | None = None
    ) -> Answer:
        """The successful answer to a request; what it shows is remembered in `session`."""
        headers: dict[str, str] = {}
        if session is not None and session.position.timeline:
            headers[POSITION_HEADER] = str(session.position)
        if operation is not None:
            headers[IDEMPOTENCY_KEY] = operation
        encoded = None if body is None else msgspec.json.encode(body)
        answer = await self._upstream.request(method, path, headers=headers, body=encoded)
        raise_for(answer)
        if session is not None:
            session.saw_position(answer.headers.get(POSITION_HEADER))
        return answer


def with_query(path: str, parameters: Iterable[tuple[str, Any]]) -> str:
    """`path` with those `parameters` that are set (neither None nor empty)."""
    query = urlencode([(name, value) for name, value in parameters if value not in (None, "")])
    return f"{path}?{query}" if query else path

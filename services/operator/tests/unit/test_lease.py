"""Of several operators one acts; another takes over when that one is silent for long enough."""

from __future__ import annotations

from typing import Any

from myclothes_operator.errors import RefusedError
from myclothes_operator.lease import LEASE_SECONDS, Lease


class Server:
    """The API server's part: a Lease with a version."""

    def __init__(self) -> None:
        self.spec: dict[str, Any] | None = None
        self.version = 0

    async def lease(self, _name: str) -> dict[str, Any] | None:
        if self.spec is None:
            return None
        return {"metadata": {"resourceVersion": str(self.version)}, "spec": dict(self.spec)}

    async def create_lease(self, _name: str, spec: dict[str, Any]) -> None:
        if self.spec is not None:
            raise RefusedError("exists")
        self.spec = spec
        self.version += 1

    async def write_lease(self, _name: str, version: str, spec: dict[str, Any]) -> None:
        if version != str(self.version):
            raise RefusedError("conflict")
        self.spec = (self.spec or {}) | spec
        self.version += 1


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_one_holds_it_and_the_other_waits() -> None:
    server, clock = Server(), Clock()
    first, second = (Lease(server, "l", name, clock) for name in ("first", "second"))
    assert await first.hold()
    assert not await second.hold()
    for _ in range(10):
        clock.now += LEASE_SECONDS / 2
        assert await first.hold()
        assert not await second.hold()


async def test_a_silent_holder_loses_it_and_learns_so() -> None:
    server, clock = Server(), Clock()
    first, second = (Lease(server, "l", name, clock) for name in ("first", "second"))
    assert await first.hold()
    assert not await second.hold()
    clock.now += LEASE_SECONDS
    assert await second.hold()
    assert not await first.hold()


async def test_of_two_that_take_it_at_once_one_is_refused() -> None:
    server, clock = Server(), Clock()
    first, second = (Lease(server, "l", name, clock) for name in ("first", "second"))
    assert await first.hold()
    clock.now += LEASE_SECONDS
    stale = await server.lease("l")
    assert await first.hold()

    async def behind(_name: str) -> dict[str, Any] | None:
        return stale

    current, server.lease = server.lease, behind
    assert not await second.hold()
    clock.now += LEASE_SECONDS
    assert not await second.hold()
    server.lease = current
    assert not await second.hold()


async def test_a_released_one_is_free_at_once() -> None:
    server, clock = Server(), Clock()
    first, second = (Lease(server, "l", name, clock) for name in ("first", "second"))
    assert await first.hold()
    assert not await second.hold()
    await first.release()
    assert await second.hold()

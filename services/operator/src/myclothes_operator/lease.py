"""Which of several operators acts: the one that holds the Lease. The others look on, and take over when it is silent.

It keeps two from doing the same work at once. It is no fence: that is each action's own precondition.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from myclothes_operator.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from myclothes_operator.documents import Document
    from myclothes_operator.kube import Kube

LEASE_SECONDS = 8.0
"""A holder that has not renewed for so long, by the clock of the one who waits, has lost it."""
RENEW_SECONDS = 2.0


class Lease:
    """One operator's part in it; `identity` differs from every other's."""

    def __init__(self, kube: Kube, name: str, identity: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube = kube
        self._name = name
        self._identity = identity
        self._clock = clock
        self._version = ""
        self._seen = float("-inf")
        self._renewed = float("-inf")

    async def hold(self) -> bool:
        """Take, renew or leave the Lease; whether this operator may act now. Raises FailedError."""
        if self._clock() - self._renewed < RENEW_SECONDS:
            return True
        try:
            return await self._hold()
        except RefusedError:
            # another was faster
            return False

    async def _hold(self) -> bool:
        started = self._clock()
        found = await self._kube.lease(self._name)
        if found is None:
            await self._kube.create_lease(self._name, self._spec())
            self._renewed = started
            return True
        version = found["metadata"]["resourceVersion"]
        if version != self._version:
            self._version, self._seen = version, started
        holder = found["spec"].get("holderIdentity")
        if holder not in {self._identity, None, ""} and started - self._seen < LEASE_SECONDS:
            return False
        await self._kube.write_lease(self._name, version, self._spec())
        self._renewed = started
        return True

    async def release(self) -> None:
        """Let another take over at once; raises FailedError or RefusedError."""
        found = await self._kube.lease(self._name)
        if found is not None and found["spec"].get("holderIdentity") == self._identity:
            await self._kube.write_lease(self._name, found["metadata"]["resourceVersion"], {"holderIdentity": None})

    def _spec(self) -> Document:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"holderIdentity": self._identity, "leaseDurationSeconds": round(LEASE_SECONDS), "renewTime": now}

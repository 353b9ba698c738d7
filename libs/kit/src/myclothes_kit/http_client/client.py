"""One upstream service: requests with time-outs, repeats within a deadline, and a bound on what is under way."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Counter

from myclothes_kit import deadlines, request_ids
from myclothes_kit.http_client.policy import REPEATABLE, Policy, patience, pause
from myclothes_kit.http_client.pool import open_pool
from myclothes_kit.http_client.wire import encode
from myclothes_kit.idempotency import HEADER as IDEMPOTENCY_KEY
from myclothes_kit.problems import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from myclothes_kit.http_client.answers import Answer
    from myclothes_kit.http_client.pool import Pool

MIN_ATTEMPT_SECONDS = 0.02
"""Less time than this left is not worth another attempt."""
SAFE = frozenset({"GET", "HEAD"})
ADVICE = "Please try again; a change that is sent again under the same Idempotency-Key is applied once."
ATTEMPTS = Counter("upstream_attempts_total", "Requests sent to another service.", ["upstream", "outcome"])
_log = structlog.get_logger()


class UpstreamUnavailable(Unavailable):
    """Another service could not be reached, or could not promise an answer, until the deadline."""

    title = "A part of the shop cannot answer now"


class Upstream:
    """A service under a URL. A GET, or a write under an operation id, is repeated until it is answered.

    Each repeat goes over a new connection: behind a service's name another pod may answer it.
    """

    def __init__(self, name: str, pool: Pool, policy: Policy) -> None:
        self.name = name
        self._pool = pool
        self._policy = policy
        self._under_way = 0
        self._outcomes = {outcome: ATTEMPTS.labels(name, outcome) for outcome in ("answered", "repeatable", "failed")}
        self._refused = ATTEMPTS.labels(name, "shed")

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline_seconds: float | None = None,
    ) -> Answer:
        """The answer to a request; `path` starts with a slash, is percent-encoded and carries its query.

        `body` is JSON. Answers of any status are returned, but for 502, 503 and 504 to a request that may be
        repeated: those and failures of the connection are repeated within the deadline, after which, or when too
        much is under way already, UpstreamUnavailable (503) is raised. AnswerInvalid (502) for one that is too large.
        The deadline is the earlier of `deadline_seconds` (the policy's when None) and that of `deadlines.within`.
        """
        if self._under_way >= self._policy.max_connections:
            self._refused.inc()
            raise UpstreamUnavailable("Too much is going on at once. Please try again in a moment.")
        sent = dict(headers) if headers else {}
        if request_id := request_ids.current.get():
            sent[request_ids.HEADER] = request_id
        if body is not None:
            sent["Content-Type"] = "application/json"
        repeatable = method in SAFE or IDEMPOTENCY_KEY in sent
        self._under_way += 1
        try:
            return await self._until_answered(
                encode(method, path, self._pool.host, sent, body),
                deadlines.end_of(deadline_seconds or self._policy.deadline_seconds),
                repeatable=repeatable,
            )
        finally:
            self._under_way -= 1

    async def _until_answered(self, data: bytes, deadline: float, *, repeatable: bool) -> Answer:
        loop = asyncio.get_running_loop()
        repeats = 0
        while True:
            answer: Answer | None = None
            reason = "status"
            try:
                answer = await self._attempt(data, deadline - loop.time(), repeats)
            except (TimeoutError, OSError) as error:
                self._outcomes["failed"].inc()
                reason = type(error).__name__
            if answer is not None and (answer.status not in REPEATABLE or not repeatable):
                self._outcomes["answered"].inc()
                return answer
            if answer is not None:
                self._outcomes["repeatable"].inc()
            retry_after = answer.retry_after() if answer is not None else None
            repeats += 1
            wait = pause(self._policy, repeats, retry_after)
            if not repeatable or loop.time() + wait + MIN_ATTEMPT_SECONDS > deadline:
                _log.warning("upstream_unavailable", upstream=self.name, repeats=repeats - 1, reason=reason)
                raise UpstreamUnavailable(ADVICE if repeatable else "", retry_after=retry_after)
            await asyncio.sleep(wait)

    async def _attempt(self, data: bytes, left: float, repeats: int) -> Answer:
        left = max(left, MIN_ATTEMPT_SECONDS)
        connection = self._pool.kept() if repeats == 0 else None
        if connection is None:
            connection = await self._pool.open(left)
        try:
            answer = await connection.request(data, min(patience(self._policy, repeats), left))
        except TimeoutError:
            self._pool.suspect(connection)
            raise
        self._pool.keep(connection)
        return answer


@asynccontextmanager
async def open_upstream(name: str, base_url: str, policy: Policy | None = None) -> AsyncIterator[Upstream]:
    """The upstream `name` at `base_url` (`http://host:port`), its connections closed at the end."""
    policy = policy or Policy()
    async with open_pool(base_url, policy) as pool:
        yield Upstream(name, pool, policy)

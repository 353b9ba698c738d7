"""How long to wait for another service, and when to ask it again."""

from __future__ import annotations

import random
from dataclasses import dataclass

from myclothes_kit import pressure

REPEATABLE = frozenset({502, 503, 504})
"""Statuses after which an idempotent request is sent again."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits of one upstream; times in seconds, sizes in bytes."""

    connect_seconds: float = 0.3
    """For a new connection, name resolution included."""
    read_seconds: float = 1.0
    """For the first attempt's whole answer, counted from the connection; twice as long for each repeat."""
    deadline_seconds: float = 5.0
    """For a request with all its repeats."""
    connection_seconds: float = 10.0
    """The longest life of a connection: a kept one outlives its endpoint and starves new pods."""
    max_connections: int = 100
    """Requests under way at once; one more is refused rather than queued."""
    max_answer_bytes: int = 4 * 1024 * 1024
    backoff_seconds: float = 0.025
    """Upper bound of the first random pause; it doubles with each repeat."""
    backoff_max_seconds: float = 0.5

    @property
    def attempt_seconds(self) -> float:
        """The longest that an attempt on a kept connection, the first, may take."""
        return self.connect_seconds + self.read_seconds


def patience(policy: Policy, repeats: int) -> float:
    """Seconds to wait for the answer of the attempt after `repeats` repeats.

    A dead peer is found by the first, short one. Whoever is slow, and not dead, is given time: to abandon each attempt
    after the same second and send it again would keep an overloaded service busy with answers that nobody awaits.
    """
    return pressure.patience(policy.read_seconds * 2.0**repeats)


def pause(policy: Policy, repeat: int, retry_after: float | None) -> float:
    """Seconds to wait before the `repeat`-th repeat (from 1): full jitter, at least what the upstream asked for.

    Full jitter after AWS' "Exponential Backoff And Jitter"; a named Retry-After gets a little on top, so that all
    who were refused together do not come back together.
    """
    ceiling = min(policy.backoff_max_seconds, policy.backoff_seconds * 2 ** (repeat - 1))
    return (retry_after or 0.0) + random.uniform(0.0, ceiling)  # noqa: S311 - spreads load, guards nothing

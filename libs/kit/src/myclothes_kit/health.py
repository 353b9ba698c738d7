"""Whether this replica should get requests.

A shared store's outage is no reason to refuse them: another replica would do no better.
"""

from __future__ import annotations


class Readiness:
    """The set of reasons why this replica is not ready; ready when there is none."""

    def __init__(self) -> None:
        self._reasons: set[str] = set()

    def block(self, reason: str) -> None:
        """Become (or stay) unready for `reason`."""
        self._reasons.add(reason)

    def unblock(self, reason: str) -> None:
        """Take `reason` back; harmless when it was not set."""
        self._reasons.discard(reason)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this replica is not ready, sorted."""
        return tuple(sorted(self._reasons))

    @property
    def ready(self) -> bool:
        """True when nothing speaks against sending requests here."""
        return not self._reasons

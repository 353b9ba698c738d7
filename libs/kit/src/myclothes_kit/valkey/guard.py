"""When a replicated write may be called acknowledged: pure logic, no I/O.

WAIT proves that a replica has a write, not that the replica keeps it: a primary that was frozen or cut off may live on
beside one of its replicas that was promoted, and the other replica acknowledges writes until it is re-pointed, which
overwrites them. So a write counts only when no replica could have been, or now be, promoted without it: each known
replica has the write, or is shown to be harmless. docs/adr/0002-acknowledged-writes.md gives the reasons.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from myclothes_kit.valkey.nodes import Address

HOLD_SECONDS = 3.0
"""Sentinel re-points the other replicas within this time of a promotion; after it a promoted replica has none left."""
FORGET_SECONDS = 600.0
"""A replica gone for this long that no Sentinel lists is no replica any more."""


class Answer(enum.Enum):
    """What a missing replica answers when it is asked directly."""

    DEAD = "dead"
    """The connection was refused: there is no process."""
    REPLICA = "replica"
    """It is a replica of the primary that the writes go to."""
    STRANGER = "stranger"
    """It is a master, or another node's replica."""
    SILENT = "silent"
    """It cannot be reached, or does not answer."""


class Verdict(enum.Enum):
    """What becomes of a batch."""

    ACKNOWLEDGED = "acknowledged"
    ASK = "ask"
    """Ask the replicas in `Guard.to_ask` and judge again."""
    TOO_FEW = "too_few_replicas"
    HELD_BACK = "held_back"
    NOT_PRIMARY = "not_primary"


@dataclass(frozen=True)
class Role:
    """A primary's answer to ROLE: its offset, and its attached replicas with the offset that each has acknowledged."""

    offset: int
    replicas: Mapping[Address, int]


@dataclass
class _Replica:
    missing_since: float | None
    """When it was first seen without a write that others had; None while it has everything."""
    answer: Answer | None = None
    bad_since: float | None = None
    """When it last began to answer as a stranger."""
    awaited: bool = False
    """The primary before this one, which has yet to join: the switch has voided whatever it claims to be."""
    lagging: bool = False
    """Attached, but WAIT has waited for it in vain: not waited for again until it has caught up."""


class Guard:
    """The replicas of one primary as this process has seen them, and the rule.

    Times are seconds of one monotonic clock.
    """

    def __init__(self, hold_seconds: float = HOLD_SECONDS) -> None:
        self._hold = hold_seconds
        self._replicas: dict[Address, _Replica] = {}
        self._listed: frozenset[Address] = frozenset()
        self._attached: frozenset[Address] = frozenset()
        self._offset = 0
        self._calm_from = 0.0
        self._majority = False
        self._judged = False
        self.to_ask: frozenset[Address] = frozenset()

    @property
    def missing(self) -> frozenset[Address]:
        """Known replicas that do not have everything."""
        return frozenset(address for address, replica in self._replicas.items() if replica.missing_since is not None)

    @property
    def strangers(self) -> bool:
        """A replica says that it belongs to another primary or is one: time to ask the Sentinels."""
        missing = (self._replicas[address] for address in self.missing)
        return any(replica.answer is Answer.STRANGER and not replica.awaited for replica in missing)

    def describe(self) -> dict[str, str]:
        """Each missing replica and what it answered, for a log."""
        return {str(a): (r.answer.value if (r := self._replicas[a]).answer else "not asked") for a in self.missing}

    def begin(self, now: float, *, previous: Address | None = None) -> None:
        """Writes go to a new primary from now on, learnt by a failover from `previous`, or at the process's start.

        After a failover the primary is known to be the one; at the start it may be one that was just frozen.
        """
        self._replicas = {}
        self._attached = frozenset()
        self._offset = 0
        self._judged = False  # a batch of the primary before must not be concluded by what is known of this one
        self._calm_from = now if previous is not None else now + self._hold
        if previous is not None:
            self._replicas[previous] = _Replica(missing_since=now, awaited=True)

    def interrupted(self, now: float) -> None:
        """The connection to the primary was lost or late: it may have been frozen, and failed over meanwhile."""
        self._calm_from = now + self._hold

    def listed(self, addresses: Iterable[Address], now: float, *, majority: bool) -> None:
        """The Sentinels' list of replicas, and whether most of the Sentinels still name this primary."""
        self._majority = majority
        self._listed = frozenset(addresses)
        for address in self._listed:
            self._replicas.setdefault(address, _Replica(missing_since=now))

    def doubted(self) -> None:
        """The Sentinels cannot be asked, or know less than this process."""
        self._majority = False

    def observe(self, role: Role | None, now: float) -> None:
        """What ROLE said when no write was made: who is attached, so who has left."""
        if role is not None:
            self._see(role, frozenset(role.replicas), now)

    def expected(self) -> int:
        """How many replicas to wait for: all that are attached and do not lag."""
        return sum(not self._replicas[address].lagging for address in self._attached)

    def judge(self, role: Role | None, counted: int, needed: int, now: float) -> Verdict:
        """May a batch be acknowledged that WAIT says `counted` replicas have? `role` was asked after WAIT.

        WAIT was told to wait for `expected()` replicas, or `needed` if that is more. ASK names in `to_ask` the
        replicas whose answer, given after WAIT, decides: give it to `answered`, then call `conclude`.
        """
        if role is None:
            return Verdict.NOT_PRIMARY
        before = self._attached
        waited_for = [address for address in before if not self._replicas[address].lagging]
        # at least `counted` of the acknowledged offsets cover the batch, so the `counted` highest do
        ranked = sorted(role.replicas, key=lambda address: role.replicas[address], reverse=True)
        complete = before.intersection(ranked[:counted])
        self._see(role, complete, now)
        for address in complete:
            self._replicas[address] = _Replica(missing_since=None)
        for address in waited_for:
            self._replicas[address].lagging = address not in complete
        if counted < needed:
            return Verdict.TOO_FEW
        self._judged = True
        self.to_ask = frozenset(a for a in self.missing if not self._harmless_by_time(self._replicas[a], now))
        return Verdict.ASK if self.to_ask else Verdict.ACKNOWLEDGED

    def answered(self, address: Address, answer: Answer, now: float) -> None:
        """What a missing replica answered."""
        replica = self._replicas.get(address)
        if replica is None or replica.missing_since is None:
            return
        if answer is Answer.STRANGER and replica.answer is not Answer.STRANGER:
            replica.bad_since = now
        replica.answer = answer

    def conclude(self, now: float) -> Verdict:
        """The verdict on the batch last judged, once those in `to_ask` have been asked."""
        ok = self._judged and all(
            self._harmless_now(replica, now) for a in self.to_ask if (replica := self._replicas.get(a))
        )
        return Verdict.ACKNOWLEDGED if ok else Verdict.HELD_BACK

    def forget(self, now: float) -> None:
        """Drop replicas that are gone for good."""
        for address in self.missing - self._listed:
            since = self._replicas[address].missing_since
            if since is not None and now - since >= FORGET_SECONDS:
                del self._replicas[address]

    def _see(self, role: Role, complete: frozenset[Address], now: float) -> None:
        self._attached = frozenset(role.replicas)
        for address, offset in role.replicas.items():
            replica = self._replicas.setdefault(address, _Replica(missing_since=now))
            if offset >= self._offset:  # it has all that the primary had at the last look, so it was here until now
                replica.lagging = False
                replica.missing_since = None
        self._offset = role.offset
        for address, replica in self._replicas.items():
            if replica.missing_since is None and address not in complete:
                replica.missing_since = now

    def _harmless_now(self, replica: _Replica, now: float) -> bool:
        excused = replica.answer in (Answer.DEAD, Answer.REPLICA) and replica.bad_since is None
        return (excused and now >= self._calm_from) or self._harmless_by_time(replica, now)

    def _harmless_by_time(self, replica: _Replica, now: float) -> bool:
        if replica.missing_since is None:
            return True
        if now < self._calm_from:
            # a failover may be under way: one that says it is a replica may be promoted next, one that is dead may have
            # been promoted before it died and come back as that, and being away for long does not spare it either
            return False
        if replica.awaited:
            return True
        since = replica.missing_since if replica.bad_since is None else max(replica.missing_since, replica.bad_since)
        return self._majority and now - since >= self._hold

"""What the operator can do, each with the precondition under which alone it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from myclothes_operator.model import Mark, Status


@dataclass(frozen=True)
class SetStatus:
    """Write a shift's status, if the shift is still of this version."""

    shift: str
    version: str
    status: Status


@dataclass(frozen=True)
class TakeOut:
    """Take a pod out of the Services and mark it as the shift's, if it is still of this version."""

    pod: str
    version: str
    shift: str


@dataclass(frozen=True)
class PutBack:
    """Put a marked pod back into the Services, if it is still of this version."""

    pod: str
    version: str


@dataclass(frozen=True)
class SetMinimum:
    """Give an autoscaler a minimum (None: leave it) and a mark (None: take it off), if it is still of this version."""

    autoscaler: str
    version: str
    minimum: int | None
    mark: Mark | None


@dataclass(frozen=True)
class MoveCartPrimary:
    """Have the Sentinels move the primary, if it is still `primary` and the epoch is still `epoch`."""

    primary: str
    epoch: int


@dataclass(frozen=True)
class MoveUserPrimary:
    """Have Patroni switch over to `candidate`, if `primary` still leads."""

    primary: str
    candidate: str


Action = SetStatus | TakeOut | PutBack | SetMinimum | MoveCartPrimary | MoveUserPrimary

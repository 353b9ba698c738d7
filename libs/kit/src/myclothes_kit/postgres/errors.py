"""Failures of the database as a caller sees them; never an exception's text."""

from __future__ import annotations

from myclothes_kit.problems import BadRequest, Unavailable, Unprocessable


class DatabaseAway(Unavailable):
    """No node that may serve this can be reached; nothing was changed."""

    code, title = "database_away", "The database cannot be reached now"


class DatabaseBusy(Unavailable):
    """A connection, a lock or a statement took longer than its limit; nothing was changed."""

    code, title = "database_busy", "The database is too busy now"


class OutcomeUnknown(Unavailable):
    """A commit was sent and its answer did not come: it may have been applied. Repeat under the same operation id."""

    code, title = "outcome_unknown", "It is not known whether this was saved"


class PositionNotReached(Unavailable):
    """No reachable node has caught up with what the caller has already seen."""

    code, title = "position_not_reached", "A newer state was seen before than can be shown now"


class PositionInvalid(BadRequest):
    code, title = "position_invalid", "The position is malformed"


class OperationIdReused(Unprocessable):
    """The operation id was used before for something else."""

    code, title = "idempotency_key_reused", "This operation id was used for another request"

"""One id for a shopper's request, in every tier's log and answers.

A context variable of its own: structlog's go by name, and looking one up goes through all that a context holds.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

HEADER = "X-Request-Id"
current: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; empty outside of one."""


def add_to_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """structlog processor: the current id, where there is one."""
    if request_id := current.get():
        event["request_id"] = request_id
    return event

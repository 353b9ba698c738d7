"""Failures of a store's calls."""

from __future__ import annotations

from myclothes_kit.problems import Unavailable


class StoreUnavailable(Unavailable):
    """There is no primary to talk to, or it refuses: nothing was done."""

    code, title = "store_unavailable", "The store is away for the moment"


class StoreFull(Unavailable):
    """The primary is out of memory: nothing was done."""

    code, title = "store_full", "The store takes no more for the moment"
    retry_after_default = 10.0


class StoreBusy(Unavailable):
    """More writes wait than may: nothing was done."""

    code, title = "store_busy", "Too many writes wait for the store"


class NotAcknowledged(Unavailable):
    """The write may or may not have been done, and whether it will last is not known; it may be sent again."""

    code, title = "not_acknowledged", "The write could not be confirmed"

    def __init__(self, reason: str) -> None:
        super().__init__("Send it again with the same operation id.")
        self.reason = reason


class ScriptError(Exception):
    """The server refuses a command for a reason that a repeat does not mend: a mistake in a program or in an ACL."""


_KINDS = {
    "READONLY": StoreUnavailable,
    "NOREPLICAS": StoreUnavailable,
    "LOADING": StoreUnavailable,
    "MASTERDOWN": StoreUnavailable,
    "MISCONF": StoreUnavailable,
    "BUSY": StoreUnavailable,
    "NOAUTH": StoreUnavailable,
    "UNBLOCKED": StoreUnavailable,
    "OOM": StoreFull,
}


def of_reply(error: Exception) -> Exception:
    """The failure that an error reply stands for."""
    text = str(error)
    kind = _KINDS.get(text.partition(" ")[0])
    return ScriptError(text) if kind is None else kind()


def kind_of_reply(error: Exception) -> str:
    """An error reply's kind: its first word."""
    return str(error).partition(" ")[0]

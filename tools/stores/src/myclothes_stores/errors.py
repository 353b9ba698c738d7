"""What can go wrong when a store is started or asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LAST_LINES = 15


class StoreError(Exception):
    """A store could not be started, stopped or brought into the asked state."""


def tail(path: Path, lines: int = LAST_LINES) -> str:
    """The last lines of a log, for an error that shows what the store itself said."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError as error:
        return f"(no log: {error})"

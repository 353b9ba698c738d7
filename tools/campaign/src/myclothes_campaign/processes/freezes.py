"""A process and its children stopped where they are, until it is told to go on, or this process ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from myclothes_campaign.ground import GroundError
from myclothes_stores import freezer

if TYPE_CHECKING:
    from myclothes_campaign.ground import Mend

THAW_SECONDS = 10.0


def freeze(pid: int) -> Mend:
    """Stop it (SIGSTOP); what is returned lets it go on."""
    command = [sys.executable, "-I", "-S", str(Path(freezer.__file__)), str(pid)]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    if guard.stdout is None or guard.stdout.readline() != b"frozen\n":
        raise GroundError(f"process {pid} could not be frozen")

    def thaw() -> None:
        guard.communicate(timeout=THAW_SECONDS)

    return thaw

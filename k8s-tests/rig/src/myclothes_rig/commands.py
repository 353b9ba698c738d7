"""Calling other programs, with a limit on their time and the end of their output in the failure."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from myclothes_rig.errors import CommandError

QUICK_SECONDS = 30.0
"""The limit of a command that only changes or reads the kernel's or the API server's state."""

TAIL_LINES = 15
"""How much of a failed program's output is shown."""


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """The last `lines` lines of a log, indented for a message."""
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-lines:])


def run(
    argv: Sequence[str | Path],
    *,
    seconds: float = QUICK_SECONDS,
    stdin: str | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end and return its standard output.

    `env` is added to this process' environment. Raises CommandError with the end of the program's output when it
    fails, cannot be found or takes longer than `seconds`.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            cwd=cwd,
            env={**os.environ, **(env or {})},
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"not done within {seconds:g} s: {' '.join(words)}") from error
    except FileNotFoundError as error:
        raise CommandError(f"no such program: {words[0]}") from error
    if done.returncode:
        raise CommandError(f"exit code {done.returncode}: {' '.join(words)}\n{tail(done.stderr or done.stdout)}")
    return done.stdout


def succeeds(argv: Sequence[str | Path], *, seconds: float = QUICK_SECONDS) -> bool:
    """Whether a program ends well."""
    try:
        run(argv, seconds=seconds)
    except CommandError:
        return False
    return True

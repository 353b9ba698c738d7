"""Where the stores of a test session keep their data, and what is cached between sessions."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

_PREFIX = "myclothes-stores-"


@cache
def session_folder() -> Path:
    """The folder of this process for data and logs, gone when it ends; what killed sessions left is swept first."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getuid()}-"))
    folder.chmod(0o711)  # another user's Postgres passes through to its own data
    _hold(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def new_folder(name: str) -> Path:
    """An empty folder of its own below the session's."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=session_folder()))
    folder.chmod(0o711)
    return folder


def cache_folder() -> Path:
    """Kept between sessions: Postgres' freshly initialised data folder, copied instead of made anew."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "myclothes-stores"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _hold(folder: Path) -> None:
    """Marks the folder as in use until this process ends; the mark appears only when it is already locked."""
    lock = os.open(folder / ".lock.new", os.O_WRONLY | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (folder / ".lock.new").rename(folder / ".lock")
    # the descriptor stays open: the process's end gives the lock back


def _sweep() -> None:
    """Removes the folders of sessions that were killed: their lock is free."""
    for mark in Path(tempfile.gettempdir()).glob(f"{_PREFIX}{os.getuid()}-*/.lock"):
        try:
            with mark.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(mark.parent, ignore_errors=True)
        except OSError:
            continue  # in use, or another session is sweeping

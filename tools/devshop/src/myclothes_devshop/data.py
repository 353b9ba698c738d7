"""The folder that outlives a run: the stores' data, logs and the secrets, used by one shop at a time."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import secrets
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

LEFTOVER_SECONDS = 10.0
POLL_SECONDS = 0.05
_KEY_BYTES = 32


class LaunchError(Exception):
    """The shop cannot be started; the text says why and what to do."""


class DataFolder:
    """Locked while in use; a shop that was killed leaves no lock behind."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            for folder in (self.path, self.logs, self.path / "secrets"):
                folder.mkdir(parents=True, exist_ok=True)
            lock = (self.path / "lock").open("a+")
        except OSError as error:
            raise LaunchError(f"{error.filename}: {error.strerror}; give another folder with --data") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise LaunchError(f"a shop is running on {self.path} already (process {holder}): stop it first") from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        try:
            self._wait_for_leftovers()
        except LaunchError:
            lock.close()
            raise
        self._lock = lock
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.close()

    @property
    def logs(self) -> Path:
        """Where every process's log is; each run starts them anew."""
        return self.path / "logs"

    def _wait_for_leftovers(self) -> None:
        """The stores of a shop that was just killed may need a moment to end; they work in their data folders."""
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while found := _working_below(self.path):
            if time.monotonic() > deadline:
                raise LaunchError(f"processes of an earlier run are still there: {', '.join(map(str, found))}")
            time.sleep(POLL_SECONDS)

    def signing_keys(self) -> Path:
        """The gateway's ring of keys, made at the first run; changing it logs everybody out."""
        path = self.path / "secrets" / "gateway-signing-keys"
        if not path.exists():
            new = path.with_suffix(".new")
            new.touch(mode=0o600)
            new.write_text(secrets.token_hex(_KEY_BYTES) + "\n")
            new.rename(path)
        return path

    def mark(self, kind: str, name: str) -> Path:
        """A file beside the data of the stores of this kind that says what was last done to them."""
        return self.path / kind / name


def digest(feed: Path | None) -> str:
    """What tells one catalogue from another: the file's hash, or "sample" for the sample catalogue."""
    if feed is None:
        return "sample"
    with feed.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def migrations_digest(package: str) -> str:
    """What tells one state of a service's migrations from another: the hash of the files, read without an import."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    files = sorted(path for folder in folders or [] for path in Path(folder, "alembic").rglob("*.py"))
    if not files:
        raise LaunchError(f"{package} has no migrations here: is it installed? (make shop does it)")
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _working_below(folder: Path) -> list[int]:
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink().is_relative_to(folder) and int(link.parent.name) != os.getpid():
                found.append(int(link.parent.name))
        except OSError:
            continue  # another user's, or gone
    return found

"""Child processes that never outlive the process that started them, even when that one is killed with SIGKILL.

Linux signals a child when the *thread* that started it ends (PR_SET_PDEATHSIG), so every child is started from one
thread that lives as long as this process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING

from myclothes_stores.errors import StoreError, tail
from myclothes_stores.freezer import children
from myclothes_stores.users import setpriv

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from myclothes_stores.users import User

KILL_SECONDS = 10.0
POLL_SECONDS = 0.02

# The parent may have died before PR_SET_PDEATHSIG was set; then nobody would signal the child any more.
_START = '[ "$PPID" = "$0" ] || exit 1; exec "$@"'

_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="myclothes-stores-spawner")


class ManagedProcess:
    """One child process: starts, dies on demand, can be frozen and thawed.

    `command` is the program and its arguments, `log` collects its output, `user` is whom it runs as.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        user: User | None = None,
        env: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self._user = user
        self._env = dict(env) if env is not None else None
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._freezer: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running (or last) process."""
        if self._process is None:
            raise StoreError(f"{self.name} has not been started")
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process exists; a frozen one does."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How the last process ended, None while it runs or when there was none."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Starts the process; its output is appended to the log."""
        if self.alive:
            return
        with self.log.open("ab") as output:
            self._process = _spawner.submit(_spawn, self.command, output, self._user, self._env).result()

    def kill(self) -> None:
        """Ends the process at once (SIGKILL), frozen or not."""
        self._end(signal.SIGKILL, KILL_SECONDS)

    def stop(self, seconds: float) -> None:
        """Asks the process to end and kills it when it has not done so after `seconds`."""
        self._end(self._stop_signal, seconds)

    def _end(self, number: signal.Signals, seconds: float) -> None:
        if self._process is None:
            return
        children = descendants(self._process.pid)
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        self.thaw()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(KILL_SECONDS)
        for child in children:
            wait_gone(child, self._process.pid)

    def freeze(self) -> None:
        """Stops the process and all its children where they are (SIGSTOP).

        A small guard holds them: it lets them go on when thawed, and also when this process dies, since a stopped
        orphan would otherwise stay for ever.
        """
        if self._freezer is not None:
            return
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("freezer.py")), str(self.pid)]
        freezer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        if freezer.stdout is None or freezer.stdout.readline() != b"frozen\n":
            raise StoreError(f"{self.name} could not be frozen")
        self._freezer = freezer

    def thaw(self) -> None:
        """Lets a frozen process go on (SIGCONT)."""
        if self._freezer is not None:
            self._freezer.communicate(timeout=KILL_SECONDS)
            self._freezer = None

    def failure(self, reason: str) -> StoreError:
        """The error that says what failed, with the end of the process's own log."""
        return StoreError(f"{self.name}: {reason}\n--- {self.log}\n{tail(self.log)}")


def _spawn(
    command: list[str], output: IO[bytes], user: User | None, env: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    become = user.setpriv_options() if user is not None else []
    return subprocess.Popen(
        [setpriv(), *become, "--pdeathsig", "KILL", "sh", "-c", _START, str(os.getpid()), *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=env,
        start_new_session=True,  # a Ctrl-C in the terminal is for the parent, which stops its children in order
    )


def descendants(pid: int) -> list[int]:
    """The ids of all processes below `pid`, whatever group or session they are in."""
    found = children(pid)
    return found + [deeper for child in found for deeper in descendants(child)]


def wait_gone(pid: int, parent: int, seconds: float = KILL_SECONDS) -> None:
    """Waits for an orphan of `parent` to end by itself, so that its memory and locks are free; kills it after that."""
    deadline = time.monotonic() + seconds
    while exists(pid):
        if time.monotonic() > deadline:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            raise StoreError(f"process {pid}, a child of {parent}, outlived it by {seconds:g} s")
        time.sleep(POLL_SECONDS)


def exists(pid: int) -> bool:
    """Whether the process is there and has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(
    ready: Callable[[], bool], seconds: float, process: ManagedProcess | None = None, *, what: str = "ready"
) -> None:
    """Polls until `ready()`; after `seconds`, or when `process` ends before, raises StoreError."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process is not None and not process.alive:
            raise process.failure(f"ended with exit code {process.exit_code} before it was {what}")
        if time.monotonic() > deadline:
            reason = f"not {what} after {seconds:g} s"
            raise process.failure(reason) if process is not None else StoreError(reason)
        time.sleep(POLL_SECONDS)

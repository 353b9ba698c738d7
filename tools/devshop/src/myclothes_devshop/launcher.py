"""One run of the shop, from the first check to the last process's end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from myclothes_devshop.console import Console, Tail
from myclothes_devshop.data import DataFolder, LaunchError, digest, migrations_digest
from myclothes_devshop.keeper import Keeper
from myclothes_devshop.plan import GATEWAY, Plan
from myclothes_devshop.replicated_stores import ReplicatedStores
from myclothes_devshop.restarts import GaveUpError
from myclothes_devshop.services import Service
from myclothes_devshop.stores import SingleStores, Stores, together
from myclothes_stores.errors import StoreError, tail
from myclothes_stores.ports import is_free
from myclothes_stores.processes import ManagedProcess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import FrameType

READY_SECONDS = 120.0
MIGRATE_SECONDS = 120.0
IMPORT_SECONDS = 3600.0
POLL_SECONDS = 0.1
# The importer's own: rows were bad, or the database refused; what it could import is in.
BAD_ROWS = 1


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    port: int
    ha: bool
    feed: Path | None
    data: Path


class StopRequested(BaseException):
    """Ctrl-C or SIGTERM."""


def run(options: Options) -> int:
    """Runs the shop until it is told to stop (0) or cannot go on (1)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _request_stop)
    console = Console()
    try:
        with contextlib.ExitStack() as stack:
            _run(options, console, stack)
    except StopRequested:
        console.say("stopped")
        return 0
    except (LaunchError, StoreError, GaveUpError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    # A second one does not wait: the children end with this process.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os._exit(1))
    raise StopRequested


def _run(options: Options, console: Console, stack: contextlib.ExitStack) -> None:
    if not is_free(options.port):
        raise LaunchError(f"port {options.port} is taken: stop what listens there, or choose another with PORT=")
    if options.feed is not None and not options.feed.is_file():
        raise LaunchError(f"there is no file {options.feed}")
    data = stack.enter_context(DataFolder(options.data))
    stores = _open_stores(options, data, console, stack)
    plan = Plan(options.port, stores, data)
    _migrate(plan, data, stores.kind)
    services = [
        Service(name, ["-m", f"myclothes_{name}"], plan.environment(name), data.logs, console, port=plan.ports[name])
        for name in plan.names
    ]
    stack.callback(_stop, services)
    for service in services:
        service.start()
    _import(plan, options.feed, data, console, stores.kind)
    keeper = stack.enter_context(Keeper(stores))
    _wait_ready(services, keeper)
    if options.ha:
        console.say("\n".join(stores.describe()))
    console.say(f"ready: {plan.origin} (Ctrl-C stops)")
    while not console.broken:
        _tend(services, keeper)


def _open_stores(options: Options, data: DataFolder, console: Console, stack: contextlib.ExitStack) -> Stores:
    kind: type[SingleStores | ReplicatedStores] = ReplicatedStores if options.ha else SingleStores
    stores = kind(data.path / kind.kind, console)
    stack.callback(stores.stop)
    stores.start()
    return stores


def _migrate(plan: Plan, data: DataFolder, kind: str) -> None:
    """Brings the schemas up to date, unless they were under the same migrations: that spares seconds of imports."""

    def migrate(name: str) -> None:
        mark, wanted = data.mark(kind, f"{name}-migrated"), migrations_digest(f"myclothes_{name}")
        if mark.exists() and mark.read_text() == wanted:
            return
        code, output = _finish(f"{name}-migrate", [f"myclothes_{name}", "migrate"], plan, data, MIGRATE_SECONDS)
        if code != 0:
            raise LaunchError(f"the schema of {name} could not be brought up to date (exit code {code}):\n{output}")
        mark.write_text(wanted)

    together(lambda: migrate("users"), lambda: migrate("shop"))


def _import(plan: Plan, feed: Path | None, data: DataFolder, console: Console, kind: str) -> None:
    """Imports the catalogue in the place of another, unless the last import was of the same one.

    Its stock is set once: what has been sold stays sold when the same catalogue is imported again.
    """
    mark, stocked, wanted = data.mark(kind, "imported"), data.mark(kind, "stocked"), digest(feed)
    if mark.exists() and mark.read_text() == wanted:
        return
    mark.unlink(missing_ok=True)  # from here on the shop holds neither the one nor the other
    known = stocked.read_text().split() if stocked.exists() else []
    stock = [] if wanted in known else ["--set-stock"]
    source = ["--sample"] if feed is None else [str(feed.absolute())]
    command = ["myclothes_shop", "import", "--withdraw-missing", *stock, *source]
    code, output = _finish("import", command, plan, data, IMPORT_SECONDS, console)
    if code not in (0, BAD_ROWS):
        raise LaunchError(f"the catalogue could not be imported (exit code {code}):\n{output}")
    stocked.write_text(" ".join({*known, wanted}))
    if code == 0:
        mark.write_text(wanted)
    else:
        console.say("not all of the catalogue could be imported: the next start tries again")


def _finish(
    name: str, command: Sequence[str], plan: Plan, data: DataFolder, seconds: float, console: Console | None = None
) -> tuple[int, str]:
    """Runs a command of a service to its end, shown on the console if given; its exit code and its last lines."""
    log = data.logs / f"{name}.log"
    log.write_bytes(b"")
    service = command[0].removeprefix("myclothes_")
    process = ManagedProcess(name, [sys.executable, "-m", *command], log, env=os.environ | plan.environment(service))
    process.start()
    shown = Tail(name, log, console) if console else None
    deadline = time.monotonic() + seconds
    while process.exit_code is None:
        if time.monotonic() > deadline:
            process.kill()
            raise LaunchError(f"{name} was not done after {seconds:g} s:\n{tail(log)}")
        time.sleep(POLL_SECONDS)
        if shown:
            shown.show_new()
    if shown:
        shown.show_new()
    return process.exit_code, tail(log)


def _wait_ready(services: Sequence[Service], keeper: Keeper) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while waiting := [service for service in services if not service.ready()]:
        _tend(services, keeper)
        if time.monotonic() > deadline:
            names = ", ".join(service.name for service in waiting)
            raise LaunchError(f"not ready after {READY_SECONDS:g} s: {names}\n{tail(waiting[0].process.log)}")


def _tend(services: Sequence[Service], keeper: Keeper) -> None:
    for service in services:
        service.tend()
    keeper.check()
    time.sleep(POLL_SECONDS)


def _stop(services: Sequence[Service]) -> None:
    """The gateway first: what it has begun still finds the others."""
    gateway = [service for service in services if service.name == GATEWAY]
    others = [service for service in services if service.name != GATEWAY]
    together(*(service.stop for service in gateway))
    together(*(service.stop for service in others))

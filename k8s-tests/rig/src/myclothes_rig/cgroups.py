"""A node's control groups: one folder in each version 1 hierarchy, which the node sees as its root."""

import contextlib
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from myclothes_rig.errors import PreparationError
from myclothes_rig.layout import ZoneFacts
from myclothes_rig.waiting import wait_for

ROOT = Path("/sys/fs/cgroup")
HIERARCHIES = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd", "unified")
CENSUS = "pids"
"""The hierarchy in which processes are looked up."""

SHARES = 8 * 1024
"""Of the processor, for each node; every program outside of the groups counts 1024. What runs the tests would otherwise
take from the cluster as much as a whole zone may have."""
CONTROL_PLANE = ROOT / "cpu" / "mc-control-plane"
CONTROL_PLANE_SHARES = 4 * SHARES
"""Elsewhere the control plane has machines of its own, and answers however busy the nodes are."""

FREEZE_SECONDS = 10.0
EMPTY_SECONDS = 30.0


def require() -> None:
    """Raise PreparationError unless the hierarchies are there."""
    lacking = [name for name in HIERARCHIES if not (ROOT / name / "cgroup.procs").exists()]
    if lacking:
        raise PreparationError(
            f"the rig's nodes need cgroup version 1, and {', '.join(lacking)} are not mounted in {ROOT}: "
            "use kind (CLUSTER=kind) or another cluster (CLUSTER=current) on this machine"
        )


def create(zone: ZoneFacts) -> list[Path]:
    """Make a node's groups and return them, one a hierarchy."""
    groups = [ROOT / hierarchy / zone.namespace for hierarchy in HIERARCHIES]
    for group in groups:
        group.mkdir(exist_ok=True)
        if group.parent.name == "cpuset":
            # A new group has no processors and takes no process; its children are to take over what it has.
            for name in ("cpuset.cpus", "cpuset.mems"):
                (group / name).write_text((group.parent / name).read_text())
            (group / "cgroup.clone_children").write_text("1")
        if group.parent.name == "cpu":
            (group / "cpu.shares").write_text(str(SHARES))
    return groups


def create_control_plane() -> Path:
    """Make the control plane's group of the processor and return the file that a process joins it by."""
    CONTROL_PLANE.mkdir(exist_ok=True)
    (CONTROL_PLANE / "cpu.shares").write_text(str(CONTROL_PLANE_SHARES))
    return CONTROL_PLANE / "cgroup.procs"


def join_control_plane(pid: int) -> None:
    """Give a process the control plane's share of the processor, as if it ran on no machine of the zones."""
    (CONTROL_PLANE / "cgroup.procs").write_text(str(pid))


def join_control_plane_alone(thread: int) -> None:
    """The same for one thread of a process, by the kernel's id of it."""
    (CONTROL_PLANE / "tasks").write_text(str(thread))


def remove_control_plane() -> None:
    """Delete the control plane's group, if it is there; its processes must be gone."""
    wait_for(f"{CONTROL_PLANE} to be removed", partial(_removed, CONTROL_PLANE), seconds=EMPTY_SECONDS)


def processes(zone: ZoneFacts) -> Iterator[int]:
    """The ids of all processes of a node, its pods' included."""
    return _members(ROOT / CENSUS / zone.namespace)


def container_processes(zone: ZoneFacts, container: str) -> list[int]:
    """The ids of a container's processes, by the container's full id."""
    groups = (ROOT / CENSUS / zone.namespace).rglob(container)
    return [pid for group in groups for pid in _members(group)]


def set_frozen(zone: ZoneFacts, *, frozen: bool) -> None:
    """Stop or continue all of a node's processes at once."""
    state = "FROZEN" if frozen else "THAWED"
    file = ROOT / "freezer" / zone.namespace / "freezer.state"
    if file.exists():
        file.write_text(state)
        wait_for(f"{zone.node} to be {state}", lambda: file.read_text().strip() == state, seconds=FREEZE_SECONDS)


def is_frozen(zone: ZoneFacts) -> bool:
    file = ROOT / "freezer" / zone.namespace / "freezer.state"
    return file.exists() and file.read_text().strip() != "THAWED"


def kill(zone: ZoneFacts) -> None:
    """End all of a node's processes at once, also frozen ones, and wait until they are gone."""

    def gone() -> bool:
        left = list(processes(zone))
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        set_frozen(zone, frozen=False)
        return not left

    wait_for(f"the processes of {zone.node} to be gone", gone, seconds=EMPTY_SECONDS)


def remove(zone: ZoneFacts) -> None:
    """Delete a node's groups, as far as they are there; their processes must be gone."""
    for hierarchy in HIERARCHIES:
        for name, _, _ in os.walk(ROOT / hierarchy / zone.namespace, topdown=False):
            folder = Path(name)
            wait_for(f"{folder} to be removed", partial(_removed, folder), seconds=EMPTY_SECONDS)


def _members(top: Path) -> Iterator[int]:
    for folder, _, _ in os.walk(top):
        with contextlib.suppress(FileNotFoundError, OSError):
            yield from (int(line) for line in (Path(folder) / "cgroup.procs").read_text().split())


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:  # busy for a moment after its last process
        return False
    return True

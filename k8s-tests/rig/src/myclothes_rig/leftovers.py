"""What a rig that is down has left on the machine: nothing, or it says so."""

from pathlib import Path

from myclothes_rig import cgroups
from myclothes_rig.commands import run
from myclothes_rig.layout import ZONES, Layout

NAMES = ("mc-", "p-cp")
"""How the network namespaces and links of the rig begin."""


def find(layout: Layout) -> list[str]:
    """Each thing left, in words: processes, mounts, loop devices, control groups, network namespaces and links."""
    state = str(layout.state)
    return [
        *(f"process {entry.name}" for entry in _processes(state)),
        *(f"mount {line.split()[1]}" for line in Path("/proc/mounts").read_text().splitlines() if state in line),
        *(f"loop device {line.split(':')[0]}" for line in run(["losetup", "--all"]).splitlines() if state in line),
        *(f"control group {group}" for group in _groups()),
        *(f"network namespace {name}" for name in _first_words(["ip", "netns", "list"])),
        *(f"link {name}" for name in _first_words(["ip", "-brief", "link"])),
    ]


def _processes(state: str) -> list[Path]:
    """Processes that run one of this boot's programs: each is named by its path in the state."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cmdline").read_text(errors="replace").startswith(state):
                found.append(entry)
        except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
            continue
    return found


def _groups() -> list[Path]:
    groups = (cgroups.ROOT / hierarchy / zone.namespace for hierarchy in cgroups.HIERARCHIES for zone in ZONES.values())
    return [group for group in (*groups, cgroups.CONTROL_PLANE) if group.exists()]


def _first_words(command: list[str]) -> list[str]:
    words = (line.split()[0] for line in run(command).splitlines() if line)
    return [word for word in words if word.startswith(NAMES)]

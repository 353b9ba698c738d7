"""CPU time of the shop's pods, as their control groups count it (version 1, cpuacct)."""

from collections.abc import Mapping
from pathlib import Path

from myclothes_cluster import Release
from myclothes_cluster.pods import COMPONENT_LABEL
from myclothes_rig.layout import ZONES

ACCOUNTS = Path("/sys/fs/cgroup/cpuacct")
NANOSECONDS = 1e9


def used(release: Release) -> dict[str, float]:
    """Seconds of CPU that each component's pods have used so far, those of pods that are gone not counted."""
    components = {
        item["metadata"]["uid"]: item["metadata"]["labels"].get(COMPONENT_LABEL, "")
        for item in release.pods.get("pods", "-l", f"app.kubernetes.io/instance={release.name}")["items"]
        if item["status"].get("phase") == "Running"
    }
    seconds: dict[str, float] = {}
    for zone in ZONES.values():
        for group in (ACCOUNTS / zone.namespace / "kubepods").glob("**/pod*/cpuacct.usage"):
            component = components.get(group.parent.name.removeprefix("pod"))
            if component:
                seconds[component] = seconds.get(component, 0.0) + int(group.read_text()) / NANOSECONDS
    return seconds


def between(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Seconds used from one look to a later one, of the components that were there at both."""
    return {name: after[name] - before[name] for name in sorted(before.keys() & after.keys())}


def per_request(
    idle: Mapping[str, float], idle_seconds: float, busy: Mapping[str, float], seconds: float, requests: int
) -> dict[str, float]:
    """Milliseconds a request and component, beyond what the same time costs without requests."""
    return {
        name: round(max(0.0, busy[name] - idle.get(name, 0.0) / idle_seconds * seconds) / requests * 1000, 2)
        for name in sorted(busy)
    }

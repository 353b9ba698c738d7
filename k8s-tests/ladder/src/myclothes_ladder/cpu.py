"""CPU time of the shop's pods, as their control groups count it (version 1, cpuacct)."""

from collections.abc import Mapping
from pathlib import Path

from myclothes_cluster import Release
from myclothes_cluster.pods import COMPONENT_LABEL
from myclothes_rig.layout import ZONES

ACCOUNTS = Path("/sys/fs/cgroup/cpuacct")
NANOSECONDS = 1e9


Used = Mapping[tuple[str, str], float]
"""Seconds by component and pod."""


def used(release: Release) -> Used:
    """The CPU that each pod has used so far, those that are gone left out."""
    components = {
        item["metadata"]["uid"]: item["metadata"]["labels"].get(COMPONENT_LABEL, "")
        for item in release.pods.get("pods", "-l", f"app.kubernetes.io/instance={release.name}")["items"]
        if item["status"].get("phase") == "Running"
    }
    seconds: dict[tuple[str, str], float] = {}
    for zone in ZONES.values():
        for group in (ACCOUNTS / zone.namespace / "kubepods").glob("**/pod*/cpuacct.usage"):
            pod = group.parent.name.removeprefix("pod")
            if component := components.get(pod):
                seconds[component, pod] = int(group.read_text()) / NANOSECONDS
    return seconds


def between(before: Used, after: Used) -> dict[str, float]:
    """Seconds used from one look to a later one by each component's pods that were there at both."""
    seconds: dict[str, float] = {}
    for component, pod in sorted(before.keys() & after.keys()):
        more = after[component, pod] - before[component, pod]
        seconds[component] = seconds.get(component, 0.0) + more
    return seconds


def per_request(
    idle: Mapping[str, float], idle_seconds: float, busy: Mapping[str, float], seconds: float, requests: int
) -> dict[str, float]:
    """Milliseconds a request and component, beyond what the same time costs without requests."""
    return {
        name: round(max(0.0, busy[name] - idle.get(name, 0.0) / idle_seconds * seconds) / requests * 1000, 2)
        for name in sorted(busy)
    }

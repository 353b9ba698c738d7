"""What makes a ZoneShift refused: each brought about by hand, and taken away again."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from myclothes_cluster.release import Release
from myclothes_cluster.shifts import SERVING
from myclothes_rig import Rig

SCALED = "shop"
"""The component whose autoscaler is changed: the one whose pods are never idle."""
Obstacle = Callable[[Release, Rig, str], Iterator[None]]


def _patch(release: Release, kind: str, component: str, spec: Mapping[str, Any]) -> None:
    words = (kind, f"{release.fullname}-{component}", "--type=merge", "-p", json.dumps({"spec": spec}))
    release.pods.kubectl("patch", *words)


def elsewhere(release: Release, component: str, zone: str) -> list[str]:
    """A component's pods in the other zones."""
    zones = release.pods.by_zone(component)
    return [pod.name for name, pods in sorted(zones.items()) if name != zone for pod in pods]


@contextmanager
def zones(release: Release, _rig: Rig, zone: str) -> Iterator[None]:
    """One pod of cart elsewhere is taken out of service, which leaves one zone."""
    pod = elsewhere(release, "cart", zone)[0]
    release.pods.kubectl("label", "pod", pod, f"{SERVING}-")
    try:
        yield
    finally:
        release.pods.kubectl("label", "pod", pod, f"{SERVING}=true")


@contextmanager
def rollout(release: Release, _rig: Rig, _zone: str) -> Iterator[None]:
    """A paused update: no pod has the newest template, and none is replaced."""

    def template(note: str | None, *, paused: bool) -> None:
        annotations = {"myclothes.dev/test": note}
        _patch(
            release, "deployment", "users", {"paused": paused, "template": {"metadata": {"annotations": annotations}}}
        )

    template("newer", paused=True)
    try:
        yield
    finally:
        template(None, paused=True)
        _patch(release, "deployment", "users", {"paused": None})


@contextmanager
def capacity(release: Release, _rig: Rig, _zone: str) -> Iterator[None]:
    """The load, by an aim of one percent, asks for more pods than there may be."""
    with aimed(release, 1, more=0):
        yield


@contextmanager
def aimed(release: Release, percent: int, *, more: int) -> Iterator[None]:
    """An autoscaler goes by so much of the CPU that a pod requests, and may have so many pods above its minimum."""
    before = release.pods.get("hpa", f"{release.fullname}-{SCALED}")["spec"]
    target = {"type": "Utilization", "averageUtilization": percent}
    metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    _patch(release, "hpa", SCALED, {"metrics": metrics, "maxReplicas": before["minReplicas"] + more})
    try:
        yield
    finally:
        _patch(release, "hpa", SCALED, {"metrics": before["metrics"], "maxReplicas": before["maxReplicas"]})


@contextmanager
def budget(release: Release, _rig: Rig, _zone: str) -> Iterator[None]:
    """A budget that allows no disruption."""
    before = release.pods.get("pdb", f"{release.fullname}-gateway")["spec"]["maxUnavailable"]
    _patch(release, "pdb", "gateway", {"maxUnavailable": 0})
    try:
        yield
    finally:
        _patch(release, "pdb", "gateway", {"maxUnavailable": before})


@contextmanager
def cart_store(release: Release, rig: Rig, zone: str) -> Iterator[None]:
    """A Valkey elsewhere says nothing."""
    with _frozen(release, rig, "valkey", elsewhere(release, "valkey", zone)[:1]):
        yield


@contextmanager
def user_store(release: Release, rig: Rig, zone: str) -> Iterator[None]:
    """A Postgres elsewhere says nothing, nor does its Patroni."""
    pods = [pod for pod in elsewhere(release, "postgres", zone) if pod != release.pods.postgres_primary()]
    with _frozen(release, rig, "postgres", pods[:1]):
        yield


@contextmanager
def volumes(release: Release, rig: Rig, zone: str) -> Iterator[None]:
    """No Valkey elsewhere has what the zone's has."""
    with _frozen(release, rig, "valkey", elsewhere(release, "valkey", zone)):
        yield


@contextmanager
def _frozen(release: Release, rig: Rig, container: str, pods: list[str]) -> Iterator[None]:
    with ExitStack() as stack:
        for pod in pods:
            one = rig.container(release.namespace, pod, container)
            stack.callback(one.thaw)
            one.freeze()
        yield

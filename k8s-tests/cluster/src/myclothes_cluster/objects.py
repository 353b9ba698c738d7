"""A release's objects as a person would have written them: what must be the same before and after."""

from collections import defaultdict
from typing import Any

from myclothes_cluster.release import Release

KINDS = (
    "deployments,statefulsets,cronjobs,jobs,horizontalpodautoscalers,poddisruptionbudgets,services,ingresses,"
    "networkpolicies,configmaps,secrets,serviceaccounts,roles,rolebindings,persistentvolumeclaims,pods,zonereports"
)
_SERVERS_OWN = ("resourceVersion", "managedFields", "generation", "creationTimestamp", "uid")
_PATRONIS_OWN = {"myclothes.dev/role", "status"}
"""A label and an annotation by which Patroni says who leads."""
_PATRONIS_STATE = ("-config", "-failover", "-leader", "-sync")
"""The ends of the names of the ConfigMaps that it keeps."""

HELMS_OWN = "helm.sh/release.v1"
"""The type of the Secrets in which Helm keeps what it has done."""

Objects = dict[str, Any]


def found(release: Release) -> Objects:
    """Every object of the namespace by kind and name, without what its own controller writes into it."""
    items = [item for item in release.pods.get(KINDS)["items"] if item.get("type") != HELMS_OWN]
    named = {f"{item['kind']}/{item['metadata']['name']}": _normal(item) for item in items}
    for deployment in (named[f"Deployment/{target}"] for target in _scaled(named)):
        # how many they are is their autoscaler's own
        deployment["spec"] = {key: value for key, value in deployment["spec"].items() if key != "replicas"}
    return {name: item for name, item in sorted(named.items()) if not _is_left_out(name)}


def differences(before: Objects, after: Objects) -> list[str]:
    """In words what differs, down to the first level of each object."""
    said = []
    for name in sorted((before.keys() | after.keys()) - _added_or_removed(before, after)):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            said.append(f"{name} is {'new' if old is None else 'gone'}")
        elif old != new:
            parts = sorted(part for part in old.keys() | new.keys() if old.get(part) != new.get(part))
            said += [f"{name} {part}: {old.get(part)} became {new.get(part)}" for part in parts]
    return said


def _scaled(found: Objects) -> set[str]:
    """The Deployments that have an autoscaler."""
    return {
        item["spec"]["scaleTargetRef"]["name"]
        for name, item in found.items()
        if name.startswith("HorizontalPodAutoscaler/")
    }


def _added_or_removed(before: Objects, after: Objects) -> set[str]:
    """Pods by which an autoscaler has made its Deployment larger or smaller: some that came, or some that went.

    Where some came and some went they were replaced.
    """
    changed = defaultdict[str, list[str]](list)
    for name in before.keys() ^ after.keys():
        kind, _, pod = name.partition("/")
        deployment = pod.rpartition("-")[0].rpartition("-")[0]
        if kind == "Pod" and deployment in _scaled(after):
            changed[deployment].append(name)
    return {name for names in changed.values() if len({name in after for name in names}) == 1 for name in names}


def _is_left_out(name: str) -> bool:
    """Patroni's state, and the operator's pods, which its own tests kill."""
    kind, _, rest = name.partition("/")
    state = kind == "ConfigMap" and rest.endswith(tuple(f"-postgres{end}" for end in _PATRONIS_STATE))
    return state or (kind == "Pod" and "-operator-" in rest)


def _normal(item: Objects) -> Objects:
    meta = {key: value for key, value in item["metadata"].items() if key not in _SERVERS_OWN}
    for kind in ("labels", "annotations"):
        meta[kind] = {key: value for key, value in meta.get(kind, {}).items() if key not in _PATRONIS_OWN}
    status = {"survivable": item.get("status", {}).get("survivable")} if item["kind"] == "ZoneReport" else None
    rest = {key: value for key, value in item.items() if key not in {"metadata", "status", "apiVersion"}}
    return {**rest, "metadata": meta, "status": status}

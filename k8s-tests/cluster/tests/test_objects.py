"""What counts as a difference between two looks at a namespace."""

from copy import deepcopy
from types import SimpleNamespace
from typing import Any

from myclothes_cluster import objects

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "postgres-0",
        "uid": "1",
        "resourceVersion": "7",
        "managedFields": [],
        "labels": {"myclothes.dev/serving": "true", "myclothes.dev/role": "primary"},
    },
    "spec": {"nodeName": "zone-a"},
    "status": {"phase": "Running"},
}


def _found(*items: dict[str, Any]) -> objects.Objects:
    pods = SimpleNamespace(get=lambda *_: {"items": list(items)})
    return objects.found(SimpleNamespace(pods=pods))


def test_what_controllers_write_is_no_difference() -> None:
    later = deepcopy(POD)
    later["metadata"] |= {"resourceVersion": "9", "managedFields": ["more"]}
    later["metadata"]["labels"]["myclothes.dev/role"] = "replica"
    later["status"] = {"phase": "Running", "conditions": []}
    leader = {"kind": "ConfigMap", "metadata": {"name": "shop-myclothes-postgres-leader"}}
    release = {"kind": "Secret", "type": "helm.sh/release.v1", "metadata": {"name": "sh.helm.release.v1.shop.v1"}}
    assert objects.differences(_found(POD), _found(later, leader, release)) == []


def test_what_a_person_or_a_shift_changes_is_one() -> None:
    labels, notes, moved = deepcopy(POD), deepcopy(POD), deepcopy(POD)
    del labels["metadata"]["labels"]["myclothes.dev/serving"]
    notes["metadata"]["annotations"] = {"myclothes.com/zone-shift": "uid"}
    moved["spec"]["nodeName"] = "zone-b"
    for changed, part in ((labels, "metadata"), (notes, "metadata"), (moved, "spec")):
        (said,) = objects.differences(_found(POD), _found(changed))
        assert said.startswith(f"Pod/postgres-0 {part}: ")
    assert objects.differences(_found(POD), _found()) == ["Pod/postgres-0 is gone"]
    assert objects.differences(_found(), _found(POD)) == ["Pod/postgres-0 is new"]


def _deployment(name: str, *pods: str) -> list[dict[str, Any]]:
    made = {"kind": "Deployment", "metadata": {"name": name}, "spec": {"replicas": len(pods), "template": {}}}
    return [made, *({"kind": "Pod", "metadata": {"name": f"{name}-5d4f-{pod}"}} for pod in pods)]


def _scaler(name: str) -> dict[str, Any]:
    target = {"kind": "Deployment", "name": name}
    return {"kind": "HorizontalPodAutoscaler", "metadata": {"name": name}, "spec": {"scaleTargetRef": target}}


def test_what_an_autoscaler_adds_or_removes_is_no_difference_and_a_pod_that_is_replaced_is_one() -> None:
    few, many = _deployment("shop", "a", "b"), _deployment("shop", "a", "b", "c")
    scaler = _scaler("shop")
    assert objects.differences(_found(scaler, *many), _found(scaler, *few)) == []
    assert objects.differences(_found(scaler, *few), _found(scaler, *many)) == []
    replaced = _deployment("shop", "a", "d")
    said = ["Pod/shop-5d4f-b is gone", "Pod/shop-5d4f-d is new"]
    assert objects.differences(_found(scaler, *few), _found(scaler, *replaced)) == said
    (replicas, gone) = objects.differences(_found(*many), _found(*few))
    assert replicas.startswith("Deployment/shop spec: ")
    assert gone == "Pod/shop-5d4f-c is gone"

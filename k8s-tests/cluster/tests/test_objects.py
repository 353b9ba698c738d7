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

"""Kubernetes' documents as the operator reads and writes them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from myclothes_operator import documents
from myclothes_operator.model import Claim, Condition, Finding, Mark, Report, Status
from myclothes_operator.quantities import duration, moment, quantity, stamp
from myclothes_operator.settings import hosts

CRD = Path(__file__).parents[4] / "charts" / "myclothes" / "crds" / "zonereports.yaml"


@pytest.mark.parametrize(
    ("text", "number"), [("250m", 0.25), ("2", 2.0), (3, 3.0), ("1Gi", 2.0**30), ("128Mi", 2.0**27), ("1500k", 1.5e6)]
)
def test_quantities(text: str, number: float) -> None:
    assert quantity(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "1x", "Gi", "-1"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no quantity"):
        quantity(text)


def test_durations() -> None:
    assert duration("72h") == 72 * 3600
    assert duration("1h30m5s") == 5405
    for text in ("", "1d", "5", "h"):
        with pytest.raises(ValueError, match="no duration"):
            duration(text)


@given(st.integers(0, 4_000_000_000))
def test_moments_are_read_as_they_are_written(seconds: int) -> None:
    assert moment(stamp(seconds)) == seconds


def _shift(status: dict) -> dict:
    return {
        "metadata": {
            "name": "s",
            "uid": "u",
            "resourceVersion": "7",
            "generation": 3,
            "creationTimestamp": "2026-01-31T12:00:00Z",
        },
        "spec": {"zone": "a", "expiresAfter": "1h", "force": ["Budget"]},
        "status": status,
    }


def test_a_status_is_read_as_it_is_written() -> None:
    written = Status(
        phase="Shifted",
        generation=3,
        accepted=1_769_860_800.0,
        expires=1_769_864_400.0,
        cart_primary="b",
        user_primary="c",
        findings=(Finding("Budget", "no", "wait"),),
        conditions=(("Accepted", Condition("True", "Safe", "the others suffice", 1_769_860_801.0)),),
    )
    read = documents.shift(_shift(documents.status(written)))
    assert read.status == written
    assert read.expires == moment("2026-01-31T13:00:00Z")
    assert read.force == {"Budget"}


def test_a_new_shift_has_no_status() -> None:
    assert documents.shift(_shift({})).status == Status()


def _pod(**meta: object) -> dict:
    return {
        "metadata": {"name": "p", "resourceVersion": "1", **meta},
        "spec": {"nodeName": "n", "containers": [{"resources": {"requests": {"cpu": "100m", "memory": "1Mi"}}}, {}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


def test_a_pod() -> None:
    labels = {documents.COMPONENT: "cart", documents.SERVING: "true"}
    pod = documents.pod(_pod(labels=labels), {"n": "a"})
    assert (pod.component, pod.zone, pod.ready, pod.serving, pod.shift, pod.ending) == (
        "cart",
        "a",
        True,
        True,
        None,
        False,
    )
    out = documents.pod(_pod(annotations={documents.SHIFT: "u"}, deletionTimestamp="x"), {})
    assert (out.component, out.zone, out.serving, out.shift, out.ending) == ("", None, False, "u", True)
    assert documents.requests(_pod()["spec"]) == (pytest.approx(0.1), 2.0**20)


def _scaler(annotations: dict, status: dict) -> dict:
    target = {"type": "Utilization", "averageUtilization": 60}
    return {
        "metadata": {
            "name": "h",
            "resourceVersion": "1",
            "labels": {documents.COMPONENT: "cart"},
            "annotations": annotations,
        },
        "spec": {
            "minReplicas": 5,
            "maxReplicas": 12,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
        "status": status,
    }


def test_an_autoscaler_knows_what_the_load_needs() -> None:
    current = {"resource": {"name": "cpu", "current": {"averageUtilization": 90}}}
    status = {"currentReplicas": 4, "currentMetrics": [current]}
    found = documents.autoscaler(_scaler({}, status), {"cart": (0.25, 1.0)})
    assert (found.needed, found.minimum, found.maximum, found.mark, found.cpu) == (6, 5, 12, None, 0.25)
    unmeasured = documents.autoscaler(_scaler({}, {"currentReplicas": 4, "currentMetrics": None}), {})
    assert unmeasured.needed is None


def test_an_autoscaler_s_mark() -> None:
    notes = {documents.SHIFT: "u", documents.MINIMUM_BEFORE: "3", documents.MINIMUM_DURING: "5"}
    assert documents.autoscaler(_scaler(notes, {}), {}).mark == Mark("u", 3, 5)


def test_a_workload_is_being_updated_until_all_its_pods_are_new() -> None:
    def workload(generation: int, **status: int) -> bool:
        meta = {"generation": generation, "labels": {}}
        return documents.workload({"metadata": meta, "spec": {"replicas": 3}, "status": status}).updating

    assert not workload(1, observedGeneration=1, replicas=3, updatedReplicas=3)
    assert workload(2, observedGeneration=1, replicas=3, updatedReplicas=3)
    assert workload(2, observedGeneration=2, replicas=4, updatedReplicas=1)
    # one is missing, none is old
    assert not workload(2, observedGeneration=2, replicas=2, updatedReplicas=2)


def test_hosts() -> None:
    assert hosts("a@h:1:2,b@i:3:4", ports=2) == (("a", "h", (1, 2)), ("b", "i", (3, 4)))
    assert hosts("", ports=1) == ()
    for text in ("h:1", "a@h", "a@h:x", "a@h:1:2"):
        with pytest.raises(ValueError, match="is not pod@host:port"):
            hosts(text, ports=1)


def _volume(*expressions: dict) -> dict:
    return {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": list(expressions)}]}}}}


@pytest.mark.parametrize(
    ("volume", "reach"),
    [
        (_volume({"key": "zone", "operator": "In", "values": ["a"]}), ("n-a",)),
        (_volume({"key": "zone", "operator": "NotIn", "values": ["a"]}), ("n-b",)),
        (_volume({"key": "disks", "operator": "Exists"}), ("n-b",)),
        (_volume({"key": "disks", "operator": "DoesNotExist"}), ("n-a",)),
        (_volume({"key": "disks", "operator": "Gt", "values": ["0"]}), ()),
        (_volume({"key": "zone", "operator": "In", "values": ["b"]}, {"key": "disks", "operator": "Exists"}), ("n-b",)),
        ({"spec": {}}, ("n-a", "n-b")),
        (None, ()),
    ],
)
def test_a_claim_is_reached_from_the_nodes_of_its_volume(volume: dict | None, reach: tuple[str, ...]) -> None:
    labels = {"n-a": {"zone": "a"}, "n-b": {"zone": "b", "disks": "4"}}
    nodes = [{"metadata": {"name": name, "labels": of}} for name, of in labels.items()]
    claim = {"metadata": {"name": "data-0", "labels": {documents.COMPONENT: "valkey"}}}
    pods = [_pod(), _pod(name="valkey-0")]
    pods[1]["spec"]["volumes"] = [{"emptyDir": {}}, {"persistentVolumeClaim": {"claimName": "data-0"}}]
    assert documents.claim(claim, volume, nodes, pods) == Claim("data-0", "valkey", "valkey-0", reach)
    assert documents.claim(claim, volume, nodes, pods[:1]).pod is None


def test_a_report_is_read_as_it_is_written_and_all_of_it_is_kept() -> None:
    found = (Finding("Zones", "cart would serve nowhere", "have pods"),)
    status = documents.report_status(found, 1_700_000_000)
    read = documents.report({"metadata": {"name": "zone-a", "resourceVersion": "7"}, "status": status})
    assert read == Report("zone-a", "7", "No", found, checked=1_700_000_000)
    # what the CRD does not know the API server leaves out
    (version,) = yaml.safe_load(CRD.read_text())["spec"]["versions"]
    assert status.keys() <= version["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"].keys()

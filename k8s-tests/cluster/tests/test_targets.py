"""Which cluster is chosen, and what a machine with docker would be told to make."""

import pytest
import yaml

from myclothes_cluster import kind
from myclothes_cluster.targets import target_from_environment
from myclothes_rig.errors import PreparationError


@pytest.mark.parametrize(("word", "name"), [("", "rig"), ("rig", "rig"), ("kind", "kind"), ("current", "current")])
def test_cluster_chooses(word: str, name: str) -> None:
    assert target_from_environment({"CLUSTER": word, "INGRESS": "http://192.0.2.7"}).name == name


def test_another_word_is_refused() -> None:
    with pytest.raises(PreparationError, match="it is rig, kind or current"):
        target_from_environment({"CLUSTER": "minikube"})


def test_a_current_cluster_needs_its_ingress_named() -> None:
    with pytest.raises(PreparationError, match="INGRESS is missing"):
        target_from_environment({"CLUSTER": "current"})


def test_kind_gets_a_worker_a_zone_each_with_its_ingress() -> None:
    nodes = yaml.safe_load(kind.configuration())["nodes"]
    workers = [node for node in nodes if node["role"] == "worker"]
    assert [node["labels"]["topology.kubernetes.io/zone"] for node in workers] == ["zone-a", "zone-b", "zone-c"]
    ports = [(port["containerPort"], port["hostPort"]) for node in workers for port in node["extraPortMappings"]]
    assert ports == [(30080, 30080), (30080, 30081), (30080, 30082)]


def test_kind_gets_the_rig_s_traefik_and_metrics_server_as_published() -> None:
    manifests = [one for one in yaml.safe_load_all(kind.system()) if one]
    images = {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0]["image"]
        for one in manifests
        if one["kind"] in {"Deployment", "DaemonSet"}
    }
    assert set(images) == {"metrics-server", "traefik"}
    assert all("/rig/" not in image and not image.endswith(":dev") for image in images.values())
    kinds = {(one["kind"], one["metadata"]["name"]) for one in manifests}
    needed = {
        ("ServiceAccount", "traefik"),
        ("ClusterRole", "traefik"),
        ("ClusterRoleBinding", "traefik"),
        ("IngressClass", "traefik"),
        ("ConfigMap", "traefik"),
        ("Service", "traefik"),
        ("ServiceAccount", "metrics-server"),
        ("Service", "metrics-server"),
        ("APIService", "v1beta1.metrics.k8s.io"),
    }
    assert needed <= kinds

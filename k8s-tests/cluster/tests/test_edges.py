"""The picture in edges.py is the one that the chart draws: both ends of every edge, for every pod that it makes."""

from typing import Any

import helm_python as helm
import pytest
import yaml

from myclothes_cluster.edges import EDGES, JOB_EDGES, PORTS, allowed
from myclothes_cluster.release import CHART

OUTSIDE = {name: {"existingSecret": name} for name in ("gateway", "cart", "users", "shop", "valkey", "postgres")}
VALUES = {
    **OUTSIDE,
    "sampleData": {"enabled": True},
    "operator": {"enabled": True, "existingSecret": "operator"},
    "feed": {"enabled": True, "volume": {"emptyDir": {}}},
    "ledger": {"enabled": True},
    "networkPolicy": {"kubernetesApi": {"cidrs": ["192.0.2.1/32"]}},
}
COMPONENT = "app.kubernetes.io/component"


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    texts = helm.Chart.load(str(CHART)).render(VALUES, name="shop", namespace="shop")
    return [
        one
        for path, text in texts.items()
        if not path.endswith(".txt")
        for one in yaml.safe_load_all(text)
        if one is not None
    ]


@pytest.fixture(scope="module")
def pods(manifests) -> dict[str, dict[str, str]]:
    """The labels of every pod by its component."""
    found = {}
    for one in manifests:
        match one["kind"]:
            case "Pod":
                pod = one
            case "Deployment" | "StatefulSet" | "Job":
                pod = one["spec"]["template"]
            case "CronJob":
                pod = one["spec"]["jobTemplate"]["spec"]["template"]
            case _:
                continue
        found[pod["metadata"]["labels"][COMPONENT]] = pod["metadata"]["labels"]
    return found


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}
    return selector.get("matchLabels", {}).items() <= labels.items()


def passes(manifests, direction: str, peers: str, here: dict[str, str], there: dict[str, str]) -> set[int]:
    """The ports on which the policies of `here` let `there` through, in one direction."""
    return {
        port["port"]
        for one in manifests
        if one["kind"] == "NetworkPolicy" and matches(one["spec"]["podSelector"], here)
        for rule in one["spec"].get(direction, ())
        for peer in rule[peers]
        if set(peer) == {"podSelector"} and matches(peer["podSelector"], there)
        for port in rule["ports"]
    }


def test_they_name_the_same_pods(pods) -> None:
    assert set(pods) == set(EDGES) | set(JOB_EDGES)


def test_every_edge_has_both_ends_and_there_is_no_other(manifests, pods) -> None:
    for client, sender in pods.items():
        drawn = {
            (server, port)
            for server in PORTS
            for port in passes(manifests, "egress", "to", sender, pods[server])
            & passes(manifests, "ingress", "from", pods[server], sender)
        }
        assert drawn == allowed(client), client

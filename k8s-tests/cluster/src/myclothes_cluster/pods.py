"""Questions to the pods of one namespace: which are there and in which zone, and programs run inside them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from myclothes_rig.cluster import Cluster
from myclothes_rig.errors import CommandError

EXEC_SECONDS = 20.0
SENTINEL_SECONDS = 10.0
"""For one Sentinel's word: on a busy machine it takes seconds to start a program in a pod."""
ZONE_LABEL = "topology.kubernetes.io/zone"
COMPONENT_LABEL = "app.kubernetes.io/component"

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as the API server last saw it."""

    name: str
    component: str
    """Its label; empty for a pod that is not the chart's."""
    node: str
    """Empty while it is not scheduled."""
    address: str
    ready: bool
    """Ready, and not on its way out."""
    finished: bool
    """A job's, done or failed."""
    labels: Mapping[str, str]
    containers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods of a namespace."""

    cluster: Cluster
    namespace: str

    @property
    def inside(self) -> tuple[str, str]:
        """The words that choose the namespace in a kubectl command."""
        return ("-n", self.namespace)

    def kubectl(self, *words: str, stdin: str | None = None, seconds: float = 60.0) -> str:
        """kubectl in this namespace."""
        return self.cluster.kubectl(*self.inside, *words, stdin=stdin, seconds=seconds)

    def get(self, *words: str) -> Any:
        """`kubectl get` in this namespace, as the object it answers."""
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def all(self, component: str | None = None) -> list[Pod]:
        """All pods, or a component's, sorted by name; finished jobs' too."""
        words = () if component is None else ("-l", f"{COMPONENT_LABEL}={component}")
        return sorted((_pod(item) for item in self.get("pods", *words)["items"]), key=lambda pod: pod.name)

    def serving(self, component: str) -> list[Pod]:
        """A component's Ready pods."""
        return [pod for pod in self.all(component) if pod.ready]

    def by_zone(self, component: str) -> dict[str, list[Pod]]:
        """A component's Ready pods by the zone they run in."""
        zones = self.zones()
        found: dict[str, list[Pod]] = {}
        for pod in self.serving(component):
            found.setdefault(zones[pod.node], []).append(pod)
        return found

    def zones(self) -> dict[str, str]:
        """Each node's zone; the rig's zones are called zone-a, zone-b and zone-c, as its nodes are."""
        nodes = json.loads(self.cluster.kubectl("get", "nodes", "-o", "json"))["items"]
        return {
            node["metadata"]["name"]: node["metadata"]["labels"][ZONE_LABEL]
            for node in nodes
            if ZONE_LABEL in node["metadata"]["labels"]
        }

    def zone_of(self, pod: str) -> str:
        """The zone that a pod runs in."""
        return self.zones()[self.get("pod", pod)["spec"]["nodeName"]]

    def run(self, pod: str, *program: str, container: str | None = None, seconds: float = EXEC_SECONDS) -> str:
        """Run a program in a pod and return its output. Raises CommandError when it fails or takes too long."""
        chosen = () if container is None else ("-c", container)
        return self.kubectl("exec", pod, *chosen, "--", *program, seconds=seconds)

    def valkey_primary(self) -> str:
        """The pod that most of the answering Sentinels call the primary. Raises LookupError when none answers."""
        services = {item["spec"].get("clusterIP"): item["metadata"]["name"] for item in self.get("services")["items"]}
        votes: list[str] = []
        ask = ("valkey-cli", "-p", "26379", "--raw", "sentinel", "get-primary-addr-by-name", "myclothes")
        for pod in self.serving("valkey"):
            try:
                answer = self.run(pod.name, *ask, container="sentinel", seconds=SENTINEL_SECONDS).split()
            except CommandError:
                continue
            if answer and answer[0] in services:
                votes.append(services[answer[0]])
        if not votes:
            raise LookupError("no Sentinel says who is primary")
        return max(set(votes), key=votes.count)

    def postgres_primary(self) -> str:
        """The pod that holds Patroni's leader lock. Raises LookupError when nobody does."""
        for item in self.get("configmaps")["items"]:
            if item["metadata"]["name"].endswith("-postgres-leader"):
                leader: str = item["metadata"].get("annotations", {}).get("leader", "")
                if leader:
                    return leader
        raise LookupError("nobody holds Patroni's leader lock")


def _pod(item: Manifest) -> Pod:
    labels = item["metadata"].get("labels", {})
    conditions = {one["type"]: one["status"] for one in item["status"].get("conditions", ())}
    return Pod(
        name=item["metadata"]["name"],
        component=labels.get(COMPONENT_LABEL, ""),
        node=item["spec"].get("nodeName", ""),
        address=item["status"].get("podIP", ""),
        ready=conditions.get("Ready") == "True" and "deletionTimestamp" not in item["metadata"],
        finished=item["status"].get("phase") in {"Succeeded", "Failed"},
        labels=labels,
        containers=tuple(one["name"] for one in item["spec"]["containers"]),
    )

"""A three-zone cluster of kind, for machines with docker: the rig's ingress and metrics, but no faults of zones.

Source: https://kind.sigs.k8s.io/docs/user/configuration/ (kindnet enforces NetworkPolicies from kind 0.24 on).
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from myclothes_rig import Rig, tools
from myclothes_rig.cluster import Cluster
from myclothes_rig.commands import run
from myclothes_rig.errors import PreparationError
from myclothes_rig.layout import CACHE_VARIABLE, INGRESS_NODE_PORT, ZONES, Layout, data_file

NAME = "myclothes"
CREATE_SECONDS = 600.0
LOAD_SECONDS = 300.0
ROLLOUT_SECONDS = 180.0
AT_LEAST = (0, 24)

IMAGES = {
    "docker.io/rig/traefik:dev": "docker.io/library/traefik:{}",
    "docker.io/rig/metrics-server:dev": "registry.k8s.io/metrics-server/metrics-server:{}",
}
"""The rig's own images and where the same versions are published."""
WORKLOADS = ("deployment/metrics-server", "daemonset/traefik")


class Kind:
    """The kind cluster called `myclothes`. Each worker's ingress answers on a port of this machine."""

    name = "kind"
    rig: Rig | None = None

    def __init__(self) -> None:
        self.kubeconfig = Layout.from_environment().cache / "kind.kubeconfig"
        self.cluster = Cluster(("kubectl", "--kubeconfig", str(self.kubeconfig)))
        self.origins = tuple(f"http://127.0.0.1:{INGRESS_NODE_PORT + zone.index - 1}" for zone in ZONES.values())

    def is_up(self) -> bool:
        """Whether kind knows the cluster."""
        return NAME in run(["kind", "get", "clusters"]).split()

    def up(self) -> None:
        """Create the cluster unless it is there, then its ingress and metrics."""
        _require("docker", "https://docs.docker.com/engine/install/")
        _require("kind", "https://kind.sigs.k8s.io/docs/user/quick-start/")
        _require("kubectl", "https://kubernetes.io/docs/tasks/tools/")
        version = re.search(r"v(\d+)\.(\d+)", run(["kind", "version"]))
        if version is None or (int(version[1]), int(version[2])) < AT_LEAST:
            raise PreparationError("kind 0.24 or newer is needed: an older one's network enforces no policies")
        self.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        if self.is_up():
            run(["kind", "export", "kubeconfig", "--name", NAME, "--kubeconfig", self.kubeconfig])
        else:
            words: list[str | Path] = ["kind", "create", "cluster", "--name", NAME, "--kubeconfig", self.kubeconfig]
            run([*words, "--wait", "180s", "--config", "-"], stdin=configuration(), seconds=CREATE_SECONDS)
        self.cluster.kubectl("apply", "-f", "-", stdin=system())
        for workload in WORKLOADS:
            limit = f"--timeout={ROLLOUT_SECONDS:g}s"
            self.cluster.kubectl(
                "-n", "kube-system", "rollout", "status", workload, limit, seconds=ROLLOUT_SECONDS + 10
            )

    def load(self, archives: Sequence[Path]) -> None:
        for archive in archives:
            run(["kind", "load", "image-archive", archive, "--name", NAME], seconds=LOAD_SECONDS)

    def down(self) -> None:
        run(["kind", "delete", "cluster", "--name", NAME, "--kubeconfig", self.kubeconfig], seconds=CREATE_SECONDS)


def configuration() -> str:
    """kind's configuration: a control plane, and a worker a zone whose node port is published on loopback."""
    workers = "".join(
        f"""
  - role: worker
    labels: {{topology.kubernetes.io/zone: {zone.node}}}
    extraPortMappings:
      - containerPort: {INGRESS_NODE_PORT}
        hostPort: {INGRESS_NODE_PORT + zone.index - 1}
        listenAddress: 127.0.0.1"""
        for zone in ZONES.values()
    )
    return f"kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n  - role: control-plane{workers}\n"


def system() -> str:
    """The rig's Traefik and metrics-server with the published images of the same versions."""
    documents = data_file("system.yaml").read_text().split("\n---\n")
    text = "\n---\n".join(one for one in documents if re.search(r"name: \S*(traefik|metrics-server)", one))
    versions = (tools.module_version("github.com/traefik/traefik/v3"), tools.module_version(tools.METRICS_SERVER))
    for (own, published), version in zip(IMAGES.items(), versions, strict=True):
        text = text.replace(own, published.format(version))
    return text


def _require(program: str, where: str) -> None:
    if shutil.which(program) is None:
        raise PreparationError(f"{program} is missing: {where}, or CLUSTER=rig ({CACHE_VARIABLE} is its folder)")

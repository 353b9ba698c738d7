"""The shop as one Helm release, through Helm's own SDK: installed, upgraded, rolled back, removed, waited for."""

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml

from myclothes_cluster.archives import content_of
from myclothes_cluster.pods import Pods
from myclothes_cluster.targets import CurrentTarget, Target
from myclothes_rig import shop_images
from myclothes_rig.errors import RigError
from myclothes_rig.layout import Layout
from myclothes_rig.waiting import wait_for

ROOT = shop_images.repository_root()
CHART = ROOT / "charts" / "myclothes"
VALUES_FILE = ROOT / "k8s-tests" / "values.yaml"
NAME = "shop"
NAMESPACE = "shop"
COMPONENTS = ("gateway", "cart", "users", "shop", "valkey", "postgres", "cache", "operator")
SERVICES = ("gateway", "cart", "users", "shop")
THREE_ZONES = ("gateway", "cart", "users", "shop", "valkey", "postgres")
"""Components with a pod in every zone."""

HELM_SECONDS = 300
"""For Helm itself: the hooks before an upgrade are waited for within it."""
READY_SECONDS = 180.0
"""For all pods after an install or upgrade; the tests name stricter limits where something is promised."""
GONE_SECONDS = 120.0

CONTENT = "myclothes.dev/image"
"""The pods' annotation with what is in their image: an image built anew under the same tag replaces them."""

FINGERPRINT = "fingerprint"
"""The label of Helm's record that says what the release was made of."""

Values = dict[str, Any]


class Release:
    """A release of the chart in a namespace of its own."""

    def __init__(self, target: Target, name: str = NAME, namespace: str = NAMESPACE) -> None:
        self.target = target
        self.name = name
        self.namespace = namespace
        self.pods = Pods(target.cluster, namespace)
        self.ready_after: float | None = None
        """Seconds from the start of `ensure`'s install until all was Ready; None when the release was there before."""
        self.helm = helm.Config(kubeconfig_path=target.kubeconfig, namespace=namespace)

    @property
    def fullname(self) -> str:
        """What the names of its objects begin with."""
        return f"{self.name}-myclothes"

    @property
    def origin(self) -> str:
        """Where shoppers come in: the first zone's ingress."""
        return self.target.origins[0]

    def values(self, over: Mapping[str, Any] | None = None) -> Values:
        """k8s-tests/values.yaml with the images of this checkout and the cluster's ingress, and `over` laid on top."""
        loaded: Values = yaml.safe_load(VALUES_FILE.read_text())
        values = merged(loaded, {"gateway": {"publicOrigin": self.origin}})
        if self.target.name != CurrentTarget.name:
            values = merged(values, images())
        return merged(values, over or {})

    def ensure(self) -> None:
        """The release is here as this checkout makes it, and Ready: as it is, upgraded, or installed anew."""
        wanted = self.fingerprint()
        found = {one["name"]: one for one in self.helm.list(all_states=True)}.get(self.name)
        if found and found["labels"].get(FINGERPRINT) == wanted and self.is_ready():
            self.spread()
            return
        if found:
            try:
                self.upgrade()
                self.await_ready()
            except (helm.HelmError, RigError):
                self.remove()
            else:
                return
        self.create_namespace()
        started = time.monotonic()
        self.install()
        self.await_ready()
        self.ready_after = time.monotonic() - started

    def fingerprint(self) -> str:
        """What the release is made of: chart, values, images. Helm keeps it as a label of the release."""
        digest = hashlib.sha256(json.dumps(self.values(), sort_keys=True).encode())
        for file in sorted(CHART.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(CHART)}".encode() + file.read_bytes())
        return digest.hexdigest()[:12]

    def archives(self) -> list[Path]:
        """The image archives that the release's nodes need; none where they fetch images themselves."""
        return archives() if self.target.name != CurrentTarget.name else []

    def create_namespace(self, enforce: str = "restricted") -> None:
        """The namespace, in which Kubernetes itself refuses pods that are not of the strictest security."""
        manifest = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.namespace, "labels": {"pod-security.kubernetes.io/enforce": enforce}},
        }
        self.target.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))

    def install(self, over: Mapping[str, Any] | None = None, chart: Path = CHART) -> helm.config.Release:
        """`helm install` without waiting for the pods; `over` goes on top of the tests' values."""
        self._define(chart)
        return self.helm.install(chart, self.name, self.values(over), timeout=HELM_SECONDS, labels=self._labels(over))

    def upgrade(self, over: Mapping[str, Any] | None = None, chart: Path = CHART) -> helm.config.Release:
        """`helm upgrade` to the tests' values with `over` on top, without waiting for the pods."""
        self._define(chart)
        return self.helm.upgrade(chart, self.name, self.values(over), timeout=HELM_SECONDS, labels=self._labels(over))

    def rollback(self, version: int | None = None) -> None:
        """`helm rollback`, to the version before without one."""
        self.helm.rollback(self.name, version=version, timeout=HELM_SECONDS)

    def secrets(self) -> dict[str, dict[str, str]]:
        """All passwords and keys of the release, by Secret; Helm's own records are none of them."""
        items = self.pods.get("secrets", "-l", f"app.kubernetes.io/instance={self.name}")["items"]
        return {item["metadata"]["name"]: item["data"] for item in items}

    def uninstall(self) -> None:
        """`helm uninstall`; volumes, Secrets and Patroni's ConfigMaps stay."""
        self.helm.uninstall(self.name, timeout=HELM_SECONDS, ignore_not_found=True)
        wait_for("the pods to be gone", lambda: not self._left(), seconds=GONE_SECONDS, diagnosis=self.diagnosis)

    def remove(self) -> None:
        """The release with its volumes and its namespace."""
        self.helm.uninstall(self.name, timeout=HELM_SECONDS, ignore_not_found=True)
        self.target.cluster.kubectl("delete", "namespace", self.namespace, "--ignore-not-found", seconds=GONE_SECONDS)

    def test(self) -> helm.config.Release:
        """`helm test`; raises helm.HelmError when one of its pods fails."""
        return self.helm.test(self.name, timeout=HELM_SECONDS)

    def is_ready(self) -> bool:
        """Whether every workload has all its pods of its newest form, all of them Ready, and every job is done."""
        return not self.unready()

    def unready(self) -> list[str]:
        """The workloads that are not whole, with their state in words."""
        return [
            f"{item['kind']}/{item['metadata']['name']}: {state}"
            for item in self._objects("deployments,statefulsets,jobs")
            if (state := _unready(item))
        ]

    def await_ready(self, seconds: float = READY_SECONDS) -> float:
        """Return, when every workload is whole, the seconds that took. Raises TimeLimitError with the pods' state."""
        started = time.monotonic()
        wait_for(f"{self.name} to be Ready", self.is_ready, seconds=seconds, diagnosis=self.diagnosis, poll=1.0)
        return time.monotonic() - started

    def spread(self) -> None:
        """Pods that left a zone when it was lost do not go back by themselves: restart the services that lack one."""
        zones = set(self.pods.zones().values())
        lacking = [component for component in SERVICES if set(self.pods.by_zone(component)) != zones]
        if lacking:
            self.pods.kubectl("rollout", "restart", *(f"deployment/{self.fullname}-{one}" for one in lacking))
            self.await_ready()

    def diagnosis(self) -> str:
        """What is not whole, and the pods, for a message."""
        return "\n".join([*self.unready(), self.pods.kubectl("get", "pods", "-o", "wide")])

    def _define(self, chart: Path) -> None:
        """The chart's own kinds as it has them: Helm makes them once and never changes them."""
        self.target.cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(chart / "crds"))

    def _labels(self, over: Mapping[str, Any] | None) -> dict[str, str]:
        return {FINGERPRINT: "other" if over else self.fingerprint()}

    def _objects(self, kinds: str) -> list[Values]:
        found: list[Values] = self.pods.get(kinds, "-l", f"app.kubernetes.io/instance={self.name}")["items"]
        return found

    def _left(self) -> bool:
        return any(not pod.finished for pod in self.pods.all())


def archives(tag: str = shop_images.DEFAULT_TAG) -> list[Path]:
    """The archives of the images that were built from this checkout."""
    layout = Layout.from_environment()
    return [shop_images.archive(layout, name, tag) for name in shop_images.names()]


def images(tag: str = shop_images.DEFAULT_TAG) -> Values:
    """Values that name the images built from this checkout, and replace pods whose image has changed."""
    layout = Layout.from_environment()
    contents = {name: content_of(shop_images.archive(layout, name, tag)) for name in shop_images.names()}
    values: Values = {name: {"podAnnotations": {CONTENT: content}} for name, content in contents.items()}
    values["cache"] = values["valkey"]
    return {"image": {"tag": tag}, **values}


def beside(host: str) -> Values:
    """What to lay over the tests' values for a second, small shop whose ingress answers to a name of its own."""
    small: Values = yaml.safe_load((CHART / "values-small.yaml").read_text())
    own = {"gateway": {"publicOrigin": f"http://{host}"}, "ingress": {"host": host}, "operator": {"enabled": False}}
    return merged(small, own)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Values:
    """`over` laid over `base`, as Helm does."""
    out = dict(base)
    for key, value in over.items():
        kept = out.get(key)
        out[key] = merged(kept, value) if isinstance(kept, Mapping) and isinstance(value, Mapping) else value
    return out


def _unready(item: Mapping[str, Any]) -> str:
    """Why a Deployment or StatefulSet is not whole, or a Job not done; empty when it is."""
    status = item["status"]
    if item["kind"] == "Job":
        return "" if status.get("succeeded") else "not done"
    wanted = item["spec"]["replicas"]
    if status.get("observedGeneration", 0) < item["metadata"]["generation"]:
        return "not looked at yet"
    counts = {
        "pods": status.get("replicas", 0),
        "updated": status.get("updatedReplicas", 0),
        "ready": status.get("readyReplicas", 0),
    }
    wrong = {name: count for name, count in counts.items() if count != wanted}
    return ", ".join(f"{count} {name} of {wanted}" for name, count in wrong.items())

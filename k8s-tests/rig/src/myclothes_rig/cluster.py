"""Questions to the cluster: which pod, container and volume is where."""

import json
from dataclasses import dataclass
from pathlib import Path

from myclothes_rig.commands import run
from myclothes_rig.errors import RigError
from myclothes_rig.layout import ZONES, ZoneFacts

KUBECTL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster seen through kubectl; `command` holds the words that begin each call."""

    command: tuple[str, ...]

    def kubectl(self, *words: str | Path, stdin: str | None = None, seconds: float = KUBECTL_SECONDS) -> str:
        return run([*self.command, *words], stdin=stdin, seconds=seconds)

    def get(self, *words: str) -> dict[str, object]:
        """`kubectl get` as the object it answers."""
        answer: dict[str, object] = json.loads(self.kubectl("get", *words, "-o", "json"))
        return answer

    def column(self, path: str, *words: str) -> str:
        """`kubectl get` with a JSONPath: one value, empty when there is none."""
        return self.kubectl("get", *words, "-o", f"jsonpath={path}").strip()

    def zone_of_pod(self, namespace: str, pod: str) -> ZoneFacts:
        """The zone that a pod runs in. Raises RigError when it is not scheduled."""
        node = self.column("{.spec.nodeName}", "-n", namespace, "pod", pod)
        return zone_of_node(node, f"pod {namespace}/{pod}")

    def container_id(self, namespace: str, pod: str, container: str) -> str:
        """The runtime's full id of a pod's running container."""
        statuses = f'{{.status.containerStatuses[?(@.name=="{container}")].containerID}}'
        found = self.column(statuses, "-n", namespace, "pod", pod)
        if not found:
            names = self.column("{.spec.containers[*].name}", "-n", namespace, "pod", pod)
            raise RigError(f"pod {namespace}/{pod} has no running container {container}; its containers: {names}")
        return found.rpartition("/")[2]

    def volume_folder(self, namespace: str, pod: str, volume: str) -> Path:
        """Where in its node a pod's volume lies. `volume` is the name that the pod gives it; it must be a claim's."""
        claims = f'{{.spec.volumes[?(@.name=="{volume}")].persistentVolumeClaim.claimName}}'
        claim = self.column(claims, "-n", namespace, "pod", pod)
        if not claim:
            raise RigError(f"pod {namespace}/{pod} has no volume {volume} with a claim: only these have a size")
        name = self.column("{.spec.volumeName}", "-n", namespace, "pvc", claim)
        return Path(self.column("{.spec.hostPath.path}", "pv", name))


def zone_of_node(node: str, what: str) -> ZoneFacts:
    for zone in ZONES.values():
        if zone.node == node:
            return zone
    raise RigError(f"{what} is on no node of the rig")

"""The clusters that the shop can be tried on, alike to their callers: boot, load images, where the ingress answers.

`CLUSTER` chooses: `rig` (three zones on this machine, every fault), `kind` (three workers in docker), `current` (the
cluster that the kubeconfig points at; its ingress is named by `INGRESS`, its images must be in a registry it reads).
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from myclothes_cluster.kind import Kind
from myclothes_rig import Rig
from myclothes_rig.cluster import Cluster
from myclothes_rig.errors import PreparationError, RigError
from myclothes_rig.layout import INGRESS_NODE_PORT, ZONES

CLUSTER_VARIABLE = "CLUSTER"
INGRESS_VARIABLE = "INGRESS"


class Target(Protocol):
    """A cluster that tests run on."""

    name: str
    cluster: Cluster
    """kubectl, as its administrator."""
    kubeconfig: Path
    origins: tuple[str, ...]
    """Where the ingress answers from this machine: scheme, host and port, one a zone where zones have their own."""
    rig: Rig | None
    """For faults that only the rig can do."""

    def is_up(self) -> bool:
        """Whether the cluster answers."""

    def up(self) -> None:
        """Boot it unless it is up and whole. Raises RigError with what is missing."""

    def load(self, archives: Sequence[Path]) -> None:
        """Bring images to all nodes."""

    def down(self) -> None:
        """End it and leave nothing."""


class RigTarget:
    """The three-zone rig on this machine."""

    name = "rig"

    def __init__(self, rig: Rig | None = None) -> None:
        self.rig: Rig | None = rig or Rig()
        self._rig = self.rig
        self.cluster = self._rig.cluster
        self.kubeconfig = self._rig.layout.kubeconfig
        self.origins = tuple(f"http://{zone.address}:{INGRESS_NODE_PORT}" for zone in ZONES.values())

    def is_up(self) -> bool:
        """Whether the control plane runs; a zone may be broken."""
        return self._rig.is_up()

    def up(self) -> None:
        """Take back what an earlier run broke; boot anew what cannot be mended or is not there."""
        if self._rig.is_up():
            try:
                for letter in ZONES:
                    self.mend(letter)
            except RigError as error:
                sys.stderr.write(f"{error}\nthe rig cannot be mended and is booted anew\n")
            else:
                return
        self._rig.up()

    def mend(self, letter: str) -> None:
        """Take every fault of a zone back and wait until its node is Ready."""
        zone = self._rig.zone(letter)
        silent_since = None
        if zone.state() == "off":
            silent_since = self._rig.heard_of(letter)
            zone.start()
        elif zone.state() != "running":
            zone.thaw()
            zone.mend()
        self._rig.wait_ready(letter, not_as_of=silent_since)

    def load(self, archives: Sequence[Path]) -> None:
        self._rig.load(*archives)

    def down(self) -> None:
        self._rig.down()


class CurrentTarget:
    """A cluster that is there already; it is neither booted nor ended here."""

    name = "current"
    rig: Rig | None = None

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.kubeconfig = Path(environment.get("KUBECONFIG") or Path.home() / ".kube" / "config")
        self.cluster = Cluster(("kubectl", "--kubeconfig", str(self.kubeconfig)))
        self.origins = tuple(environment.get(INGRESS_VARIABLE, "").rstrip("/").split())
        if not self.origins:
            raise PreparationError(
                f"{INGRESS_VARIABLE} is missing: where the cluster's ingress answers, as in http://192.0.2.7:80"
            )

    def is_up(self) -> bool:
        return bool(self.cluster.kubectl("version"))

    def up(self) -> None:
        if not self.kubeconfig.is_file():
            raise PreparationError(f"no such kubeconfig: {self.kubeconfig}")
        self.cluster.kubectl("version")

    def load(self, archives: Sequence[Path]) -> None:
        """Nothing: its nodes fetch the images that k8s-tests/values.yaml names."""

    def down(self) -> None:
        """Nothing: whoever made it ends it."""


def target_from_environment(environment: Mapping[str, str] = os.environ) -> Target:
    """The cluster that `CLUSTER` chooses, the rig without a word. Raises PreparationError for a word that is none."""
    match environment.get(CLUSTER_VARIABLE) or RigTarget.name:
        case RigTarget.name:
            return RigTarget()
        case Kind.name:
            return Kind()
        case CurrentTarget.name:
            return CurrentTarget(environment)
        case other:
            raise PreparationError(f"{CLUSTER_VARIABLE}={other}: it is rig, kind or current")

"""Where everything is: folders in the cache, addresses on the network, names of the zones."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

CACHE_VARIABLE = "RIG_CACHE"

# 198.18.0.0/15 is set aside for tests (RFC 2544) and routed nowhere: no packet of the rig can leave the machine.
CONTROL_PLANE_ADDRESS = "198.18.0.254"
NODE_NETWORK = "198.18.0.0/24"
POD_NETWORK = "198.18.16.0/20"
SERVICE_NETWORK = "198.18.64.0/20"
API_SERVICE_ADDRESS = "198.18.64.1"
DNS_SERVICE_ADDRESS = "198.18.64.10"
NATIVE_NETWORK = "198.18.0.0/15"
INGRESS_NODE_PORT = 30080


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """A zone's names and its node's address."""

    letter: str
    index: int

    @property
    def node(self) -> str:
        """The Kubernetes node, its host name and the value of topology.kubernetes.io/zone."""
        return f"zone-{self.letter}"

    @property
    def address(self) -> str:
        return f"198.18.0.{self.index}"

    @property
    def namespace(self) -> str:
        """The network namespace and the cgroup's name."""
        return f"mc-{self.letter}"

    @property
    def port(self) -> str:
        """The zone's port on the bridge that joins the zones."""
        return f"p-{self.letter}"


ZONES: dict[str, ZoneFacts] = {letter: ZoneFacts(letter, index) for index, letter in enumerate("abc", start=1)}


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one rig. `cache` survives everything; `state` is one boot's and goes with `down`."""

    cache: Path

    @classmethod
    def from_environment(cls) -> "Layout":
        default = Path.home() / ".cache" / "myclothes-rig"
        return cls(Path(os.environ.get(CACHE_VARIABLE, default)).resolve())

    @property
    def tools(self) -> Path:
        """Built programs, a folder a key."""
        return self.cache / "tools"

    @property
    def sources(self) -> Path:
        return self.cache / "sources"

    @property
    def images(self) -> Path:
        """Image archives, a file a key."""
        return self.cache / "images"

    @property
    def shop_images(self) -> Path:
        """The shop's own images, as they were last built."""
        return self.cache / "shop-images"

    @property
    def pki(self) -> Path:
        return self.cache / "pki"

    @property
    def kubeconfig(self) -> Path:
        return self.pki / "admin.kubeconfig"

    @property
    def state(self) -> Path:
        return self.cache / "state"

    @property
    def bin(self) -> Path:
        """Links to the programs of this boot."""
        return self.state / "bin"

    @property
    def scripts(self) -> Path:
        """The shell scripts of this boot."""
        return self.state / "scripts"

    @property
    def log(self) -> Path:
        return self.state / "log"

    @property
    def preload(self) -> Path:
        """Links to the archives that each node imports when it starts."""
        return self.state / "preload"

    def node(self, zone: ZoneFacts) -> Path:
        """A zone's disk."""
        return self.state / f"node-{zone.letter}"

    def node_logs(self, zone: ZoneFacts) -> Iterator[Path]:
        return iter(sorted(self.node(zone).glob("*.log")))


def data_file(name: str) -> Path:
    """One of the package's data files."""
    return Path(str(files("myclothes_rig"))) / "data" / name

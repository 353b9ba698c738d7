"""One node a zone: containerd, kubelet, kube-proxy and Cilium under a pid 1 and namespaces of their own."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from myclothes_rig import cgroups, network, tools
from myclothes_rig.commands import run
from myclothes_rig.errors import RigError
from myclothes_rig.layout import (
    CONTROL_PLANE_ADDRESS,
    DNS_SERVICE_ADDRESS,
    NATIVE_NETWORK,
    NODE_NETWORK,
    POD_NETWORK,
    Layout,
    ZoneFacts,
    data_file,
)
from myclothes_rig.processes import Daemon, children, last_lines

RUNTIME = "/run/containerd/containerd.sock"
LOAD_SECONDS = 300.0
SCRIPTS = ("node.sh", "pid1.sh", "volume.sh")
PLUGINS = Path("/usr/lib/cni")
COMPILER = "/usr/bin/clang-19"
IN_NODE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Node:
    """A zone's machine. Its disk is a folder and survives the machine's loss."""

    layout: Layout
    zone: ZoneFacts

    @property
    def folder(self) -> Path:
        return self.layout.node(self.zone)

    @property
    def daemon(self) -> Daemon:
        return Daemon(self.zone.node, self.layout.log)

    def start(self) -> None:
        """Switch the machine on: with a fresh network and control groups, and the disk as it was."""
        if self.init() is not None:
            raise RigError(f"{self.zone.node} is running")
        network.create_zone(self.zone)
        groups = cgroups.create(self.zone)
        self._write_files()
        environment = {
            "RIG_NAMESPACE": self.zone.namespace,
            "RIG_NODE": self.folder,
            "RIG_SCRIPTS": self.layout.scripts,
            "RIG_BIN": self.layout.bin,
            "RIG_PRELOAD": self.layout.preload,
            "RIG_HOST": self.zone.node,
            "RIG_ADDRESS": self.zone.address,
            "RIG_KUBECONFIG": self.layout.pki / f"{self.zone.node}.kubeconfig",
        }
        words = [f"{name}={value}" for name, value in environment.items()]
        self.daemon.start("env", *words, "bash", self.layout.scripts / "node.sh", *groups)

    def kill(self) -> None:
        """Lose the machine. It falls silent first: a dead machine closes no connection."""
        if self.init() is not None:
            network.cut(self.zone, "in", "out")
        cgroups.kill(self.zone)
        # Groups of pods that no longer run would hold the next kubelet up by seconds each.
        cgroups.remove(self.zone)
        network.remove_zone(self.zone)
        network.mend(self.zone)

    def init(self) -> int | None:
        """The id of the node's pid 1, seen from outside; None when the machine is off."""
        outer = self.daemon.pid()
        inner = children(outer) if outer else []
        return inner[0] if inner else None

    def run(self, *argv: str | Path, seconds: float = IN_NODE_SECONDS) -> str:
        """Run a program inside the node and return its output."""
        pid = self.init()
        if pid is None:
            raise RigError(f"{self.zone.node} is off: myclothes_rig zone start {self.zone.letter}")
        inside = ["nsenter", "--target", str(pid), "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup"]
        return run([*inside, *argv], seconds=seconds)

    def load(self, archive: Path) -> None:
        """Import an image archive into the node's containerd, unless it has it as it is now."""
        mark = self.folder / "imported" / archive.name
        if mark.exists() and mark.stat().st_mtime > archive.stat().st_mtime:
            return
        images = ["ctr", "--address", RUNTIME, "--namespace", "k8s.io", "images"]
        self.run(*images, "import", "--no-unpack", archive, seconds=LOAD_SECONDS)
        mark.touch()

    def loaded(self) -> bool:
        """Whether every archive of this boot was imported."""
        return (self.folder / "loaded").exists()

    def diagnosis(self) -> str:
        """The ends of the logs of all that runs in the node."""
        return "\n".join([self.daemon.last_lines(), *(last_lines(log) for log in self.layout.node_logs(self.zone))])

    def _write_files(self) -> None:
        folder = self.folder
        for name in ("cni-conf", "cni-bin", "cni-lib", "kubelet", "log", "volumes", "cilium.d", "cilium"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "loaded").unlink(missing_ok=True)
        for program in (*PLUGINS.iterdir(), self.layout.bin / "cilium-cni"):
            shutil.copy(program, folder / "cni-bin")
        shutil.copytree(tools.cilium_files(self.layout) / "bpf", folder / "cilium/bpf", dirs_exist_ok=True)
        (folder / "resolv.conf").write_text(f"nameserver {CONTROL_PLANE_ADDRESS}\n")
        (folder / "containerd.toml").write_text(
            data_file("containerd.toml").read_text().replace("@ROOT@", str(folder / "containerd"))
        )
        (folder / "kubelet.json").write_text(json.dumps(kubelet(self.layout, self.zone), indent=1))
        (folder / "kube-proxy.json").write_text(json.dumps(kube_proxy(self.layout, self.zone), indent=1))
        for option, value in cilium(self.layout, self.zone).items():
            (folder / "cilium.d" / option).write_text(value)


def kubelet(layout: Layout, zone: ZoneFacts) -> dict[str, object]:
    """The kubelet's configuration. Source: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/"""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "x509": {"clientCAFile": str(layout.pki / "ca.crt")},
            "webhook": {"enabled": True},
            "anonymous": {"enabled": False},
        },
        "authorization": {"mode": "Webhook"},
        "address": zone.address,
        "tlsCertFile": str(layout.pki / f"{zone.node}.crt"),
        "tlsPrivateKeyFile": str(layout.pki / f"{zone.node}.key"),
        "containerRuntimeEndpoint": f"unix://{RUNTIME}",
        # cgroup version 1 without systemd, and no right to lower an OOM score or raise a limit
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "oomScoreAdj": 0,
        "maxOpenFiles": 20000,
        "clusterDomain": "cluster.local",
        "clusterDNS": [DNS_SERVICE_ADDRESS],
        "resolvConf": str(layout.node(zone) / "resolv.conf"),
        "failSwapOn": False,
        "maxPods": 100,
        # Images cannot be fetched again, and three nodes share one disk.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        # What is left has room for the newcomers of a rolling update beside all that runs.
        "systemReserved": {"cpu": "100m", "memory": "2Gi"},
    }


def kube_proxy(layout: Layout, zone: ZoneFacts) -> dict[str, object]:
    """kube-proxy's configuration. Source: https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/"""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clusterCIDR": POD_NETWORK,
        "clientConnection": {"kubeconfig": str(layout.pki / "kube-proxy.kubeconfig")},
        # A namespace's conntrack limits are read-only.
        "conntrack": {"maxPerCore": 0, "min": 0},
        "oomScoreAdj": 0,
        "hostnameOverride": zone.node,
        "nodePortAddresses": [NODE_NETWORK],
    }


def cilium(layout: Layout, zone: ZoneFacts) -> dict[str, str]:
    """Cilium as the network plug-in and for policies only. Source: https://docs.cilium.io/en/stable/cmdref/cilium-agent/"""
    return {
        "k8s-kubeconfig-path": str(layout.kubeconfig),
        "lib-dir": str(layout.node(zone) / "cilium"),
        "state-dir": "/run/cilium",
        "bpf-root": "/sys/fs/bpf",
        "cgroup-root": "/sys/fs/cgroup/unified",
        "ipam": "kubernetes",
        "k8s-require-ipv4-pod-cidr": "true",
        "identity-allocation-mode": "crd",
        "routing-mode": "native",
        "auto-direct-node-routes": "true",
        "ipv4-native-routing-cidr": NATIVE_NETWORK,
        "ipv4-node": zone.address,
        "devices": "eth0",
        "enable-ipv4-masquerade": "false",
        "enable-ipv6": "false",
        "kube-proxy-replacement": "false",
        # chosen where a connection is opened: chosen for each packet, a connection to a pod that ends is cut at once
        "bpf-lb-sock": "true",
        # it sends pods' requests to services on by itself, and would do so to any zone's pod
        "enable-service-topology": "true",
        "enable-l7-proxy": "false",
        "enable-hubble": "false",
        "enable-health-checking": "false",
        "enable-endpoint-health-checking": "false",
        "write-cni-conf-when-ready": "/etc/cni/net.d/05-cilium.conflist",
        "cni-exclusive": "true",
    }


def install(layout: Layout) -> None:
    """What all nodes run: the scripts, as copies, since a shell reads on in its file; and the compiler.

    Cilium calls it `clang`, Debian calls it by its version.
    """
    layout.scripts.mkdir(parents=True)
    for name in SCRIPTS:
        shutil.copy(data_file(name), layout.scripts)
    compiler = layout.bin / "clang" / "clang"
    compiler.parent.mkdir(parents=True)
    compiler.symlink_to(COMPILER)

"""etcd, the API server, the controllers and the scheduler, in the machine's own namespaces."""

from dataclasses import dataclass
from pathlib import Path

from myclothes_rig import cgroups
from myclothes_rig.commands import run, succeeds
from myclothes_rig.errors import RigError
from myclothes_rig.layout import CONTROL_PLANE_ADDRESS, POD_NETWORK, SERVICE_NETWORK, Layout
from myclothes_rig.processes import Daemon
from myclothes_rig.waiting import wait_for

API_SERVER = "kube-apiserver"
NAMES = ("etcd", API_SERVER, "kube-controller-manager", "kube-scheduler")
ETCD = "http://127.0.0.1:2379"
READY_SECONDS = 90.0
CRDS_SECONDS = 60.0
JOIN = 'echo $$ > "$0" && exec "$@"'


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """The four programs of one rig."""

    layout: Layout

    def daemons(self) -> list[Daemon]:
        return [Daemon(name, self.layout.log) for name in NAMES]

    def start(self) -> None:
        """Start all four; returns when the API server is ready and the controllers run."""
        self._start("etcd", _etcd(self.layout))
        self._start(API_SERVER, _api_server(self.layout))
        # The controllers exit when they start before the API server has made the built-in roles.
        role = ["-n", "kube-system", "get", "role", "extension-apiserver-authentication-reader"]
        wait_for(
            "the API server to be ready",
            lambda: self._answers("get", "--raw", "/readyz") and self._answers(*role),
            seconds=READY_SECONDS,
            diagnosis=self._diagnosis,
        )
        self._start("kube-controller-manager", _controllers(self.layout))
        self._start("kube-scheduler", _scheduler(self.layout))

    def define(self, definitions: Path) -> None:
        """Apply Cilium's resource definitions: its operator, which usually does, is not run."""
        folders = [word for folder in ("v2", "v2alpha1") for word in ("-f", str(definitions / folder))]
        run([*self.kubectl(), "apply", "--server-side", *folders], seconds=CRDS_SECONDS)

    def kill(self) -> None:
        """End all four, the last started first."""
        for daemon in reversed(self.daemons()):
            daemon.kill()
        cgroups.remove_control_plane()

    def kubectl(self) -> list[str]:
        """The words that begin a kubectl command."""
        return [str(self.layout.bin / "kubectl"), f"--kubeconfig={self.layout.kubeconfig}"]

    def _start(self, name: str, options: dict[str, object]) -> None:
        words = [f"--{option}={value}" for option, value in options.items()]
        group = cgroups.create_control_plane()
        Daemon(name, self.layout.log).start("sh", "-c", JOIN, group, self.layout.bin / name, *words)

    def _answers(self, *words: str) -> bool:
        for daemon in self.daemons()[:2]:
            if daemon.pid() is None:
                raise RigError(f"{daemon.name} ended\n{daemon.last_lines()}")
        return succeeds([*self.kubectl(), "--request-timeout=5s", *words])

    def _diagnosis(self) -> str:
        return "\n".join(daemon.last_lines() for daemon in self.daemons()[:2])


def _etcd(layout: Layout) -> dict[str, object]:
    return {
        "data-dir": layout.state / "etcd",
        "listen-client-urls": ETCD,
        "advertise-client-urls": ETCD,
        "listen-peer-urls": "http://127.0.0.1:2380",
        "unsafe-no-fsync": "true",  # the control plane's durability is not what is tested
        "auto-compaction-retention": 1,
    }


def _api_server(layout: Layout) -> dict[str, object]:
    pki = layout.pki
    return {
        "etcd-servers": ETCD,
        "advertise-address": CONTROL_PLANE_ADDRESS,
        "secure-port": 6443,
        "service-cluster-ip-range": SERVICE_NETWORK,
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "allow-privileged": "true",
        "client-ca-file": pki / "ca.crt",
        "tls-cert-file": pki / "apiserver.crt",
        "tls-private-key-file": pki / "apiserver.key",
        "kubelet-client-certificate": pki / "apiserver-kubelet.crt",
        "kubelet-client-key": pki / "apiserver-kubelet.key",
        "kubelet-certificate-authority": pki / "ca.crt",
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": pki / "sa.pub",
        "service-account-signing-key-file": pki / "sa.key",
        "requestheader-client-ca-file": pki / "ca.crt",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-username-headers": "X-Remote-User",
        "proxy-client-cert-file": pki / "front-proxy.crt",
        "proxy-client-key-file": pki / "front-proxy.key",
        # No kube-proxy runs beside the API server: it reaches webhooks and aggregated APIs by their pods' addresses.
        "enable-aggregator-routing": "true",
    }


def _controllers(layout: Layout) -> dict[str, object]:
    return {
        **_client(layout, "kube-controller-manager"),
        "allocate-node-cidrs": "true",
        "cluster-cidr": POD_NETWORK,
        "node-cidr-mask-size": 24,
        "service-cluster-ip-range": SERVICE_NETWORK,
        "root-ca-file": layout.pki / "ca.crt",
        "service-account-private-key-file": layout.pki / "sa.key",
        "use-service-account-credentials": "true",
        "cluster-signing-cert-file": layout.pki / "ca.crt",
        "cluster-signing-key-file": layout.pki / "ca.key",
    }


def _scheduler(layout: Layout) -> dict[str, object]:
    return _client(layout, "kube-scheduler")


def _client(layout: Layout, name: str) -> dict[str, object]:
    kubeconfig = layout.pki / f"{name}.kubeconfig"
    return {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "leader-elect": "false",
    }

"""One CA, the cluster's certificates and its kubeconfigs."""

import base64
import json
from pathlib import Path

from myclothes_rig import cache
from myclothes_rig.commands import run
from myclothes_rig.layout import API_SERVICE_ADDRESS, CONTROL_PLANE_ADDRESS, ZONES, Layout

DAYS = "3650"
SERVER = f"https://{CONTROL_PLANE_ADDRESS}:6443"

API_SERVER_NAMES = (
    "DNS:kubernetes",
    "DNS:kubernetes.default",
    "DNS:kubernetes.default.svc",
    "DNS:kubernetes.default.svc.cluster.local",
    "DNS:localhost",
    "IP:127.0.0.1",
    f"IP:{CONTROL_PLANE_ADDRESS}",
    f"IP:{API_SERVICE_ADDRESS}",
)


def make(layout: Layout) -> float:
    """Make the keys, unless they are there. Returns the seconds it took."""
    return cache.make(layout.pki, _make).seconds


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    authority = folder / "ca.key"
    _key(authority)
    run(
        [
            "openssl",
            "req",
            "-x509",
            "-new",
            "-key",
            authority,
            "-subj",
            "/CN=rig-ca",
            "-days",
            DAYS,
            "-out",
            folder / "ca.crt",
        ]
    )
    _certificate(folder, "apiserver", "/CN=kube-apiserver", API_SERVER_NAMES)
    _certificate(folder, "front-proxy", "/CN=front-proxy-client")
    _certificate(folder, "apiserver-kubelet", "/O=system:masters/CN=apiserver-kubelet")
    _client(folder, "admin", "/O=system:masters/CN=admin")
    _client(folder, "kube-controller-manager", "/CN=system:kube-controller-manager", ("DNS:localhost",))
    _client(folder, "kube-scheduler", "/CN=system:kube-scheduler")
    _client(folder, "kube-proxy", "/CN=system:kube-proxy")
    for zone in ZONES.values():
        names = (f"DNS:{zone.node}", f"IP:{zone.address}")
        _client(folder, zone.node, f"/O=system:nodes/CN=system:node:{zone.node}", names)
    run(["openssl", "genrsa", "-out", folder / "sa.key", "2048"])
    run(["openssl", "rsa", "-in", folder / "sa.key", "-pubout", "-out", folder / "sa.pub"])


def _key(path: Path) -> None:
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path])


def _certificate(folder: Path, name: str, subject: str, names: tuple[str, ...] = ()) -> None:
    key, request, extensions = (folder / f"{name}.{kind}" for kind in ("key", "csr", "ext"))
    _key(key)
    run(["openssl", "req", "-new", "-key", key, "-subj", subject, "-out", request])
    lines = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=clientAuth,serverAuth"]
    if names:
        lines.append(f"subjectAltName={','.join(names)}")
    extensions.write_text("\n".join(lines))
    signed: list[str | Path] = ["-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-CAcreateserial", "-days", DAYS]
    run(["openssl", "x509", "-req", "-in", request, *signed, "-extfile", extensions, "-out", folder / f"{name}.crt"])
    request.unlink()
    extensions.unlink()


def _client(folder: Path, name: str, subject: str, names: tuple[str, ...] = ()) -> None:
    """A certificate and the kubeconfig that carries it."""
    _certificate(folder, name, subject, names)
    data = {kind: base64.b64encode((folder / file).read_bytes()).decode() for kind, file in _files(name).items()}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "rig", "cluster": {"server": SERVER, "certificate-authority-data": data.pop("authority")}}
        ],
        "users": [{"name": name, "user": data}],
        "contexts": [{"name": "rig", "context": {"cluster": "rig", "user": name}}],
        "current-context": "rig",
    }
    (folder / f"{name}.kubeconfig").write_text(json.dumps(config, indent=1))


def _files(name: str) -> dict[str, str]:
    return {
        "authority": "ca.crt",
        "client-certificate-data": f"{name}.crt",
        "client-key-data": f"{name}.key",
    }

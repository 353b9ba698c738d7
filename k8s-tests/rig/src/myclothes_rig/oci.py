"""OCI image archives of one layer, as containerd and buildah import them under their name.

Source: https://github.com/opencontainers/image-spec (image layout, manifest, configuration).
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CREATED = "2025-01-01T00:00:00Z"
"""The same for every image, so that the same content has the same digest; builders' caches want one."""
MEDIA = "application/vnd.oci.image"


def write_archive(target: Path, reference: str, layer: Path, entrypoint: Sequence[str], command: Sequence[str]) -> None:
    """Write `layer` (a tar file of the root folder) as the archive of an image called `reference`, tag included."""
    size = layer.stat().st_size
    with layer.open("rb") as file:
        layer_digest = hashlib.file_digest(file, "sha256").hexdigest()
    config = _encode(
        {
            "created": CREATED,
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": list(entrypoint), "Cmd": list(command), "Env": [f"PATH={PATH}"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
            "history": [{"created": CREATED, "created_by": "myclothes-rig"}],
        }
    )
    manifest = _encode(
        {
            "schemaVersion": 2,
            "mediaType": f"{MEDIA}.manifest.v1+json",
            "config": _descriptor("config.v1+json", config),
            "layers": [{"mediaType": f"{MEDIA}.layer.v1.tar", "digest": f"sha256:{layer_digest}", "size": size}],
        }
    )
    names = {
        "io.containerd.image.name": reference,
        "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
    }
    index = _encode(
        {"schemaVersion": 2, "manifests": [{**_descriptor("manifest.v1+json", manifest), "annotations": names}]}
    )
    with tarfile.open(target, "w") as archive:
        _add(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _add(archive, "index.json", index)
        for blob in (config, manifest):
            _add(archive, f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob)
        archive.add(layer, arcname=f"blobs/sha256/{layer_digest}")


def _encode(document: object) -> bytes:
    return json.dumps(document, sort_keys=True).encode()


def _descriptor(kind: str, blob: bytes) -> dict[str, object]:
    digest = hashlib.sha256(blob).hexdigest()
    return {"mediaType": f"{MEDIA}.{kind}", "digest": f"sha256:{digest}", "size": len(blob)}


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))

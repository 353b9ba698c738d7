"""What is inside an image archive, told from its layers: neither its label of a revision nor its date counts.

Source: https://github.com/opencontainers/image-spec (image layout, manifest) and docker's manifest.json.
"""

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

from myclothes_rig.errors import PreparationError


def content_of(archive: Path) -> str:
    """A short digest of the layers of an archive's image. Raises PreparationError when it was not built."""
    if not archive.is_file():
        raise PreparationError(f"no image {archive.name}: make images")
    with tarfile.open(archive) as opened:
        names = set(opened.getnames())
        if "index.json" in names:
            manifest = _read(opened, _blob(_read(opened, "index.json")["manifests"][0]["digest"]))
            config = _read(opened, _blob(manifest["config"]["digest"]))
        else:
            config = _read(opened, _read(opened, "manifest.json")[0]["Config"])
    return hashlib.sha256(json.dumps(config["rootfs"]["diff_ids"]).encode()).hexdigest()[:12]


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _read(opened: tarfile.TarFile, name: str) -> Any:
    file = opened.extractfile(name)
    if file is None:
        raise PreparationError(f"no image archive: {name} is a folder in it")
    return json.load(file)

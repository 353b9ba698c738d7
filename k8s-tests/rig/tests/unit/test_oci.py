"""An archive holds what its index says it does."""

import hashlib
import json
import tarfile
from pathlib import Path

from myclothes_rig import oci


def test_every_digest_and_size_is_true(tmp_path: Path) -> None:
    layer, target = tmp_path / "layer.tar", tmp_path / "image.tar"
    (tmp_path / "file").write_text("content")
    with tarfile.open(layer, "w") as file:
        file.add(tmp_path / "file", arcname="file")
    oci.write_archive(target, "docker.io/rig/thing:dev", layer, ("/file",), ())
    with tarfile.open(target) as archive:

        def read(name: str) -> bytes:
            return archive.extractfile(name).read()

        def blob(descriptor: dict) -> bytes:
            content = read("blobs/sha256/" + descriptor["digest"].removeprefix("sha256:"))
            assert descriptor["digest"] == "sha256:" + hashlib.sha256(content).hexdigest()
            assert descriptor["size"] == len(content)
            return content

        (entry,) = json.loads(read("index.json"))["manifests"]
        assert entry["annotations"]["io.containerd.image.name"] == "docker.io/rig/thing:dev"
        manifest = json.loads(blob(entry))
        config = json.loads(blob(manifest["config"]))
        assert blob(manifest["layers"][0]) == layer.read_bytes()
        assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]
        assert config["config"]["Entrypoint"] == ["/file"]

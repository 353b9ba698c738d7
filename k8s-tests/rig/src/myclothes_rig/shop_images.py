"""The shop's own images, built from `images/`: by docker where there is an engine, else by buildah without one.

buildah runs here in chroot isolation, which needs no rights beyond root's, on the base image that the rig made.
"""

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from myclothes_rig import cache, images
from myclothes_rig.commands import run, succeeds
from myclothes_rig.errors import PreparationError, RigError
from myclothes_rig.layout import Layout

REPOSITORY = "docker.io/myclothes"
DEFAULT_TAG = "dev"
SERVICES = ("cart", "gateway", "operator", "shop", "users")
STORES = ("postgres", "valkey")
# for operators, and no part of the shop: built when they are named
TOOLS = ("ledger",)

BUILD_SECONDS = 1200.0
SAVE_SECONDS = 300.0

CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
CA_BUNDLE_IN_BUILD = "/run/build-authorities.crt"
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Built:
    """An image as it was built: its full name, its archive, the archive's bytes and the seconds it took."""

    reference: str
    archive: Path
    size: int
    seconds: float

    def line(self) -> str:
        return f"{self.reference:40} {self.size / MEGABYTE:7.1f} MB {self.seconds:7.1f} s  {self.archive}"


def names() -> tuple[str, ...]:
    """Every image of the shop."""
    return (*SERVICES, *STORES)


def reference(name: str, tag: str = DEFAULT_TAG) -> str:
    """An image's full name."""
    return f"{REPOSITORY}/{name}:{tag}"


def archive(layout: Layout, name: str, tag: str = DEFAULT_TAG) -> Path:
    """Where an image's archive is written."""
    return layout.shop_images / f"{name}-{tag}.tar"


def repository_root() -> Path:
    """The checkout this package belongs to: the images are built from its files."""
    for folder in Path(__file__).resolve().parents:
        if (folder / "images/service/Dockerfile").is_file():
            return folder
    raise PreparationError("the shop's images are built from a checkout of the repository, and this is none")


def has_docker() -> bool:
    """Whether a docker engine answers."""
    return succeeds(["docker", "version"])


def build(layout: Layout, wanted: Sequence[str], tag: str = DEFAULT_TAG) -> list[Built]:
    """Build images and write their archives. Layers that did not change are taken from the last build."""
    known = (*names(), *TOOLS)
    unknown = set(wanted) - set(known)
    if unknown:
        raise RigError(f"no image {', '.join(sorted(unknown))}: the images are {', '.join(known)}")
    builder: Docker | Buildah = Docker() if has_docker() else Buildah(layout)
    builder.prepare()
    return [_build(builder, layout, name, tag) for name in wanted]


def _build(builder: "Docker | Buildah", layout: Layout, name: str, tag: str) -> Built:
    started = time.monotonic()
    full = reference(name, tag)
    target = archive(layout, name, tag)
    target.parent.mkdir(parents=True, exist_ok=True)
    words = ["--tag", full, "--build-arg", f"REVISION={_revision()}", *_source(name)]
    builder.build(words)
    unfinished = target.with_suffix(f".{os.getpid()}")
    cache.remove(unfinished)
    builder.save(full, unfinished)
    unfinished.replace(target)
    return Built(full, target, target.stat().st_size, time.monotonic() - started)


def _source(name: str) -> list[str]:
    root = repository_root()
    if name in SERVICES or name in TOOLS:
        folder = f"{'tools' if name in TOOLS else 'services'}/{name}"
        words = ["--build-arg", f"SERVICE={name}", "--build-arg", f"FOLDER={folder}"]
        return [*words, "--file", str(root / "images/service/Dockerfile"), str(root)]
    return ["--file", str(root / "images" / name / "Dockerfile"), str(root / "images" / name)]


def _revision() -> str:
    return run(["git", "-C", repository_root(), "rev-parse", "HEAD"]).strip()


class Docker:
    """A Docker engine; it has the base image or fetches it."""

    def prepare(self) -> None:
        """Nothing to do: the engine pulls."""

    def build(self, words: Sequence[str]) -> None:
        run(["docker", "build", *words], seconds=BUILD_SECONDS)

    def save(self, full: str, target: Path) -> None:
        run(["docker", "save", "--output", target, full], seconds=SAVE_SECONDS)


class Buildah:
    """buildah with a storage of its own in the rig's cache."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        storage = layout.cache / "buildah"
        self._command = ["buildah", "--root", str(storage / "root"), "--runroot", str(storage / "run")]

    def prepare(self) -> None:
        """Import the base image under the name that the Dockerfiles start from."""
        if shutil.which("buildah") is None:
            raise PreparationError("neither docker nor buildah is here: python -m myclothes_rig build")
        base = images.base_archive(self._layout)
        mark = self._layout.cache / "buildah" / f"{base.stem}.imported"
        if not mark.exists():
            image = run([*self._command, "pull", f"oci-archive:{base}"], seconds=SAVE_SECONDS).split()[-1]
            run([*self._command, "tag", image, images.BASE])
            mark.touch()

    def build(self, words: Sequence[str]) -> None:
        options = ["--isolation", "chroot", "--network", "host", "--pull-never", "--layers", "--format", "docker"]
        authorities = [
            "--volume",
            f"{CA_BUNDLE}:{CA_BUNDLE_IN_BUILD}:ro",
            "--build-arg",
            f"CA_BUNDLE={CA_BUNDLE_IN_BUILD}",
        ]
        run([*self._command, "bud", *options, *authorities, *words], seconds=BUILD_SECONDS)

    def save(self, full: str, target: Path) -> None:
        # Layers are named by their digests in this format: a node takes each once, however many images share it.
        archive = f"oci-archive:{target}:{full}"
        run([*self._command, "push", "--format", "oci", full, archive], seconds=SAVE_SECONDS)

"""The images that the cluster itself needs: the base of all others, and one for each program that runs as a pod.

No registry is asked: what docker.io/library/debian:trixie-slim is comes from Debian's own packages, so that a
Dockerfile that starts with that name builds here as it does elsewhere.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from myclothes_rig import cache, oci
from myclothes_rig.commands import run
from myclothes_rig.layout import Layout, data_file
from myclothes_rig.tools import IN_IMAGES

BASE = "docker.io/library/debian:trixie-slim"
SUITE = "trixie"
MIRROR = "http://deb.debian.org/debian"
PAUSE = "registry.k8s.io/pause:3.10"

FORMAT = Path(oci.__file__)
"""What writes the archives goes into their keys."""

DEBOOTSTRAP_SECONDS = 900.0
ARCHIVE_SECONDS = 300.0

LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian")
"""What the slim variant leaves out, also of packages installed later."""


def reference(name: str) -> str:
    """The name of one of the cluster's own images."""
    return PAUSE if name == "pause" else f"docker.io/rig/{name}:dev"


def build(layout: Layout, programs: Mapping[str, Path], report: Callable[[str, float], None]) -> dict[str, Path]:
    """Make what is missing and return every archive by its name; `report` hears each one's name and seconds."""
    archives: dict[str, Path] = {}

    def one(name: str, key: str, build_archive: Callable[[Path], None]) -> None:
        made = cache.make(layout.images / f"{name}-{key}.tar", build_archive)
        archives[name] = made.path
        report(f"image {name}", made.seconds)

    started = time.monotonic()
    archives["debian"] = base_archive(layout)
    report("image debian", time.monotonic() - started)
    pause = data_file("pause.c")
    one("pause", cache.key_of(pause, FORMAT), lambda target: _pause(pause, target))
    for name in IN_IMAGES:
        path = programs[name]
        one(name, cache.key_of(path.name, FORMAT), lambda target, path=path, name=name: _program(path, name, target))  # type: ignore[misc]  # a lambda's defaults have no type
    return archives


def base_archive(layout: Layout) -> Path:
    """The archive of the base image, made when it is missing."""
    key = cache.key_of(SUITE, MIRROR, *LEFT_OUT, data_file("apt"), FORMAT)
    return cache.make(layout.images / f"debian-{key}.tar", _base).path


def _base(target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        root = Path(folder) / "root"
        run(["debootstrap", "--variant=minbase", SUITE, root, MIRROR], seconds=DEBOOTSTRAP_SECONDS)
        shutil.copytree(data_file("apt"), root / "etc/apt", dirs_exist_ok=True, copy_function=shutil.copyfile)
        excludes = "".join(f"path-exclude /{path}/*\n" for path in LEFT_OUT)
        (root / "etc/dpkg/dpkg.cfg.d/slim").write_text(f"{excludes}path-include /usr/share/doc/*/copyright\n")
        run(["chroot", root, "apt-get", "clean"])
        for path in (*LEFT_OUT, "var/lib/apt/lists", "var/log"):
            cache.remove(root / path)
            (root / path).mkdir()
        _archive(root, BASE, (), ("bash",), target)


def _pause(source: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        root = Path(folder) / "root"
        root.mkdir()
        run(["gcc", "-O2", "-static", "-o", root / "pause", source])
        _archive(root, PAUSE, ("/pause",), (), target)


def _program(program: Path, name: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        root = Path(folder) / "root"
        root.mkdir()
        os.link(program, root / name)
        _archive(root, reference(name), (f"/{name}",), (), target)


def _archive(root: Path, name: str, entrypoint: tuple[str, ...], command: tuple[str, ...], target: Path) -> None:
    layer = root.with_name("layer.tar")
    empty = [f"--exclude=./{folder}/*" for folder in ("proc", "sys", "dev")]
    run(["tar", "-C", root, "--numeric-owner", *empty, "-cf", layer, "."], seconds=ARCHIVE_SECONDS)
    oci.write_archive(target, name, layer, entrypoint, command)

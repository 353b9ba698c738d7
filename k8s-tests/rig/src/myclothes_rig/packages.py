"""The Debian packages that the rig stands on, in one place."""

import os
import shutil

from myclothes_rig.commands import run
from myclothes_rig.errors import PreparationError

PACKAGES = (
    "buildah",  # the shop's images, where there is no docker
    "clang-19",  # cilium compiles its BPF programs when it starts
    "conntrack",
    "containerd",
    "containernetworking-plugins",  # the loopback plug-in
    "debootstrap",  # the base image
    "e2fsprogs",  # a file system a volume
    "gcc",  # the pause program
    "iproute2",
    "ipset",
    "iptables",
    "libc6-dev",
    "llvm-19",
    "nftables",
    "openssl",
    "procps",
    "runc",
    "util-linux",
)

INSTALL_SECONDS = 600.0
LOCK_SECONDS = 300
"""A fresh machine may be at its own updates."""


def missing() -> list[str]:
    """The packages that are not installed."""
    listed = run(["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n"])
    installed = {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}
    return [name for name in PACKAGES if name not in installed]


def install() -> list[str]:
    """Install what is missing and return it. Raises PreparationError when it cannot."""
    wanted = missing()
    if wanted:
        command = f"apt-get install --no-install-recommends {' '.join(wanted)}"
        if os.geteuid() != 0:
            raise PreparationError(f"packages are missing; as root, run: {command}")
        if shutil.which("apt-get") is None:
            raise PreparationError(f"packages are missing and this is no Debian; what they are called there: {command}")
        lock = f"-oDPkg::Lock::Timeout={LOCK_SECONDS}"
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-qq"], seconds=INSTALL_SECONDS, env=quiet)
        run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", lock, *wanted],
            seconds=INSTALL_SECONDS,
            env=quiet,
        )
    return wanted


def require_root() -> None:
    """Raise PreparationError unless this process may make namespaces, mounts and cgroups."""
    if os.geteuid() != 0:
        raise PreparationError("the rig makes namespaces, mounts and cgroups: run it as root")

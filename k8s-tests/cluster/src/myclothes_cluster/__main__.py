"""`python -m myclothes_cluster up|images|install|down`, on the cluster that CLUSTER chooses."""

import argparse
import sys

import helm_python as helm

from myclothes_cluster.release import Release, archives
from myclothes_cluster.targets import CurrentTarget, Target, target_from_environment
from myclothes_rig import packages, shop_images
from myclothes_rig.errors import RigError
from myclothes_rig.layout import Layout


def main() -> int:
    """Do what the word says. Returns the exit code: 0 done, 1 failed."""
    parser = argparse.ArgumentParser(prog="myclothes_cluster", description=__doc__)
    parser.add_argument("command", choices=("images", "up", "install", "down"))
    words = parser.parse_args()
    try:
        if words.command == "images":
            build_images()
        else:
            COMMANDS[words.command](target_from_environment())
    except (RigError, helm.HelmError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def build_images() -> None:
    """Build the shop's images, by docker where an engine is, else by buildah, and print their sizes."""
    if not shop_images.has_docker():
        packages.require_root()
        packages.install()
    layout = Layout.from_environment()
    for image in shop_images.build(layout, shop_images.names()):
        sys.stdout.write(f"{image.line()}\n")


def up(target: Target) -> None:
    """Boot the cluster unless it is up, and bring it the images of this checkout."""
    target.up()
    if target.name != CurrentTarget.name:
        build_images()
        target.load(archives())
    sys.stdout.write(f"export KUBECONFIG={target.kubeconfig}\n# ingress: {' '.join(target.origins)}\n")


def install(target: Target) -> None:
    """Install the shop as the tests do, or bring it up to date."""
    if not target.is_up():
        raise RigError(f"the cluster ({target.name}) is not up: make cluster")
    release = Release(target)
    release.ensure()
    sys.stdout.write(f"{release.origin}\n")


def down(target: Target) -> None:
    """End the cluster."""
    target.down()


COMMANDS = {"up": up, "install": install, "down": down}

if __name__ == "__main__":
    sys.exit(main())

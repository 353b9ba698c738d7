"""The command line: one command a call of the API."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from myclothes_rig import shop_images
from myclothes_rig.errors import RigError
from myclothes_rig.layout import CACHE_VARIABLE, INGRESS_NODE_PORT, ZONES
from myclothes_rig.rig import Rig

ZONE_ACTIONS = {
    "kill": "lose its machine",
    "start": "switch a lost machine on",
    "cut": "cut it off both ways",
    "cut-in": "let nothing reach it",
    "cut-out": "let nothing leave it",
    "mend": "take its cuts back",
    "freeze": "stop all of its processes",
    "thaw": "let them go on",
}
CONTAINER_ACTIONS = ("kill", "freeze", "thaw")


def main(argv: Sequence[str]) -> int:
    """Do what the words say. Returns the exit code: 0 done, 1 failed, 2 wrong words."""
    words = parser().parse_args(argv)
    try:
        _do(Rig(), words)
    except RigError as error:
        sys.stderr.write(f"myclothes_rig: {error}\n")
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    top = argparse.ArgumentParser(
        prog="myclothes_rig", description=f"A three-zone Kubernetes on one machine. {CACHE_VARIABLE} is its folder."
    )
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="install packages, compile the programs, make the cluster's images")
    up = commands.add_parser("up", help="boot the cluster, clearing what an earlier boot left")
    up.add_argument("archives", nargs="*", type=Path, help="image archives for all nodes")
    commands.add_parser("down", help="end the cluster and leave nothing")
    commands.add_parser("status", help="what runs")
    load = commands.add_parser("load", help="import image archives into all nodes")
    load.add_argument("archives", nargs="+", type=Path)
    shop = commands.add_parser("images", help="build the shop's images")
    shop.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(shop_images.names())}; all without one")
    shop.add_argument("--tag", default=shop_images.DEFAULT_TAG)
    zone = commands.add_parser("zone", help="break a zone or bring it back")
    zone.add_argument("action", choices=ZONE_ACTIONS, help="; ".join(f"{k}: {v}" for k, v in ZONE_ACTIONS.items()))
    zone.add_argument("zone", choices=ZONES)
    container = commands.add_parser("container", help="break a container of a pod or bring it back")
    container.add_argument("action", choices=CONTAINER_ACTIONS)
    _add_pod(container)
    container.add_argument("container")
    volume = commands.add_parser("fill-disk", help="take all space of a pod's claimed volume")
    volume.add_argument("--free", action="store_true", help="give it back")
    _add_pod(volume)
    volume.add_argument("volume", help="the name that the pod gives it")
    inside = commands.add_parser("in", help="run a program inside a zone's node")
    inside.add_argument("zone", choices=ZONES)
    inside.add_argument("program", nargs=argparse.REMAINDER)
    return top


def _add_pod(command: argparse.ArgumentParser) -> None:
    command.add_argument("namespace")
    command.add_argument("pod")


def _do(rig: Rig, words: argparse.Namespace) -> None:
    match words.command:
        case "build":
            rig.build()
        case "up":
            rig.up(words.archives)
            sys.stdout.write(_hints(rig))
        case "down":
            rig.down()
        case "status":
            sys.stdout.writelines(f"{name:24} {state}\n" for name, state in rig.status().items())
        case "load":
            rig.load(*words.archives)
        case "images":
            built = shop_images.build(rig.layout, words.names or shop_images.names(), words.tag)
            sys.stdout.writelines(f"{image.line()}\n" for image in built)
        case "in":
            sys.stdout.write(rig.zone(words.zone).node.run(*words.program))
        case _:
            _break(rig, words)


def _break(rig: Rig, words: argparse.Namespace) -> None:
    match words.command:
        case "zone":
            getattr(rig.zone(words.zone), words.action.replace("-", "_"))()
        case "container":
            getattr(rig.container(words.namespace, words.pod, words.container), words.action)()
        case "fill-disk":
            volume = rig.volume(words.namespace, words.pod, words.volume)
            (volume.free if words.free else volume.fill)()


def _hints(rig: Rig) -> str:
    return (
        f"export KUBECONFIG={rig.layout.kubeconfig} PATH={rig.layout.bin}:$PATH\n"
        f"# ingress: http://{ZONES['a'].address}:{INGRESS_NODE_PORT}, and the same port on the other zones' nodes\n"
    )

"""The network: a bridge in a namespace of its own joins the zones and the control plane, and cuts are made on it.

A cut drops frames on the bridge, so that both sides keep their links up and hear nothing, as when a switch between
two data centres fails.
"""

from collections.abc import Sequence
from typing import Literal

from myclothes_rig.commands import run, succeeds
from myclothes_rig.layout import CONTROL_PLANE_ADDRESS, SERVICE_NETWORK, ZONES, ZoneFacts

FABRIC = "mc-fabric"
CONTROL_PLANE_LINK = "mc-cp"
CONTROL_PLANE_PORT = "p-cp"
OUTSIDE = "mc-outside"
OUTSIDE_PORT = "p-outside"
OUTSIDE_ADDRESS = "198.18.0.253"

Direction = Literal["in", "out"]

CUTS = """
table bridge cuts {
  set in { type ifname; }
  set out { type ifname; }
  chain forward {
    type filter hook forward priority 0;
    oifname @in drop
    iifname @out drop
  }
}
"""
"""`in`: nothing reaches a zone; `out`: nothing leaves it."""

LIMITS = ("fs.inotify.max_user_instances=8192", "fs.inotify.max_user_watches=524288")
SILENT = ("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
"""The bridge and its ports look for IPv6 routers now and then: a zone that is cut off would hear them."""
FORWARDING = (
    "net.ipv4.ip_forward=1",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
)


def create() -> None:
    """The bridge, the control plane's link to it and the empty list of cuts."""
    run(["ip", "netns", "add", FABRIC])
    # -e: a kernel may have no IPv6 at all
    run([*inside(FABRIC), "sysctl", "-eqw", *SILENT])
    _fabric("link", "add", "br0", "type", "bridge")
    _fabric("link", "set", "br0", "up")
    run(["ip", "link", "add", CONTROL_PLANE_LINK, "type", "veth", "peer", "name", CONTROL_PLANE_PORT, "netns", FABRIC])
    _fabric("link", "set", CONTROL_PLANE_PORT, "master", "br0", "up")
    run(["ip", "addr", "add", f"{CONTROL_PLANE_ADDRESS}/24", "dev", CONTROL_PLANE_LINK])
    run(["ip", "link", "set", CONTROL_PLANE_LINK, "up"])
    _nft(CUTS)
    run(["sysctl", "-qw", *LIMITS])


def create_zone(zone: ZoneFacts) -> None:
    """A zone's network namespace with its link to the bridge. What was left of an earlier one goes first."""
    remove_zone(zone)
    inside = ["ip", "-n", zone.namespace]
    run(["ip", "netns", "add", zone.namespace])
    run(
        [
            "ip",
            "link",
            "add",
            "eth0",
            "netns",
            zone.namespace,
            "type",
            "veth",
            "peer",
            "name",
            zone.port,
            "netns",
            FABRIC,
        ]
    )
    _fabric("link", "set", zone.port, "master", "br0", "up")
    run([*inside, "link", "set", "lo", "up"])
    run([*inside, "link", "set", "eth0", "up"])
    run([*inside, "addr", "add", f"{zone.address}/24", "dev", "eth0"])
    run([*inside, "route", "add", "default", "via", CONTROL_PLANE_ADDRESS])
    run(["nsenter", f"--net=/run/netns/{zone.namespace}", "sysctl", "-qw", *FORWARDING])


def remove_zone(zone: ZoneFacts) -> None:
    """Take a zone's network away, as far as it is there."""
    if _exists(zone.namespace):
        run(["ip", "netns", "del", zone.namespace])
    if _exists(FABRIC) and succeeds(["ip", "-n", FABRIC, "link", "show", zone.port]):
        # The kernel removes the other end of a link a moment after its namespace.
        succeeds(["ip", "-n", FABRIC, "link", "del", zone.port])


def create_outside(addresses: Sequence[str]) -> None:
    """A machine on the bridge that is no part of the cluster, with these addresses beside its own."""
    inside = ["ip", "-n", OUTSIDE]
    run(["ip", "netns", "add", OUTSIDE])
    _fabric("link", "add", OUTSIDE_PORT, "type", "veth", "peer", "name", "eth0", "netns", OUTSIDE)
    _fabric("link", "set", OUTSIDE_PORT, "master", "br0", "up")
    run([*inside, "link", "set", "lo", "up"])
    run([*inside, "link", "set", "eth0", "up"])
    run([*inside, "addr", "add", f"{OUTSIDE_ADDRESS}/24", "dev", "eth0"])
    for address in addresses:
        run([*inside, "addr", "add", f"{address}/32", "dev", "lo"])


def remove_outside() -> None:
    """Take it away, if it is there."""
    if _exists(OUTSIDE):
        run(["ip", "netns", "del", OUTSIDE])
    if _exists(FABRIC):
        succeeds(["ip", "-n", FABRIC, "link", "del", OUTSIDE_PORT])


def remove() -> None:
    """Take the whole network away, as far as it is there."""
    remove_outside()
    for zone in ZONES.values():
        remove_zone(zone)
    if _exists(FABRIC):
        run(["ip", "netns", "del", FABRIC])
    succeeds(["ip", "link", "del", CONTROL_PLANE_LINK])


def cut(zone: ZoneFacts, *directions: Direction) -> None:
    """Let nothing pass in these directions, seen from the zone. Cutting what is cut changes nothing."""
    for direction in directions:
        _nft(f'add element bridge cuts {direction} {{ "{zone.port}" }}')


def mend(zone: ZoneFacts) -> None:
    """Let everything pass again."""
    for direction in cuts(zone):
        _nft(f'delete element bridge cuts {direction} {{ "{zone.port}" }}')


def cuts(zone: ZoneFacts) -> list[Direction]:
    """The directions in which a zone is cut off."""
    directions: list[Direction] = ["in", "out"]
    return [
        direction
        for direction in directions
        if f'"{zone.port}"' in run([*inside(FABRIC), "nft", "list", "set", "bridge", "cuts", direction])
    ]


def route_pods(pod_network: str, zone_address: str) -> None:
    """Let the control plane, and the tests beside it, reach a node's pods."""
    run(["ip", "route", "replace", pod_network, "via", zone_address])


def route_services(zone_address: str) -> None:
    """Let the tests reach services' addresses by one zone's kube-proxy."""
    run(["ip", "route", "replace", SERVICE_NETWORK, "via", zone_address])


def _exists(namespace: str) -> bool:
    return any(line.split()[0] == namespace for line in run(["ip", "netns", "list"]).splitlines() if line)


def _fabric(*words: str) -> None:
    run(["ip", "-n", FABRIC, *words])


def inside(namespace: str) -> list[str]:
    """The words that run a program in a network namespace."""
    return ["nsenter", f"--net=/run/netns/{namespace}"]


def _nft(rules: str) -> None:
    run([*inside(FABRIC), "nft", "-f", "-"], stdin=rules)

"""A machine outside of the cluster: an address of the internet and that of the clouds' metadata, both answering.

Nothing leaves the rig, so without it a refused connection to the internet would look like any other.
"""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from myclothes_rig import network
from myclothes_rig.commands import run, succeeds
from myclothes_rig.layout import ZONES
from myclothes_rig.nodes import Node
from myclothes_rig.waiting import wait_for

INTERNET_ADDRESS = "203.0.113.1"
"""Set aside for documents, RFC 5737."""
METADATA_ADDRESS = "169.254.169.254"
PORT = 80
ANSWERING_SECONDS = 20.0

SERVER = ("python3", "-m", "http.server", "--directory", "/var/empty", str(PORT))


@contextmanager
def outside(nodes: Mapping[str, Node], pod_networks: Mapping[str, str]) -> Iterator[list[str]]:
    """Such a machine, for as long as the context is open: the words that run a program on it.

    Both mappings are by the zone's letter.
    """
    network.remove_outside()
    network.create_outside((INTERNET_ADDRESS, METADATA_ADDRESS))
    inside = network.inside(network.OUTSIDE)
    for letter, pods in pod_networks.items():
        run(["ip", "-n", network.OUTSIDE, "route", "add", pods, "via", ZONES[letter].address])
        for address in (INTERNET_ADDRESS, METADATA_ADDRESS):
            nodes[letter].run("ip", "route", "replace", address, "via", network.OUTSIDE_ADDRESS)
    # ends with this process, however that ends
    words = [*inside, "setpriv", "--pdeathsig", "KILL", *SERVER]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            connect = f"exec 3<>/dev/tcp/{INTERNET_ADDRESS}/{PORT}"
            wait_for(
                "the machine outside to answer",
                lambda: succeeds([*inside, "bash", "-c", connect]),
                seconds=ANSWERING_SECONDS,
            )
            yield inside
        finally:
            server.kill()
            server.wait()
            for letter in pod_networks:
                for address in (INTERNET_ADDRESS, METADATA_ADDRESS):
                    nodes[letter].run("ip", "route", "del", address)
            network.remove_outside()

"""A small application in all zones, on which the rig's own promises are seen."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from myclothes_rig import Rig
from myclothes_rig.commands import succeeds
from myclothes_rig.layout import ZONES

NAMESPACE = "rig-test"
MANIFEST = Path(__file__).with_name("manifest.yaml")
ROLLOUT = "--timeout=120s"
# The path is the ingress' own: without a host, / would take the requests of a shop installed beside.
# One request over bash's own sockets: the base image has no HTTP client.
REQUEST = 'exec 3<>/dev/tcp/$0/$1 && printf "GET /rig-test HTTP/1.0\\r\\n\\r\\n" >&3 && cat <&3 | grep -q "200 OK"'
REQUEST_SECONDS = 3


@dataclass(frozen=True)
class App:
    """The application, and requests to it."""

    rig: Rig
    namespace: str = NAMESPACE
    inside: tuple[str, ...] = ("-n", NAMESPACE)

    def pods(self, app: str) -> dict[str, str]:
        """An application's pods by zone."""
        items = json.loads(self.rig.kubectl("-n", NAMESPACE, "get", "pods", "-l", f"app={app}", "-o", "json"))["items"]
        return {item["spec"]["nodeName"].removeprefix("zone-"): item["metadata"]["name"] for item in items}

    def address(self, pod: str) -> str:
        return self.rig.cluster.column("{.status.podIP}", "-n", NAMESPACE, "pod", pod)

    def can_ask(self, client: str, host: str, port: int = 8080) -> bool:
        """Whether a client pod gets an answer in time."""
        words = ["-n", NAMESPACE, "exec", client, "--", "timeout", str(REQUEST_SECONDS), "bash", "-c", REQUEST]
        return succeeds([*self.rig.cluster.command, *words, host, str(port)])

    def can_ask_from_outside(self, host: str, port: int) -> bool:
        return succeeds(["timeout", str(REQUEST_SECONDS), "bash", "-c", REQUEST, host, str(port)])

    def rollout(self) -> None:
        for workload in ("statefulset/web", "daemonset/friend", "daemonset/stranger"):
            self.rig.kubectl("-n", NAMESPACE, "rollout", "status", workload, ROLLOUT, seconds=130)


@pytest.fixture(scope="session")
def app(rig: Rig) -> Iterator[App]:
    rig.kubectl("apply", "-f", MANIFEST)
    app = App(rig)
    app.rollout()
    yield app
    rig.kubectl("delete", "--ignore-not-found", "-f", MANIFEST, seconds=120)


@pytest.fixture(autouse=True)
def mended(rig: Rig) -> Iterator[None]:
    """Whatever a test broke is whole again for the next one."""
    yield
    for letter in ZONES:
        zone = rig.zone(letter)
        if zone.state() != "running":
            if zone.state() == "off":
                zone.start()
            zone.thaw()
            zone.mend()
    for letter in ZONES:
        rig.wait_ready(letter)

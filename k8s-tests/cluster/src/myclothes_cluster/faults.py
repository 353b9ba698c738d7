"""What is done to the shop's pods and zones, beyond the rig's own faults."""

import json
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from myclothes_cluster.release import SERVICES, Release
from myclothes_cluster.targets import RigTarget
from myclothes_rig.errors import CommandError, RigError
from myclothes_rig.waiting import wait_for

SYSTEM = {"dns": "k8s-app=kube-dns"}
"""The cluster's own pods by label."""
GONE_SECONDS = 120.0
LEADER_SECONDS = 120.0
NAMED_SECONDS = 60.0
REJOINED_SECONDS = 120.0
SWITCH_SECONDS = 60.0
"""For one switch-over of Postgres, which Patroni answers when it is done."""
TOGETHER_SECONDS = 180.0
STORES = 3
"""Pods of each of the two durable stores."""
NOTICED_SECONDS = 120.0
"""Kubernetes' own limits make it 40 to 50 s."""
PODS = 3
"""Of each service at least: the least that its autoscaler asks for."""
REPLACED_SECONDS = 240.0
"""Pods of a node that was noticed to be gone are given up 20 s later; four start at once beside shoppers."""


def delete(release: Release, *pods: str, at_once: bool = False) -> None:
    """Delete pods, with the time that they ask for or without any, and return when they are gone."""
    before = {pod: _uid(release, pod) for pod in pods}
    words = ("--grace-period=0", "--force") if at_once else ()
    release.pods.kubectl("delete", "pod", *pods, "--wait=false", *words)
    wait_for(
        f"{', '.join(pods)} to be gone",
        lambda: all(_uid(release, pod) != uid for pod, uid in before.items()),
        seconds=GONE_SECONDS,
    )


def delete_system(release: Release, label: str) -> None:
    """Delete one of the cluster's own pods."""
    cluster = release.target.cluster
    pod = cluster.kubectl("-n", "kube-system", "get", "pods", "-l", label, "-o", "name").split()[0]
    cluster.kubectl("-n", "kube-system", "delete", pod, "--wait=true", seconds=GONE_SECONDS)


def primary(release: Release, store: str, seconds: float = NAMED_SECONDS) -> str:
    """The pod with the primary of `valkey` or `postgres`; asked for again for a while, since a busy machine is slow."""
    ask = {"valkey": release.pods.valkey_primary, "postgres": release.pods.postgres_primary}[store]
    found: list[str] = []

    def named() -> bool:
        with suppress(LookupError, CommandError):
            found.append(ask())
        return bool(found)

    wait_for(f"somebody to name the primary of {store}", named, seconds=seconds)
    return found[-1]


def zone_letter(release: Release, pod: str) -> str:
    """The rig's letter of the zone that a pod runs in."""
    return release.pods.zone_of(pod).removeprefix("zone-")


def mend(release: Release, letter: str) -> None:
    """Take every fault of a zone of the rig back, and return when its node is Ready."""
    if not isinstance(release.target, RigTarget):
        raise RigError(f"only the rig's zones are broken and mended here, not those of {release.target.name}")
    release.target.mend(letter)


def bring_together(release: Release) -> str:
    """Move Postgres' primary into the zone of Valkey's, and return that zone's letter when all replicas follow."""
    letter = zone_letter(release, release.pods.valkey_primary())
    candidate = next(pod.name for pod in release.pods.all("postgres") if pod.node == f"zone-{letter}")
    switch = ("patronictl", "-c", "/run/postgresql/patroni.json", "switchover", "--candidate", candidate, "--force")

    def together() -> bool:
        # Patroni may answer 503 to a switch-over that it goes on with
        with suppress(LookupError, CommandError):
            leader = release.pods.postgres_primary()
            if leader == candidate:
                return True
            release.pods.run(leader, *switch, "--leader", leader, seconds=SWITCH_SECONDS)
        return False

    wait_for(
        f"both primaries to be in zone {letter}",
        together,
        seconds=TOGETHER_SECONDS,
        diagnosis=release.diagnosis,
        poll=1.0,
    )
    await_in_step(release)
    return letter


def await_primaries(release: Release, outside: Iterable[str], seconds: float = LEADER_SECONDS) -> float:
    """Return, when both stores have primaries that are not in the zones `outside`, the seconds that took."""
    lost = {f"zone-{letter}" for letter in outside}
    zones = {pod.name: pod.node for pod in release.pods.all()}
    started = time.monotonic()

    def moved() -> bool:
        try:
            primaries = release.pods.valkey_primary(), release.pods.postgres_primary()
        except (LookupError, CommandError):
            return False
        return not lost & {zones[primary] for primary in primaries}

    wait_for("the stores to have primaries in the other zones", moved, seconds=seconds, poll=0.5)
    return time.monotonic() - started


def await_noticed(release: Release, letter: str) -> None:
    """Return when Kubernetes itself has noticed that a zone's node is gone."""
    ready = '{.status.conditions[?(@.type=="Ready")].status}'
    cluster = release.target.cluster
    wait_for(
        f"zone {letter} to be seen as gone",
        lambda: cluster.column(ready, "node", f"zone-{letter}") != "True",
        seconds=NOTICED_SECONDS,
        poll=1.0,
    )


def await_replaced(release: Release, letter: str) -> float:
    """Return, when the other zones have all pods of every service that there must be, the seconds that took."""
    started = time.monotonic()

    def replaced() -> bool:
        elsewhere = Counter(pod.component for pod in release.pods.all() if pod.ready and pod.node != f"zone-{letter}")
        return all(elsewhere[service] >= PODS for service in SERVICES)

    wait_for(
        f"{PODS} Ready pods of each service outside of zone {letter}",
        replaced,
        seconds=REPLACED_SECONDS,
        diagnosis=release.diagnosis,
        poll=1.0,
    )
    return time.monotonic() - started


def await_in_step(release: Release, seconds: float = REJOINED_SECONDS) -> float:
    """Return, when every replica of both stores follows its primary, the seconds that took."""
    started = time.monotonic()
    wait_for(
        "every replica to follow its primary",
        lambda: _valkey_in_step(release) and _postgres_in_step(release),
        seconds=seconds,
        diagnosis=release.diagnosis,
        poll=1.0,
    )
    return time.monotonic() - started


def logs_of(release: Release, component: str, container: str, *, seconds: float) -> str:
    """What a container of all of a component's pods has logged in the last `seconds`."""
    words = ("-c", container, f"--since={seconds:.0f}s")
    return "\n".join(release.pods.kubectl("logs", pod.name, *words) for pod in release.pods.all(component))


def _valkey_in_step(release: Release) -> bool:
    """Whether a Sentinel of each zone knows all replicas, their link to the primary and nothing bad of them."""
    pods = release.pods.serving("valkey")
    ask = ("valkey-cli", "-p", "26379", "--json", "sentinel", "replicas", "myclothes")
    try:
        views = [json.loads(release.pods.run(pod.name, *ask, container="sentinel")) for pod in pods]
    except CommandError:
        return False
    return len(views) == STORES and all(
        len(view) == STORES - 1
        and all((replica["flags"], replica["master-link-status"]) == ("slave", "ok") for replica in view)
        for view in views
    )


def _postgres_in_step(release: Release) -> bool:
    """Whether Patroni sees a leader and all others streaming from it."""
    ask = ("patronictl", "-c", "/run/postgresql/patroni.json", "list", "--format", "json")
    try:
        members = json.loads(release.pods.run(release.pods.postgres_primary(), *ask))
    except (LookupError, CommandError):
        return False
    return sorted(member["State"] for member in members) == ["running", *["streaming"] * (STORES - 1)]


def _uid(release: Release, pod: str) -> str:
    return release.pods.kubectl("get", "pod", pod, "--ignore-not-found", "-o", "jsonpath={.metadata.uid}")

"""From rung to rung: the shop's release upgraded in place, its stores kept, except where a rung has others."""

import sys
import time

from myclothes_cluster import Release
from myclothes_cluster.release import NAME, merged
from myclothes_ladder.rungs import STATELESS, STEADY, ZONES, Rung
from myclothes_rig.waiting import wait_for

DEPLOYED = "deployed"
"""What Helm calls a release that is neither under way nor broken."""
GONE_SECONDS = 120.0
SCALED_SECONDS = 120.0


def step(release: Release, rung: Rung) -> None:
    """The release, made as the rung has it and Ready."""
    began = time.monotonic()
    found = {one["name"]: one["status"] for one in release.helm.list(all_states=True)}.get(NAME)
    if found not in {None, DEPLOYED}:
        release.remove()  # an interrupted climb's
        found = None
    if found is None:
        release.create_namespace()
        release.install(merged(STEADY, rung.values))
    else:
        _renew_valkey(release, rung.valkey_pods)
        release.upgrade(merged(STEADY, rung.values))
    release.await_ready()
    _await_pods(release)
    sys.stdout.write(f"{rung.name}: Ready after {time.monotonic() - began:.0f} s\n")


def leave(release: Release) -> None:
    """The shop as the cluster tests have it."""
    _renew_valkey(release, ZONES)
    release.upgrade()
    release.await_ready()
    _await_pods(release)


def _renew_valkey(release: Release, pods: int) -> None:
    """Make room for a store of another size: one that holds another's past would have to be asked what it believes."""
    name = f"{release.fullname}-valkey"
    found = {item["metadata"]["name"]: item["spec"]["replicas"] for item in release.pods.get("statefulsets")["items"]}
    if found.get(name, pods) == pods:
        return
    selector = ("-l", f"app.kubernetes.io/instance={release.name},app.kubernetes.io/component=valkey")
    release.pods.kubectl("delete", "statefulset", name, "--wait=false")
    wait_for("the store to be gone", lambda: not release.pods.all("valkey"), seconds=GONE_SECONDS)
    release.pods.kubectl("delete", "pvc", *selector, seconds=GONE_SECONDS)


def _await_pods(release: Release) -> None:
    """A pod a zone again: a Deployment that an autoscaler has not looked at yet may have fewer."""

    def have_them() -> bool:
        return all(len(release.pods.serving(component)) >= ZONES for component in STATELESS)

    wait_for("a pod a zone", have_them, seconds=SCALED_SECONDS, diagnosis=release.diagnosis, poll=1.0)

"""Pods are deleted and killed one at a time while shoppers shop: nobody notices, or for a bounded time only."""

from collections.abc import Callable

import pytest

from myclothes_cluster import Release
from myclothes_cluster.crowd import Crowd, record
from myclothes_cluster.faults import SYSTEM, delete, delete_system
from myclothes_rig import Rig

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

REPLACED_SECONDS = 120.0
TOLERANCE = 3
"""A goal is for a machine of the shop's own; here three zones, a control plane and the shoppers share two cores."""
CART_GOAL_SECONDS = 3.0
"""A primary of carts that ends: writes are back."""
DATABASE_GOAL_SECONDS = 5.0
"""The same of accounts and orders, deleted in order or crashed."""
FORCED_GOAL_SECONDS = 25.0
"""Without a process that could say so, the lease on the lead has to run out."""

WRITES = {"valkey": "carts", "postgres": "accounts or orders"}


@pytest.mark.full
def test_nobody_notices_a_deleted_pod(release: Release) -> None:
    with Crowd(release, "stateless pods") as crowd:
        for component in ("gateway", "cart", "users", "shop", "cache"):
            crowd.mark(component)
            delete(release, release.pods.serving(component)[0].name)
            release.await_ready(REPLACED_SECONDS)
            crowd.await_served()
        crowd.mark("dns")
        delete_system(release, SYSTEM["dns"])
        crowd.await_served()
        crowd.mark("end")
        failed = {mark: crowd.failed(mark) for mark in ("gateway", "cart", "users", "shop", "cache", "dns")}
        record("deleted pods: failed requests", {mark: len(requests) for mark, requests in failed.items()})
    crowd.check()
    assert not any(failed.values()), failed


@pytest.mark.full
def test_nobody_notices_a_sentinel_that_dies(release: Release, rig: Rig) -> None:
    with Crowd(release, "sentinel") as crowd:
        crowd.mark("sentinel")
        rig.container(release.namespace, release.pods.valkey_primary(), "sentinel").kill()
        release.await_ready(REPLACED_SECONDS)
        crowd.await_served()
        crowd.mark("end")
        failed = crowd.failed("sentinel")
    crowd.check()
    assert not failed, failed


def _delete(release: Release, _rig: Rig, pod: str, _container: str) -> None:
    delete(release, pod)


def _force(release: Release, _rig: Rig, pod: str, _container: str) -> None:
    delete(release, pod, at_once=True)


def _kill(release: Release, rig: Rig, pod: str, container: str) -> None:
    rig.container(release.namespace, pod, container).kill()


PRIMARIES: dict[str, tuple[str, Callable[[Release, Rig, str, str], None], float]] = {
    "valkey primary deleted": ("valkey", _delete, CART_GOAL_SECONDS),
    "postgres primary deleted": ("postgres", _delete, DATABASE_GOAL_SECONDS),
    "valkey primary killed": ("valkey", _kill, CART_GOAL_SECONDS),
    "postgres primary killed": ("postgres", _kill, DATABASE_GOAL_SECONDS),
    "valkey primary deleted by force": ("valkey", _force, CART_GOAL_SECONDS),
    "postgres primary deleted by force": ("postgres", _force, FORCED_GOAL_SECONDS),
}
ESSENTIAL = ("valkey primary deleted", "postgres primary deleted")


@pytest.mark.parametrize(
    "names",
    [pytest.param(ESSENTIAL, id="in order"), pytest.param(tuple(PRIMARIES)[2:], id="killed", marks=pytest.mark.full)],
)
def test_a_primary_that_ends_costs_seconds_and_no_write(release: Release, rig: Rig, names: tuple[str, ...]) -> None:
    gaps = {}
    with Crowd(release, "primaries") as crowd:
        for name in names:
            component, fault, _ = PRIMARIES[name]
            pods = release.pods
            primary = pods.valkey_primary() if component == "valkey" else pods.postgres_primary()
            crowd.mark(name)
            fault(release, rig, primary, component)
            release.await_ready(REPLACED_SECONDS)
            crowd.await_served()
        crowd.mark("end")
        for name in names:
            component, _, goal = PRIMARIES[name]
            felt = crowd.gaps(name)
            gaps[name] = felt[WRITES[component]]
            record(name, {"goal_s": goal, "gaps_s": felt, "failed": len(crowd.failed(name))})
    crowd.check()
    late = {name: gap for name, gap in gaps.items() if gap > TOLERANCE * PRIMARIES[name][2]}
    assert not late

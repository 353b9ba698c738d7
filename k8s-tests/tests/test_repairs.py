"""The papers' repairs of a store's pod, a new volume and a new copy: it follows again, and nothing is gone."""

from contextlib import suppress

import pytest

from myclothes_cluster import Release, papers
from myclothes_cluster.customer import Customer
from myclothes_cluster.faults import await_in_step
from myclothes_rig.errors import CommandError
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.timeout(900)]

BLOCK_SECONDS = 400.0
COPIED_SECONDS = 180.0
"""For an old data directory to be removed and a new one to be begun."""
PGDATA = "/data/pgdata"
PLANTED = "planted"


@pytest.fixture
def customer(release: Release) -> Customer:
    """Someone with an account and something in the cart."""
    customer = Customer(release.origin)
    customer.register()
    customer.add()
    return customer


def replica(release: Release, component: str, primary: str) -> str:
    """A pod of a store that is not its primary."""
    return next(pod.name for pod in release.pods.serving(component) if pod.name != primary)


def test_a_pod_of_valkey_gets_a_new_volume(release: Release, customer: Customer) -> None:
    in_cart = customer.skus()
    pod = replica(release, "valkey", release.pods.valkey_primary())

    def volume() -> str:
        name: str = release.pods.get("pvc", f"data-{pod}")["spec"]["volumeName"]
        return name

    before = volume()
    print(papers.run("new-volume", papers.environment(release) | {"POD": pod}, seconds=BLOCK_SECONDS))
    assert volume() != before
    await_in_step(release)
    assert customer.skus() == in_cart


def test_a_replica_of_postgres_is_copied_anew(release: Release, customer: Customer) -> None:
    pod = replica(release, "postgres", release.pods.postgres_primary())
    release.pods.run(pod, "touch", f"{PGDATA}/{PLANTED}")

    def is_new() -> bool:
        # between the old directory and the new one there is none
        with suppress(CommandError):
            return PLANTED not in release.pods.run(pod, "ls", PGDATA).split()
        return False

    assert not is_new()
    print(papers.run("reinit", papers.environment(release) | {"POD": pod}, seconds=BLOCK_SECONDS))
    wait_for(f"{pod} to have a new copy", is_new, seconds=COPIED_SECONDS, diagnosis=release.diagnosis)
    await_in_step(release)
    assert customer.is_known()

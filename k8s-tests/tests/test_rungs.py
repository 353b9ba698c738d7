"""The rungs of the ladder install from the same chart, and each loses what it is known to lose."""

from collections.abc import Iterator

import pytest

from myclothes_cluster import Release
from myclothes_cluster.customer import Customer
from myclothes_cluster.faults import delete
from myclothes_cluster.release import beside, merged
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.harmless, pytest.mark.timeout(900)]

HOST = "rungs.example.com"
LOOKS = 12
SERVED_SECONDS = 60.0
GONE_SECONDS = 120.0
"""Longer than a pod's grace period."""
PODS = 3


@pytest.fixture(scope="module")
def rungs(release: Release) -> Iterator[Release]:
    """A second, small shop with three gateways, which the tests bring to one rung after the other."""
    second = Release(release.target, namespace="rungs")
    second.create_namespace()
    try:
        second.install(values("memory"))
        second.await_ready()
        yield second
    finally:
        second.remove()


def values(carts: str, *, sticky: bool = False) -> dict:
    """The small shop, with three gateways, one a zone."""
    over = {
        "gateway": {"carts": carts, "replicas": PODS, "zoneSpread": {"enabled": True}},
        "ingress": {"sticky": {"enabled": sticky}},
    }
    return merged(beside(HOST), over)


def customer_of(rungs: Release, carts: str, *, sticky: bool = False) -> Customer:
    """Bring the shop to a rung; a new customer of it who has put something into the cart."""
    rungs.upgrade(values(carts, sticky=sticky))
    rungs.await_ready()
    customer = Customer(rungs.origin, host=HOST)

    def has_added() -> bool:
        status, answer = customer.call("GET", "/api/v1/products?limit=1")
        return status == 200 and bool(answer["items"])

    # until they are gone, gateways of the rung before may still be asked, who know of no such cart
    wait_for("no other gateways", lambda: len(rungs.pods.all("gateway")) == PODS, seconds=GONE_SECONDS)
    wait_for("the shop to be served", has_added, seconds=SERVED_SECONDS)
    customer.add()
    return customer


def looks(rungs: Release, customer: Customer) -> list[bool]:
    """Whether the cart was there, asked again and again through the ingress of every zone."""
    found = []
    for _ in range(LOOKS):
        for origin in rungs.target.origins:
            status, answer = customer.at(origin).call("GET", "/api/v1/cart")
            found.append(status == 200 and len(answer["lines"]) == 1)
    return found


def replace_gateways(rungs: Release) -> None:
    delete(rungs, *(pod.name for pod in rungs.pods.serving("gateway")))
    rungs.await_ready()


def test_memory_without_a_sticky_ingress_loses_carts(rungs: Release) -> None:
    found = looks(rungs, customer_of(rungs, "memory"))
    print(f"memory: the cart was there in {sum(found)} of {len(found)} looks")
    assert any(found), "the pod that has the cart shows it"
    assert not all(found)


def test_memory_with_a_sticky_ingress_keeps_carts_until_the_pod_dies(rungs: Release) -> None:
    customer = customer_of(rungs, "memory", sticky=True)
    assert all(looks(rungs, customer))
    replace_gateways(rungs)
    assert not any(looks(rungs, customer))


@pytest.mark.parametrize("sticky", [False, True], ids=["not-sticky", "sticky"])
def test_cookie_keeps_carts_and_refuses_altered_ones(rungs: Release, sticky) -> None:
    customer = customer_of(rungs, "cookie", sticky=sticky)
    assert all(looks(rungs, customer))
    replace_gateways(rungs)
    assert all(looks(rungs, customer)), "no pod had it"

    honest = customer.cookies["myclothes-cart"]
    middle = len(honest) // 2
    other = "A" if honest[middle] != "A" else "B"
    customer.cookies["myclothes-cart"] = honest[:middle] + other + honest[middle + 1 :]
    status, answer = customer.call("GET", "/api/v1/cart")
    assert (status, answer["code"]) == (422, "cart_cookie_refused")
    customer.cookies["myclothes-cart"] = honest
    assert len(customer.skus()) == 1

"""The chart goes and comes back: volumes and Secrets stay, and with them carts, accounts and orders."""

import base64
import json

import helm_python as helm
import pytest

from myclothes_cluster import Release
from myclothes_cluster.customer import Customer
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.timeout(900)]

SERVED_SECONDS = 30.0
STORES = 2
PODS_OF_A_STORE = 3


@pytest.fixture
def customer(release: Release) -> Customer:
    """Someone with an account, an order and something in the cart."""
    customer = Customer(release.origin)
    customer.register()
    customer.add()
    customer.order()
    customer.add()
    return customer


def test_upgrade_and_rollback_keep_every_password(release: Release) -> None:
    before = release.secrets()
    assert len(before) == 7
    release.upgrade({"logLevel": "debug"})
    release.await_ready()
    assert release.secrets() == before
    # and a rollback what was rotated since
    name, old = f"{release.fullname}-gateway", before[f"{release.fullname}-gateway"]["signing-keys"]
    ring = base64.b64encode(base64.b64decode(old) + b"\n" + b"k" * 48).decode()
    release.pods.kubectl("patch", "secret", name, "-p", json.dumps({"data": {"signing-keys": ring}}))
    release.rollback()
    release.await_ready()
    assert release.secrets() == before | {name: before[name] | {"signing-keys": ring}}
    release.upgrade()
    release.await_ready()


@pytest.mark.harmless
@pytest.mark.parametrize("store", ["valkey", "postgres"])
def test_another_size_is_refused_with_what_to_do(release: Release, store: str) -> None:
    with pytest.raises(helm.HelmError, match=rf"{store}.persistence.size.*kubectl patch pvc data-\S+-{store}-N"):
        release.upgrade({store: {"persistence": {"size": "600Mi"}}})
    release.upgrade()
    release.await_ready()


def test_what_was_acknowledged_is_there_after_uninstall_and_install(release: Release, customer: Customer) -> None:
    in_cart, ordered, kept = customer.skus(), customer.orders(), release.secrets()
    assert in_cart
    assert ordered
    notes = release.helm.status(release.name)["notes"]
    assert "helm uninstall keeps the stores' volumes and the Secrets that open them" in notes

    release.uninstall()
    claims = release.pods.get("pvc")["items"]
    assert len(claims) == STORES * PODS_OF_A_STORE
    assert release.secrets() == kept

    release.install()
    print(f"Ready {release.await_ready():.1f} s after the second install")
    assert release.secrets() == kept

    def is_served() -> bool:
        return customer.call("GET", "/api/v1/cart")[0] == 200

    wait_for("the cart to be shown", is_served, seconds=SERVED_SECONDS)
    assert customer.skus() == in_cart
    assert customer.is_known()
    assert customer.orders() == ordered

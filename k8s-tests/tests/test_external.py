"""The shop on a Valkey, a Postgres and a cache that the chart did not make, beyond the cluster and behind TLS."""

import base64
import json
import secrets
import select
import subprocess
import sys
from collections.abc import Iterator

import pytest

from myclothes_cluster import Release, elsewhere
from myclothes_cluster.customer import Customer
from myclothes_cluster.release import beside, merged
from myclothes_rig import Rig
from myclothes_rig.network import OUTSIDE_ADDRESS
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.harmless, pytest.mark.timeout(900)]

HOST = "external.example.com"
PASSWORD = secrets.token_hex(16)
STARTED_SECONDS = 60.0
SERVED_SECONDS = 60.0


@pytest.fixture(scope="module")
def authority(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stores run; the certificate that theirs is checked against."""
    folder = tmp_path_factory.mktemp("elsewhere")
    folder.parent.chmod(0o755)  # Postgres runs as nobody
    folder.chmod(0o755)
    with rig.outside() as inside:
        words = [*inside, "setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "myclothes_cluster.elsewhere"]
        with subprocess.Popen(
            [*words, folder, OUTSIDE_ADDRESS, PASSWORD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as stores:
            started, _, _ = select.select([stores.stdout], [], [], STARTED_SECONDS)
            assert started
            assert stores.stdout.readline() == "ready\n"
            yield (folder / "ca.crt").read_text()
            stores.stdin.close()


def values() -> dict:
    """The small shop with all three stores named, and every Secret an existing one."""
    block = {"enabled": True, "cidrs": [f"{OUTSIDE_ADDRESS}/32"]}
    address = f"{OUTSIDE_ADDRESS}:{elsewhere.VALKEY_PORT}"
    over = {
        **{name: {"existingSecret": f"my-{name}"} for name in ("gateway", "cart", "users", "shop")},
        "valkey": {"external": {**block, "url": f"valkeys://{address}", "caSecret": "my-authority", "ackReplicas": 0}},
        "postgres": {
            "external": {**block, "hosts": [f"{OUTSIDE_ADDRESS}:{elsewhere.POSTGRES_PORT}"], "caSecret": "my-authority"}
        },
        "cache": {
            "external": {
                **block,
                "url": f"valkey://{OUTSIDE_ADDRESS}:{elsewhere.CACHE_PORT}",
                "port": elsewhere.CACHE_PORT,
            }
        },
    }
    return merged(beside(HOST), over)


def secret(release: Release, name: str, **data: str) -> None:
    encoded = {key.replace("_", "-"): base64.b64encode(value.encode()).decode() for key, value in data.items()}
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": encoded}
    release.pods.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))


@pytest.fixture(scope="module")
def external(release: Release, authority: str) -> Iterator[Release]:
    second = Release(release.target, namespace="external")
    second.create_namespace()
    try:
        secret(second, "my-gateway", signing_keys=secrets.token_hex(32), valkey_password=PASSWORD)
        secret(second, "my-cart", valkey_password=PASSWORD)
        secret(second, "my-users", postgres_username=elsewhere.login("users"), postgres_password=PASSWORD)
        shop = {"postgres_username": elsewhere.login("shop"), "postgres_password": PASSWORD}
        secret(second, "my-shop", **shop, cache_password=PASSWORD)
        secret(second, "my-authority", **{"ca.crt": authority})
        second.install(values())
        print(f"Ready {second.await_ready():.1f} s after the install")
        yield second
    finally:
        second.remove()


def test_the_chart_makes_no_store(external: Release) -> None:
    assert {pod.component for pod in external.pods.all() if pod.ready} == {"gateway", "cart", "users", "shop"}
    assert external.pods.get("pvc")["items"] == []
    made = external.pods.get("secrets", "-l", f"app.kubernetes.io/instance={external.name}")["items"]
    assert made == []


def test_it_is_bought_from(external: Release) -> None:
    customer = Customer(external.origin, host=HOST)

    def is_stocked() -> bool:
        status, answer = customer.call("GET", "/api/v1/products?limit=1")
        return status == 200 and bool(answer["items"])

    wait_for("the sample catalogue", is_stocked, seconds=SERVED_SECONDS)
    customer.register()
    sku = customer.add()
    assert customer.skus() == {sku}
    number = customer.order()
    assert customer.orders() == [number]
    assert customer.is_known()


def test_helm_test_passes(external: Release) -> None:
    external.test()

"""A password of each store and the signing ring are replaced by the papers' commands, and no shopper notices."""

import base64
from collections.abc import Iterator

import pytest

from myclothes_cluster import Release, papers
from myclothes_cluster.crowd import Crowd, record
from myclothes_cluster.customer import Customer
from myclothes_rig.errors import CommandError
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.timeout(1500)]

BLOCK_SECONDS = 400.0
LOOKS = 4
FORGOTTEN_SECONDS = 300.0
"""Until a replaced password of Valkey is refused: three minutes and the kubelet's delay."""


def _secret(release: Release, name: str, key: str) -> str:
    return base64.b64decode(release.pods.get("secret", name)["data"][key]).decode()


def _own_secret(release: Release, component: str) -> str:
    """The Secret that a service's pods are given."""
    volumes = release.pods.get("deployment", f"{release.fullname}-{component}")["spec"]["template"]["spec"]["volumes"]
    name: str = next(volume["secret"]["secretName"] for volume in volumes if volume["name"] == "own")
    return name


def _valkey_opens(release: Release, password: str) -> list[bool]:
    """Whether cart's password opens each Valkey, asked within its own pod."""
    ask = ("env", f"REDISCLI_AUTH={password}", "valkey-cli", "--user", "cart", "--no-auth-warning", "ping")

    def opens(pod: str) -> bool:
        try:
            return release.pods.run(pod, *ask, container="valkey").strip() == "PONG"
        except CommandError:
            return False

    return [opens(pod.name) for pod in release.pods.serving("valkey")]


def _postgres_opens(release: Release, login: str, password: str) -> bool:
    primary = release.pods.postgres_primary()
    ask = ("env", f"PGPASSWORD={password}", "psql", "-h", "127.0.0.1", "-U", login, "-d", "users", "-c", "SELECT 1")
    try:
        return "(1 row)" in release.pods.run(primary, *ask)
    except CommandError:
        return False


@pytest.fixture
def named_again(release: Release) -> Iterator[None]:
    """Afterwards the release's values name the chart's own Secret for users, whose login is made again."""
    before = set(release.secrets())
    yield
    release.upgrade()
    release.await_ready()
    for name in release.secrets().keys() - before:
        release.pods.kubectl("delete", "secret", name)


@pytest.mark.usefixtures("named_again")
def test_rotation_goes_unnoticed(release: Release) -> None:
    names = papers.environment(release)
    before = {
        "valkey": _secret(release, f"{release.fullname}-cart", "valkey-password"),
        "ring": _secret(release, f"{release.fullname}-gateway", "signing-keys"),
    }
    login, password = (
        _secret(release, _own_secret(release, "users"), f"postgres-{key}") for key in ("username", "password")
    )
    customer = Customer(release.origin)
    customer.register()
    sku = customer.add()
    first_cookie = customer.cookie
    with Crowd(release, "rotation") as crowd:
        crowd.mark("valkey")
        assert all(_valkey_opens(release, before["valkey"]))
        papers.run("rotate-valkey", names, seconds=BLOCK_SECONDS)
        after = _secret(release, f"{release.fullname}-cart", "valkey-password")
        assert after != before["valkey"]
        assert all(_valkey_opens(release, after))
        crowd.mark("ring")
        papers.run("rotate-ring", names, seconds=BLOCK_SECONDS)
        assert customer.is_known()
        assert customer.cookie != first_cookie, "a cookie of the old key is signed anew"
        crowd.mark("postgres")
        assert _postgres_opens(release, login, password)
        papers.run("rotate-postgres", names, seconds=BLOCK_SECONDS)
        release.await_ready()
        crowd.mark("the old ones")
        wait_for(
            "the old password of Valkey to be refused",
            lambda: not any(_valkey_opens(release, before["valkey"])),
            seconds=FORGOTTEN_SECONDS,
            poll=5.0,
        )
        assert all(_valkey_opens(release, after))
        renamed = _own_secret(release, "users")
        assert not _postgres_opens(release, login, password)
        new = (_secret(release, renamed, f"postgres-{key}") for key in ("username", "password"))
        assert _postgres_opens(release, *new)
        assert customer.is_known()
        assert customer.skus() == {sku}
        crowd.await_served()
        crowd.mark("end")
        failed = {mark: crowd.failed(mark) for mark in ("valkey", "ring", "postgres", "the old ones")}
        record("rotation: failed requests", {mark: len(requests) for mark, requests in failed.items()})
    crowd.check()
    assert not any(failed.values()), failed
    # as if all days of a session had passed: who came back since has a cookie of the new key
    papers.run("rotate-ring-end", names)
    wait_for("the old key to be refused", lambda: not _knows(release, customer, first_cookie), seconds=180, poll=2.0)
    assert customer.is_known()
    assert customer.skus() == {sku}


def _knows(release: Release, customer: Customer, cookie: str) -> bool:
    """Whether any gateway still takes a cookie for this customer's; asked in each zone, often enough to meet each."""
    known = []
    for origin in release.target.origins * LOOKS:
        again = Customer(origin, cookie=cookie)
        again.email = customer.email
        known.append(again.is_known())
    return any(known)

"""The papers' commands on the cluster: looking around; a backup that opens; a shop from its install to its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from myclothes_cluster import Release, papers
from myclothes_cluster.customer import Customer
from myclothes_cluster.release import CHART, COMPONENTS, merged

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

BLOCK_SECONDS = 400.0
HOST = "again.example.com"
LOOKS = (
    *("names", "look", "helm-test", "primaries", "logs", "policies", "crds"),
    *("practices", "top", "disk", "reports", "operator-log", "migrate-log"),
)
SILENT = {"names", "operator-log"}
"""They only set names; or look at an operator that has had nothing to say yet."""


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.harmless
def test_looking_around(release: Release, name: str) -> None:
    said = papers.run(name, papers.environment(release))
    print(said)
    assert said or name in SILENT


@pytest.mark.harmless
def test_only_postgres_reads_what_is_the_clusters(release: Release) -> None:
    answers = dict(line.split(": ") for line in papers.run("can-i", papers.environment(release)).splitlines())
    assert set(answers) == set(COMPONENTS)
    assert set(answers.values()) == {"no"}
    asked = ("auth", "can-i", "patch", "configmaps", f"--as=system:serviceaccount:{release.namespace}:")
    assert release.pods.kubectl(*asked[:-1], f"{asked[-1]}{release.fullname}-postgres").strip() == "yes"


@pytest.fixture
def again(release: Release) -> Iterator[Release]:
    """Room for a second shop of the same name, in a namespace of its own, which is gone afterwards."""
    second = Release(release.target, namespace="again")
    try:
        yield second
    finally:
        second.remove()


def _small(release: Release) -> dict:
    """One pod of each, whose ingress answers to another name."""
    over = {"gateway": {"publicOrigin": f"http://{HOST}"}, "ingress": {"host": HOST}, "sampleData": {"enabled": False}}
    over["operator"] = {"enabled": False}
    return merged(release.values(yaml.safe_load((CHART / "values-small.yaml").read_text())), over)


@pytest.mark.full
@pytest.mark.harmless
@pytest.mark.timeout(1500)
def test_a_backup_opens_in_another_shop(release: Release, again: Release, tmp_path: Path) -> None:
    customer = Customer(release.origin)
    customer.register()
    sku = customer.add()

    source = papers.environment(release) | {"FOLDER": str(tmp_path / "backup")}
    print(papers.run("backup", source, seconds=BLOCK_SECONDS))

    values = tmp_path / "my-values.yaml"
    values.write_text(yaml.safe_dump(_small(again)))
    target = papers.environment(again, by_sdk=False) | {"FOLDER": source["FOLDER"], "VALUES": str(values), "PODS": "1"}
    papers.run("install-names", target)
    papers.run("namespace", target)
    papers.run("restore-secrets", target)
    papers.run("install", target, seconds=BLOCK_SECONDS)

    stranger = Customer(release.origin, host=HOST)
    status, answer = stranger.call("GET", "/api/v1/products?limit=1")
    assert (status, answer["items"]) == (200, []), "the second shop is empty before"

    papers.run("restore-postgres", target, seconds=BLOCK_SECONDS)
    papers.run("restore-valkey", target, seconds=BLOCK_SECONDS)
    papers.run("restore-open", target, seconds=BLOCK_SECONDS)
    again.await_ready()

    # the same cookie: the signing ring, the session, the account and the cart are all there
    restored = Customer(release.origin, host=HOST, cookie=customer.cookie)
    restored.email = customer.email
    assert restored.is_known()
    assert restored.skus() == {sku}
    assert stranger.call("GET", "/api/v1/products?limit=1")[1]["items"]

    # what kubectl has changed and what helm applies get along
    papers.run("rotate-ring", target, seconds=BLOCK_SECONDS)
    papers.run("upgrade", target, seconds=BLOCK_SECONDS)
    assert restored.is_known()
    # to the install, by the command that has made it: its Jobs run again, and the ring stays as it is
    papers.run("rollback", target, seconds=BLOCK_SECONDS)
    again.await_ready()
    assert restored.is_known()
    assert restored.skus() == {sku}

    papers.run("uninstall", target, seconds=BLOCK_SECONDS)
    left = again.pods.get("pvc,secret,configmap", "-l", "app.kubernetes.io/instance=shop")["items"]
    assert {one["kind"] for one in left} == {"ConfigMap", "PersistentVolumeClaim", "Secret"}
    papers.run("wipe", target, seconds=BLOCK_SECONDS)
    assert again.pods.get("pvc,secret,configmap", "-l", "app.kubernetes.io/instance=shop")["items"] == []

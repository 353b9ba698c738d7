"""A feed's CronJob imports what its volume holds: offered in one file, withdrawn in the next."""

import json
from collections.abc import Iterator

import pytest

from myclothes_cluster import Release
from myclothes_cluster.customer import Customer
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.harmless, pytest.mark.timeout(900)]

HANDLE = "scarf-of-the-feed"
HEADER = "Handle,Title,Published,Variant SKU,Variant Inventory Qty,Variant Price\n"
FILES = {file: f"{HEADER}{HANDLE},Scarf,{file == 'offered'},FEED-SCARF,3,19.90\n" for file in ("offered", "withdrawn")}
IMPORTED_SECONDS = 180.0
"""For a job's pod on a busy machine, its repeats included."""
SEEN_SECONDS = 60.0
"""The cache shows what it has for some seconds more."""


@pytest.fixture
def files(release: Release) -> Iterator[str]:
    """The ConfigMap with both files; afterwards it is gone, and the release is as the tests share it."""
    name = "feed"
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": FILES}
    release.pods.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
    try:
        yield name
    finally:
        # with the CronJob go the jobs that were made from it
        release.upgrade()
        release.await_ready()
        release.pods.kubectl("delete", "configmap", name)


def run(release: Release, files: str, file: str) -> None:
    """One run of the CronJob with this file, to its good end."""
    volume = {"configMap": {"name": files, "items": [{"key": file, "path": "feed"}]}}
    release.upgrade({"feed": {"enabled": True, "volume": volume}})
    job = f"feed-{file}"
    release.pods.kubectl("create", "job", job, f"--from=cronjob/{release.fullname}-shop-feed")

    def complete() -> bool:
        conditions = release.pods.get("job", job)["status"].get("conditions", ())
        met = {one["type"] for one in conditions if one["status"] == "True"}
        assert "Failed" not in met, release.pods.kubectl("logs", f"job/{job}")
        return "Complete" in met

    wait_for(f"{job} to end", complete, seconds=IMPORTED_SECONDS, diagnosis=release.diagnosis, poll=1.0)
    print(release.pods.kubectl("logs", f"job/{job}"))


def test_a_feed_is_imported_by_its_cronjob(release: Release, files: str) -> None:
    customer = Customer(release.origin)

    def status() -> int:
        return customer.call("GET", f"/api/v1/products/{HANDLE}")[0]

    assert status() == 404
    run(release, files, "offered")
    wait_for("the article to be sold", lambda: status() == 200, seconds=SEEN_SECONDS)
    _, product = customer.call("GET", f"/api/v1/products/{HANDLE}")
    assert [(one["sku"], one["price"]["amount"]) for one in product["variants"]] == [("FEED-SCARF", 1990)]
    run(release, files, "withdrawn")
    wait_for("the article to be sold no more", lambda: status() == 404, seconds=SEEN_SECONDS)

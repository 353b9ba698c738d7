"""One Helm command, and the whole shop runs in three zones, under the strictest pod security."""

import json
import re
import urllib.request

import pytest

from myclothes_cluster import Release
from myclothes_cluster.release import THREE_ZONES
from myclothes_rig.errors import CommandError

pytestmark = [pytest.mark.cluster, pytest.mark.harmless, pytest.mark.timeout(600)]

INSTALLED_SECONDS = 120.0
"""From the install until every pod of every component is Ready and every job is done."""
ANSWER_SECONDS = 5.0


def test_everything_is_ready_in_time(release: Release) -> None:
    if release.ready_after is None:
        pytest.skip("the release was here before: only an install of its own is timed")
    print(f"Ready {release.ready_after:.1f} s after the install")
    assert release.ready_after <= INSTALLED_SECONDS


@pytest.mark.parametrize("component", THREE_ZONES)
def test_each_zone_has_a_pod_of(release: Release, component: str) -> None:
    zones = release.pods.by_zone(component)
    assert set(zones) == set(release.pods.zones().values())
    assert len(zones) == 3


def test_kubernetes_itself_refuses_what_is_not_restricted(release: Release) -> None:
    gateway = release.pods.get("pod", release.pods.serving("gateway")[0].name)["spec"]
    spec = {
        "securityContext": gateway["securityContext"],
        "automountServiceAccountToken": False,
        "containers": [{"name": "main", "image": gateway["containers"][0]["image"]}],
    }

    def create(security: dict) -> None:
        spec["containers"][0]["securityContext"] = security
        manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": spec}
        release.pods.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(manifest))

    create(gateway["containers"][0]["securityContext"])
    with pytest.raises(CommandError, match="violates PodSecurity"):
        create({})


def test_helm_test_passes(release: Release) -> None:
    release.test()
    for name in ("shop", "stores", "network"):
        log = release.pods.kubectl("logs", f"{release.fullname}-test-{name}")
        print(log)
        assert log


def test_the_notes_say_where_the_shop_is(release: Release) -> None:
    notes = release.helm.status(release.name)["notes"]
    address = re.search(r"^  (http://\S+)", notes, re.MULTILINE)
    assert address, notes
    with urllib.request.urlopen(address[1], timeout=ANSWER_SECONDS) as answer:
        assert "<html" in answer.read().decode()


def test_every_zone_s_ingress_answers(release: Release) -> None:
    for origin in release.target.origins:
        with urllib.request.urlopen(f"{origin}/api/v1/products?limit=1", timeout=ANSWER_SECONDS) as answer:
            assert json.load(answer)["items"], origin

"""Everything ends at once and comes back: what was acknowledged is there."""

import pytest

from myclothes_cluster import Release
from myclothes_cluster.crowd import Crowd, record
from myclothes_cluster.faults import delete
from myclothes_cluster.targets import RigTarget
from myclothes_rig import Rig
from myclothes_rig.layout import ZONES

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.timeout(900)]

WHOLE_SECONDS = 300.0


def test_all_stores_deleted_at_once(release: Release) -> None:
    with Crowd(release, "all stores") as crowd:
        crowd.mark("all stores deleted")
        delete(release, *(pod.name for store in ("valkey", "postgres", "cache") for pod in release.pods.all(store)))
        whole = release.await_ready(WHOLE_SECONDS)
        crowd.await_served()
        crowd.mark("end")
        record("all stores deleted", {"gaps_s": crowd.gaps("all stores deleted"), "ready_s": round(whole, 1)})
    crowd.check()


def test_all_zones_lost_at_once(release: Release, rig: Rig) -> None:
    assert isinstance(release.target, RigTarget)
    with Crowd(release, "all zones") as crowd:
        crowd.mark("all zones killed")
        for letter in ZONES:
            rig.zone(letter).kill()
        for letter in ZONES:
            rig.zone(letter).start()
        for letter in ZONES:
            rig.wait_ready(letter)
        whole = release.await_ready(WHOLE_SECONDS)
        crowd.await_served()
        crowd.mark("end")
        record("all zones killed", {"gaps_s": crowd.gaps("all zones killed"), "ready_s": round(whole, 1)})
    crowd.check()

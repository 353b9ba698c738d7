"""From rung to rung the release is upgraded in place; a store goes only where the rung has another one."""

from types import SimpleNamespace

import pytest

from myclothes_cluster.release import merged
from myclothes_ladder.rungs import RUNGS, STEADY, ZONES
from myclothes_ladder.steps import leave, step


class Release:
    """Notes what is done to it."""

    name = "shop"
    fullname = "shop-myclothes"
    diagnosis = None

    def __init__(self, status, valkey_pods=ZONES):
        self.deeds = []
        self.values = None
        found = [{"name": self.name, "status": status}] if status else []
        self.helm = SimpleNamespace(list=lambda *, all_states: found if all_states else [])
        stateful = {"metadata": {"name": "shop-myclothes-valkey"}, "spec": {"replicas": valkey_pods}}
        self.pods = SimpleNamespace(
            get=lambda _: {"items": [stateful]},
            all=lambda _: [],
            serving=lambda _: ["pod"] * ZONES,
            kubectl=lambda *words, **_: self.deeds.append(" ".join(words[:2])),
        )

    def install(self, over):
        self.deeds.append("install")
        self.values = over

    def upgrade(self, over=None):
        self.deeds.append("upgrade")
        self.values = over

    def remove(self):
        self.deeds.append("remove")

    def create_namespace(self):
        self.deeds.append("namespace")

    def await_ready(self):
        self.deeds.append("ready")


@pytest.mark.parametrize(
    ("status", "deeds"),
    [
        (None, ["namespace", "install", "ready"]),
        ("deployed", ["upgrade", "ready"]),
        ("pending-upgrade", ["remove", "namespace", "install", "ready"]),
    ],
)
def test_a_rung_is_installed_or_upgraded_to(status, deeds):
    release, rung = Release(status), RUNGS["service"]
    step(release, rung)
    assert release.deeds == deeds
    assert release.values == merged(STEADY, rung.values)


def test_a_store_of_another_size_makes_room_first():
    release = Release("deployed", valkey_pods=ZONES)
    step(release, RUNGS["single"])
    assert release.deeds == ["delete statefulset", "delete pvc", "upgrade", "ready"]


def test_in_the_end_the_shop_is_as_the_cluster_tests_have_it():
    release = Release("deployed", valkey_pods=1)
    leave(release)
    assert release.deeds == ["delete statefulset", "delete pvc", "upgrade", "ready"]
    assert release.values is None

"""What the cluster can do while nothing is broken."""

import pytest

from myclothes_rig import Rig
from myclothes_rig.commands import succeeds
from myclothes_rig.errors import CommandError
from myclothes_rig.layout import INGRESS_NODE_PORT, ZONES
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def test_pods_are_spread_over_the_zones(app) -> None:
    assert set(app.pods("web")) == set(ZONES)


def test_a_policy_lets_in_whom_it_names_and_nobody_else(app) -> None:
    for web in app.pods("web").values():
        for friend in app.pods("friend").values():
            assert app.can_ask(friend, app.address(web))
    stranger = app.pods("stranger")["a"]
    assert not any(app.can_ask(stranger, app.address(web)) for web in app.pods("web").values())


def test_services_are_found_by_name(app) -> None:
    assert app.can_ask(app.pods("friend")["a"], f"web.{app.namespace}.svc.cluster.local", 80)


@pytest.mark.parametrize("zone", ZONES)
def test_the_ingress_answers_on_each_node(app, zone: str) -> None:
    assert app.can_ask_from_outside(ZONES[zone].address, INGRESS_NODE_PORT)


def test_each_zone_has_a_volume_of_the_size_claimed(app, rig: Rig) -> None:
    for zone, pod in app.pods("web").items():
        size = rig.kubectl(*app.inside, "exec", pod, "--", "df", "--output=size", "--block-size=1M", "/data")
        assert 40 <= int(size.split()[-1]) <= 64, zone


def test_a_full_volume_refuses_writes_until_it_is_freed(app, rig: Rig) -> None:
    pod = app.pods("web")["b"]
    write = [*app.inside, "exec", pod, "--", "bash", "-c", "head -c 1000000 /dev/zero > /data/file && sync /data/file"]
    rig.kubectl(*write)
    rig.kubectl(*app.inside, "exec", pod, "--", "rm", "/data/file")
    volume = rig.volume(app.namespace, pod, "data")
    volume.fill()
    try:
        with pytest.raises(CommandError, match="No space left on device"):
            rig.kubectl(*write)
    finally:
        volume.free()
    rig.kubectl(*write)


def test_metrics_are_served(rig: Rig) -> None:
    wait_for("kubectl top", lambda: succeeds([*rig.cluster.command, "top", "nodes"]), seconds=60)

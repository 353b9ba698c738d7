"""Each fault is seen to bite, and to be taken back."""

import pytest

from myclothes_rig import Rig
from myclothes_rig.layout import INGRESS_NODE_PORT, ZONES
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

NOT_READY_SECONDS = 90.0
"""Kubernetes notices a silent node after 40 to 50 s."""
BACK_SECONDS = 120.0


def not_ready(rig: Rig, zone: str) -> bool:
    path = '{.status.conditions[?(@.type=="Ready")].status}'
    return rig.cluster.column(path, "node", ZONES[zone].node) != "True"


def restarts(app, rig: Rig, pod: str) -> int:
    return int(rig.cluster.column("{.status.containerStatuses[0].restartCount}", *app.inside, "pod", pod))


def test_a_killed_zone_is_silent_and_comes_back_with_its_data(app, rig: Rig) -> None:
    pod = app.pods("web")["c"]
    rig.kubectl(*app.inside, "exec", pod, "--", "bash", "-c", "echo kept > /data/kept; sync /data/kept")
    address, friend = app.address(pod), app.pods("friend")["a"]
    assert app.can_ask(friend, address)
    zone = rig.zone("c")
    zone.kill()
    assert zone.state() == "off"
    assert not app.can_ask(friend, address)
    assert app.can_ask(friend, app.address(app.pods("web")["b"]))
    wait_for("zone-c to be NotReady", lambda: not_ready(rig, "c"), seconds=NOT_READY_SECONDS)
    zone.start()
    rig.wait_ready("c")
    wait_for("its pod to answer", lambda: app.can_ask(friend, app.address(pod)), seconds=BACK_SECONDS)
    assert rig.kubectl(*app.inside, "exec", pod, "--", "cat", "/data/kept") == "kept\n"


def test_a_zone_cut_off_lives_on_alone(app, rig: Rig) -> None:
    inside, friend_inside, friend = app.pods("web")["b"], app.pods("friend")["b"], app.pods("friend")["a"]
    address = app.address(inside)
    zone = rig.zone("b")
    zone.cut()
    assert zone.state() == "running, cut in, cut out"
    assert not app.can_ask(friend, address)
    request = f"exec 3<>/dev/tcp/{address}/8080 && echo open"
    assert zone.node.run("bash", "-c", request) == "open\n"  # its own node still reaches it
    zone.mend()
    wait_for("the other zones to reach it", lambda: app.can_ask(friend, address), seconds=BACK_SECONDS)
    assert app.can_ask(friend_inside, address)


@pytest.mark.parametrize(("cut", "hears"), [("cut_in", False), ("cut_out", True)])
def test_a_zone_cut_one_way(app, rig: Rig, cut: str, hears) -> None:
    zone, pod, friend = rig.zone("b"), app.pods("web")["b"], app.pods("friend")["a"]
    address = app.address(pod)

    def received() -> int:
        return int(zone.node.run("cat", "/sys/class/net/eth0/statistics/rx_packets"))

    getattr(zone, cut)()
    before = received()
    assert not app.can_ask(friend, address)
    assert (received() > before) is hears
    zone.mend()
    wait_for("the other zones to reach it", lambda: app.can_ask(friend, address), seconds=BACK_SECONDS)


def test_a_frozen_zone_answers_again_when_thawed(app, rig: Rig) -> None:
    pod, friend = app.pods("web")["b"], app.pods("friend")["a"]
    zone = rig.zone("b")
    zone.freeze()
    assert zone.state() == "frozen"
    assert not app.can_ask(friend, app.address(pod))
    zone.thaw()
    assert app.can_ask(friend, app.address(pod))


def test_a_frozen_zone_can_be_killed(rig: Rig) -> None:
    zone = rig.zone("b")
    zone.freeze()
    zone.kill()
    assert zone.state() == "off"


def test_a_killed_container_is_started_again(app, rig: Rig) -> None:
    pod = app.pods("web")["a"]
    before = restarts(app, rig, pod)
    rig.container(app.namespace, pod, "web").kill()
    wait_for("the restart", lambda: restarts(app, rig, pod) == before + 1, seconds=BACK_SECONDS)


@pytest.mark.parametrize("asking", [True, False])
def test_a_frozen_container_answers_again_when_thawed(app, rig: Rig, *, asking: bool) -> None:
    pod, friend = app.pods("web")["a"], app.pods("friend")["b"]
    wait_for("the pod to answer", lambda: app.can_ask(friend, app.address(pod)), seconds=BACK_SECONDS)
    container = rig.container(app.namespace, pod, "web")
    thaw = container.freeze()
    assert not app.can_ask(friend, app.address(pod))
    if asking:
        thaw = container.thaw
    thaw()
    assert app.can_ask(friend, app.address(pod))


def test_the_ingress_of_the_other_zones_lives_through_the_loss_of_one(app, rig: Rig) -> None:
    rig.zone("a").kill()
    wait_for("zone-a to be NotReady", lambda: not_ready(rig, "a"), seconds=NOT_READY_SECONDS)
    assert app.can_ask_from_outside(ZONES["b"].address, INGRESS_NODE_PORT)
    assert not app.can_ask_from_outside(ZONES["a"].address, INGRESS_NODE_PORT)

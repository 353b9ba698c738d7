"""What the operator does next, held against a simulated cluster: it ends, resumes, restores, and is never late."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation import SERVICES, Cluster, shift, world

from myclothes_operator import lifecycle
from myclothes_operator.actions import MoveCartPrimary, MoveUserPrimary, SetMinimum, SetStatus, TakeOut
from myclothes_operator.model import Mark, Node, Server, Workload, World
from myclothes_operator.plan import plan

LATE = 10_000.0
"""After every shift here has expired."""


def _phase(cluster: Cluster, name: str = "s1") -> str:
    return next(one.status.phase for one in cluster.world.shifts if one.name == name)


def _conditions(cluster: Cluster, name: str = "s1") -> dict[str, str]:
    conditions = next(one.status.conditions for one in cluster.world.shifts if one.name == name)
    return {kind: one.status for kind, one in conditions}


def test_without_a_shift_there_is_nothing_to_do() -> None:
    assert plan(world(), 0.0) == ()


def test_nothing_is_done_before_the_shift_is_accepted() -> None:
    (action,) = plan(world(shift()), 0.0)
    assert isinstance(action, SetStatus)
    assert action.status.phase == lifecycle.PREPARING


@pytest.mark.parametrize("zone", ["a", "b", "c"])
def test_a_shift_leaves_nothing_in_the_zone(zone: str) -> None:
    cluster = Cluster(world(shift(zone)))
    cluster.settle(0.0)
    assert _phase(cluster) == lifecycle.SHIFTED
    assert not [pod.name for pod in cluster.world.pods if pod.zone == zone and pod.serving]
    for chosen in (cluster.world.cart_store, cluster.world.user_store):
        assert cluster.world.zone_of(chosen.primary) != zone
    assert _conditions(cluster) == {
        "Accepted": "True",
        "TrafficMoved": "True",
        "CartPrimaryMoved": "True",
        "UserPrimaryMoved": "True",
        "Completed": "True",
        "Restored": "False",
    }


def test_pods_that_come_into_the_zone_are_taken_out_too() -> None:
    cluster = Cluster(world(shift(), needed=6))
    cluster.settle(0.0)
    assert [pod for pod in cluster.world.pods if "-new-" in pod.name and pod.zone == "a"]
    assert not [pod for pod in cluster.world.pods if pod.serving and pod.zone == "a"]
    for service in SERVICES:
        assert len(cluster.world.working(service, "a")) >= 6


def test_a_primary_that_comes_back_is_moved_again() -> None:
    cluster = Cluster(world(shift()))
    now = cluster.settle(0.0)
    cluster.world = replace(cluster.world, cart_store=replace(cluster.world.cart_store, primary="valkey-0", epoch=9))
    assert MoveCartPrimary("valkey-0", 9) in plan(cluster.world, now)
    cluster.settle(now)
    assert cluster.world.cart_store.primary != "valkey-0"


def test_a_primary_that_does_not_answer_is_left_to_its_store() -> None:
    base = world(shift())
    gone = replace(base.cart_store, servers=(Server("valkey-0", False, False), *base.cart_store.servers[1:]))
    cluster = Cluster(replace(base, cart_store=gone))
    cluster.do(*plan(cluster.world, 0.0))
    assert not [one for one in plan(cluster.world, 1.0) if isinstance(one, MoveCartPrimary)]
    assert [one for one in plan(cluster.world, 1.0) if isinstance(one, MoveUserPrimary)]


def _electing(seen: World, *, silent: bool = True) -> World:
    """Zone a is dead with a primary; another is elected, which nobody follows yet."""
    old = seen.cart_store
    servers = (Server("valkey-0", False, False), Server("valkey-1", True, True), Server("valkey-2", True, False))
    nodes = tuple(Node(one.name, one.zone, ready=not silent or one.zone != "a") for one in seen.nodes)
    return replace(seen, nodes=nodes, cart_store=replace(old, servers=servers, primary="valkey-1", epoch=2))


def test_a_dead_zone_is_not_refused_for_an_election_under_way() -> None:
    base = world(shift())
    cluster = Cluster(_electing(base))
    now = cluster.settle(0.0)
    assert _phase(cluster) == lifecycle.PENDING
    now = cluster.settle(now + lifecycle.ELECTION_SECONDS / 2)
    assert _phase(cluster) == lifecycle.PENDING
    servers = (Server("valkey-0", False, False), *base.cart_store.servers[1:])
    cluster.world = replace(cluster.world, cart_store=replace(cluster.world.cart_store, servers=servers))
    cluster.settle(now)
    assert _phase(cluster) == lifecycle.SHIFTED


def test_what_no_election_ends_is_refused_all_the_same() -> None:
    cluster = Cluster(_electing(world(shift())))
    cluster.settle(0.0)
    cluster.settle(lifecycle.ELECTION_SECONDS)
    assert _phase(cluster) == lifecycle.REFUSED
    # nor is a zone waited for that answers, or what is no store's
    electing = _electing(world(shift()), silent=False)
    servers = (Server("valkey-0", True, False), *electing.cart_store.servers[1:])
    answers = replace(electing, cart_store=replace(electing.cart_store, servers=servers))
    updated = replace(_electing(world(shift())), workloads=(Workload("shop", updating=True),))
    for seen in (answers, updated):
        at_once = Cluster(seen)
        at_once.settle(0.0)
        assert _phase(at_once) == lifecycle.REFUSED


def test_traffic_waits_for_capacity_but_not_for_ever() -> None:
    cluster = Cluster(world(shift(), needed=6))
    cluster.do(*plan(cluster.world, 0.0))
    actions = plan(cluster.world, 1.0)
    assert {type(one) for one in actions} >= {SetMinimum}
    assert not [one for one in actions if isinstance(one, TakeOut)]
    assert [one for one in plan(cluster.world, lifecycle.CAPACITY_SECONDS) if isinstance(one, TakeOut)]


def test_a_silent_zone_is_not_waited_for() -> None:
    base = world(shift(), needed=6)
    nodes = tuple(Node(one.name, one.zone, ready=one.zone != "a") for one in base.nodes)
    cluster = Cluster(replace(base, nodes=nodes))
    cluster.do(*plan(cluster.world, 0.0))
    assert [one for one in plan(cluster.world, 1.0) if isinstance(one, TakeOut)]


@pytest.mark.parametrize("end", ["deleted", "expired"])
@pytest.mark.parametrize("needed", [2, 6, None])
def test_the_end_leaves_the_cluster_as_it_was_found(end: str, needed: int | None) -> None:
    cluster = Cluster(world(shift(), needed=needed))
    before = cluster.found()
    now = cluster.settle(0.0)
    assert cluster.found() != before
    if end == "deleted":
        cluster.delete("s1")
    cluster.settle(LATE if end == "expired" else now)
    assert cluster.found() == before
    if end == "expired":
        assert _phase(cluster) == lifecycle.RESTORED
        assert _conditions(cluster) == {
            "Accepted": "True",
            "TrafficMoved": "False",
            "CartPrimaryMoved": "False",
            "UserPrimaryMoved": "False",
            "Completed": "False",
            "Restored": "True",
        }


def test_restoring_is_gentle() -> None:
    cluster = Cluster(world(shift(), per_zone=2, needed=4))
    cluster.settle(0.0)
    cluster.delete("s1")
    back = [one.pod for one in plan(cluster.world, 1.0) if not isinstance(one, SetMinimum)]
    assert sorted(name.split("-", maxsplit=1)[0] for name in back) == sorted([*SERVICES, "cache"])
    assert not [one for one in plan(cluster.world, 1.0) if isinstance(one, SetMinimum)]


def test_changes_by_hand_are_left_alone() -> None:
    cluster = Cluster(world(shift(), needed=6))
    cluster.change("pods", "cart-a-0", serving=False)
    now = cluster.settle(0.0)
    cluster.change("pods", "shop-a-0", serving=True)
    cluster.change("autoscalers", "users", minimum=11)
    now = cluster.settle(now)
    pods = {one.name: one for one in cluster.world.pods}
    assert pods["shop-a-0"].serving
    cluster.delete("s1")
    cluster.settle(now)
    pods = {one.name: one for one in cluster.world.pods}
    scalers = {one.name: one for one in cluster.world.autoscalers}
    assert not pods["cart-a-0"].serving
    assert pods["shop-a-0"].serving
    assert scalers["users"].minimum == 11
    assert scalers["users"].mark is None
    assert scalers["cart"].minimum == 3


def test_a_second_shift_is_refused_and_may_be_edited_later() -> None:
    cluster = Cluster(world(shift()))
    now = cluster.settle(0.0)
    cluster.add(shift("b", name="s2", created=now))
    now = cluster.settle(now)
    assert _phase(cluster, "s2") == lifecycle.REFUSED
    (second,) = (one for one in cluster.world.shifts if one.name == "s2")
    assert "s1 has zone a out" in second.status.condition("Accepted").message
    cluster.delete("s1")
    now = cluster.settle(now)
    assert _phase(cluster, "s2") == lifecycle.REFUSED
    cluster.change("shifts", "s2", generation=2)
    cluster.settle(now)
    assert _phase(cluster, "s2") == lifecycle.SHIFTED


def test_one_that_is_over_stays_over_whatever_its_expiry_becomes() -> None:
    cluster = Cluster(world(shift(duration=60.0)))
    cluster.settle(0.0)
    now = cluster.settle(61.0)
    cluster.add(shift("b", name="s2", created=now))
    now = cluster.settle(now)
    # the control: one that lasts may last longer
    for name in ("s1", "s2"):
        cluster.change("shifts", name, duration=LATE + 3600.0, generation=2)
    cluster.settle(LATE)
    assert (_phase(cluster), _phase(cluster, "s2")) == (lifecycle.RESTORED, lifecycle.SHIFTED)
    assert not [pod for pod in cluster.world.pods if pod.zone == "a" and pod.shift is not None]


def test_of_two_at_once_the_older_is_judged_first() -> None:
    cluster = Cluster(world(shift("b", name="s2", created=1.0), shift("a", created=0.0)))
    cluster.settle(2.0)
    assert (_phase(cluster, "s1"), _phase(cluster, "s2")) == (lifecycle.SHIFTED, lifecycle.REFUSED)


def test_of_two_accepted_at_once_one_is_refused_and_says_nothing_else() -> None:
    cluster = Cluster(world(shift(), shift("b", name="s2")))
    cluster.settle(0.0)
    accepted = replace(cluster.world.shifts[0].status, accepted=1.0)
    cluster.change("shifts", "s2", status=accepted)
    assert set(_conditions(cluster, "s2").values()) == {"True", "False"}
    cluster.settle(1.0)
    assert (_phase(cluster), _phase(cluster, "s2")) == (lifecycle.SHIFTED, lifecycle.REFUSED)
    assert set(_conditions(cluster, "s2").values()) == {"False"}


def test_a_new_shift_waits_until_the_last_is_restored() -> None:
    cluster = Cluster(world(shift()))
    now = cluster.settle(0.0)
    cluster.delete("s1")
    cluster.add(shift("a", name="s2", created=now))
    cluster.do(plan(cluster.world, now)[-1])
    assert _phase(cluster, "s2") == lifecycle.PENDING
    cluster.settle(now)
    assert _phase(cluster, "s2") == lifecycle.SHIFTED


def test_one_that_expired_unseen_is_not_begun() -> None:
    cluster = Cluster(world(shift(duration=60.0)))
    before = cluster.found()
    cluster.settle(61.0)
    assert _phase(cluster) == lifecycle.REFUSED
    assert cluster.found() == before


def _begun(cluster: Cluster, steps: int, now: float = 0.0) -> tuple[int, float]:
    """Let the operator do so many single steps and no more; how many it did, and the time then."""
    done = 0
    while done < steps and (actions := plan(cluster.world, now)):
        for action in actions[: steps - done]:
            cluster.do(action)
            done += 1
        cluster.scale()
        now += 1
    return done, now


@pytest.mark.parametrize("needed", [2, 6])
@pytest.mark.parametrize("next_", ["resumed", "deleted", "expired", "killed in the restoring"])
def test_killed_after_each_step_it_reaches_the_same_end(needed: int, next_: str) -> None:
    """Every step is the last one of some operator; what happens while it is dead is made good by the next."""
    whole = Cluster(world(shift(), needed=needed))
    before = whole.found()
    whole.settle(0.0)
    shifted = whole.found()
    steps = 0
    while True:
        cut = Cluster(world(shift(), needed=needed))
        restoring = next_ == "killed in the restoring"
        if restoring:
            cut.settle(0.0)
            cut.delete("s1")
        done, now = _begun(cut, steps)
        if next_ == "deleted":
            cut.delete("s1")
        cut.settle(LATE if next_ == "expired" else now)
        assert cut.found() == (shifted if next_ == "resumed" else before), f"killed after step {steps}"
        assert cut.refused == 0
        if done < steps:
            break
        steps += 1
    # status, pods of five components, two primaries, status; and autoscalers, if they are raised
    assert steps > (5 if restoring else 9)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_killed_anywhere_it_reaches_the_same_end(data: st.DataObject) -> None:
    """Each round only some of the actions are done, in any order; another operator then starts from what is there."""
    needed = data.draw(st.sampled_from([None, 2, 4, 7]))
    primaries = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    whole, cut = (Cluster(world(shift(), needed=needed, primaries=primaries)) for _ in range(2))
    before = cut.found()
    whole.settle(0.0)
    now = 0.0
    for _ in range(data.draw(st.integers(1, 8))):
        actions = data.draw(st.permutations(plan(cut.world, now)))
        for action in actions[: data.draw(st.integers(0, len(actions)))]:
            cut.do(action)
        cut.scale()
        now += 1
    now = cut.settle(now)
    assert cut.found() == whole.found()
    cut.delete("s1")
    for _ in range(data.draw(st.integers(0, 4))):
        actions = plan(cut.world, now)
        for action in actions[: data.draw(st.integers(0, len(actions)))]:
            cut.do(action)
    cut.settle(now)
    assert cut.found() == before


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_an_operator_that_acts_late_does_no_harm(data: st.DataObject) -> None:
    """One is frozen in mid-step while another carries the shift to its end; what it then does is refused or undone."""
    cluster = Cluster(world(shift(), needed=data.draw(st.sampled_from([2, 6]))))
    before = cluster.found()
    now = 0.0
    for _ in range(data.draw(st.integers(0, 6))):
        for action in plan(cluster.world, now):
            cluster.do(action)
        cluster.scale()
        now += 1
    late = plan(cluster.world, now)
    now = cluster.settle(now)
    cluster.delete("s1")
    if data.draw(st.booleans(), label="restored before"):
        now = cluster.settle(now)
        was, refused = cluster.found(), cluster.refused
        for action in late:
            cluster.do(action)
        # every pod and autoscaler that it would touch has been touched since
        assert cluster.found() == was
        assert cluster.refused == refused + len(late)
    else:
        for action in late:
            cluster.do(action)
    cluster.settle(now)
    assert cluster.found() == before


def test_a_late_mark_without_a_shift_is_taken_off() -> None:
    base = world()
    pods = tuple(replace(one, serving=False, shift="gone") if one.name == "cart-a-0" else one for one in base.pods)
    scalers = tuple(
        replace(one, minimum=5, mark=Mark("gone", 3, 5)) if one.name == "cart" else one for one in base.autoscalers
    )
    cluster = Cluster(replace(base, pods=pods, autoscalers=scalers))
    cluster.settle(0.0)
    assert cluster.found() == Cluster(base).found()


@given(st.integers(1, 12), st.integers(2, 5), st.integers(0, 4))
def test_the_minimum_suffices_wherever_pods_are_put(needed: int, zones: int, idle: int) -> None:
    """However the scheduler spreads them with a skew of one, enough are outside."""
    from myclothes_operator import capacity
    from myclothes_operator.model import Autoscaler, Pod, World

    names = [f"z{number}" for number in range(zones)]
    here = World(
        nodes=tuple(Node(name, name) for name in names),
        pods=tuple(Pod(f"p{number}", "cart", "z0", "1") for number in range(idle)),
    )
    total = capacity.minimum(here, Autoscaler("cart", "cart", "1", 1, 10_000, needed), "z0")
    inside = max(idle, -(-total // zones))
    assert total - inside >= max(needed, capacity.FEWEST)

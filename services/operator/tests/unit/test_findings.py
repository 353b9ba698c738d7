"""What stands against losing a zone: each finding brought about, beside a control without it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulation import world

from myclothes_operator.findings import FORCIBLE, findings
from myclothes_operator.model import Autoscaler, Budget, Claim, Node, Server, Workload, World


def codes(seen: World, zone: str = "a") -> list[str]:
    return [one.code for one in findings(seen, zone)]


def test_a_whole_shop_could_lose_any_zone() -> None:
    for zone in ("a", "b", "c"):
        assert findings(world(), zone) == ()


def test_every_finding_can_be_forced_but_an_unknown_zone() -> None:
    assert codes(world(), "z") == ["UnknownZone"]
    assert "UnknownZone" not in FORCIBLE


@pytest.mark.parametrize("why", ["not ready", "out of service", "ending"])
def test_two_other_zones_must_serve(why: str) -> None:
    base = world()
    changed = {"not ready": {"ready": False}, "out of service": {"serving": False}, "ending": {"ending": True}}[why]
    pods = tuple(replace(one, **changed) if one.name == "cart-b-0" else one for one in base.pods)
    (found, *_) = findings(replace(base, pods=pods), "a")
    assert found.code == "Zones"
    assert "cart would serve only in c" in found.message
    # its own zone may be lost, as far as zones go
    assert "Zones" not in codes(replace(base, pods=pods), "b")


@pytest.mark.parametrize(("name", "code"), [("cart_store", "CartStore"), ("user_store", "UserStore")])
def test_a_store_needs_two_servers_in_step_elsewhere(name: str, code: str) -> None:
    base = world()
    store = getattr(base, name)
    behind = replace(store, servers=(*store.servers[:2], Server(store.servers[2].pod, answers=True, in_step=False)))
    assert codes(replace(base, **{name: behind})) == [code]
    assert codes(replace(base, **{name: behind}), "c") == []


def test_a_store_needs_a_majority_of_votes_elsewhere() -> None:
    base = world()
    mute = replace(base.cart_store, votes=base.cart_store.votes[:2])
    assert codes(replace(base, cart_store=mute)) == ["CartStore"]
    assert codes(replace(base, cart_store=mute), "c") == []


def _claims(*reach: str) -> tuple[Claim, ...]:
    """A volume for each Valkey pod, each usable in the zones that its word names."""
    nodes = [tuple(f"node-{zone}" for zone in zones) for zones in reach]
    return tuple(Claim(f"data-{number}", "valkey", f"valkey-{number}", some) for number, some in enumerate(nodes))


def test_data_must_have_a_copy_on_a_volume_elsewhere() -> None:
    base = replace(world(), claims=_claims("a", "b", "c"))
    assert codes(base) == []
    servers = base.cart_store.servers
    behind = tuple(replace(one, in_step=one.pod == "valkey-0") for one in servers)
    alone = replace(base, cart_store=replace(base.cart_store, servers=behind))
    assert codes(alone) == ["CartStore", "Volumes"]
    assert "Volumes" not in codes(alone, "b")
    # all pods may have come up in one zone, where their volumes are
    assert codes(replace(base, claims=_claims("a", "a", "a"))) == ["Volumes"]
    # one that is reached from everywhere is not lost with a zone
    assert codes(replace(base, claims=_claims("abc", "a", "a"))) == []


def test_a_volume_that_no_node_can_use_is_told_with_what_to_do() -> None:
    base = replace(world(), claims=_claims("a", "b", "c"))
    servers = tuple(replace(one, answers=one.pod != "valkey-2") for one in base.cart_store.servers)
    silent = replace(base, cart_store=replace(base.cart_store, servers=servers))
    assert "Volumes" not in codes(silent), "its node is there: it may come back by itself"
    nodes = tuple(replace(one, ready=one.zone != "c") for one in base.nodes)
    for seen, where in ((replace(silent, nodes=nodes), "a node back in c;"), (silent, "")):
        gone = seen if where else replace(seen, claims=_claims("a", "b", ""))
        (found,) = (one for one in findings(gone, "a") if one.code == "Volumes")
        assert found.message == "data-2 of valkey-2 can be used by no node that is ready"
        assert where in found.mend
        assert "delete the claim and the pod" in found.mend
    assert "Volumes" not in codes(replace(silent, nodes=nodes), "c"), "it is the zone's own"


def test_another_s_store_is_not_looked_at() -> None:
    assert codes(replace(world(), cart_store=None, user_store=None)) == []


def test_an_update_bars() -> None:
    base = world()
    assert codes(replace(base, workloads=(Workload("shop", updating=True),))) == ["Rollout"]


def test_the_maximum_must_leave_room_for_the_load() -> None:
    base = world(needed=11)
    most = findings(base, "a")
    assert not most
    tight = findings(world(needed=12), "a")
    assert {one.code for one in tight} == {"Capacity"}
    assert "raise cart.autoscaling.maxReplicas to 13" in tight[0].mend


def test_the_nodes_must_have_room() -> None:
    base = world(needed=4)
    asked = tuple(replace(one, cpu=1.0, memory=1.0) for one in base.autoscalers)
    # four services lack two pods each, of a core each
    for cores, found in ((4.0, False), (3.0, True)):
        nodes = tuple(Node(f"node-{zone}", zone, cpu=cores) for zone in ("a", "b", "c"))
        assert ("Capacity" in codes(replace(base, autoscalers=asked, nodes=nodes))) is found


def test_a_cordoned_node_takes_nothing_and_is_not_silent() -> None:
    base = world(needed=4)
    asked = tuple(replace(one, cpu=1.0) for one in base.autoscalers)
    nodes = tuple(Node(f"node-{zone}", zone, cordoned=zone != "a") for zone in ("a", "b", "c"))
    shut = replace(base, autoscalers=asked, nodes=nodes)
    assert codes(shut) == ["Capacity"] * 4
    assert not shut.is_silent("b")


def test_a_budget_bars_when_pods_are_missing_elsewhere() -> None:
    base = world()
    assert codes(replace(base, budgets=(Budget("cart", 2, 2),))) == ["Budget"]
    assert codes(replace(base, budgets=(Budget("cart", 3, 2),))) == []
    # it is the zone's own pod that is missing
    pods = tuple(replace(one, ready=one.name != "cart-a-0") for one in base.pods)
    assert codes(replace(base, pods=pods, budgets=(Budget("cart", 2, 2),))) == []


def test_the_operators_own_budget_bars_nothing() -> None:
    base = world()

    def barred(component: str) -> list[str]:
        pods = (*base.pods, replace(base.pods[0], name=f"{component}-a-1", component=component))
        return codes(replace(base, pods=pods, budgets=(Budget(component, 1, 1),)))

    assert barred("cart") == ["Budget"]
    assert barred("operator") == []


def test_without_a_measured_load_the_minimum_is_needed() -> None:
    base = world()
    scaler = Autoscaler("cart", "cart", "1", 3, 3, needed=None)
    assert codes(replace(base, autoscalers=(scaler,))) == ["Capacity"]
    assert codes(replace(base, autoscalers=(replace(scaler, maximum=4),))) == []

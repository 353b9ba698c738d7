"""The draw: repeatable from any fault, fair, and never more at once than the shop promises to survive."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from myclothes_campaign import Kind
from myclothes_campaign.draws import MOST_AT_ONCE, draw
from myclothes_campaign.faults import EVERYTHING, survivable
from myclothes_campaign.processes import ProcessGround

KINDS = (
    Kind("valkey primary killed", frozenset({"valkey"})),
    Kind("valkey primary frozen", frozenset({"valkey"}), 0.8, 4.0),
    Kind("postgres replica killed", frozenset({"postgres"}), choices=2),
    Kind("gateway killed", frozenset({"gateway"})),
    Kind("zone cut", EVERYTHING, 5.0, 20.0, 3),
)
seeds = st.integers(0, 2**32)
indices = st.integers(0, 5000)


@given(seeds, indices)
def test_the_same_seed_and_index_draw_the_same_fault(seed, index):
    assert draw(seed, index, KINDS) == draw(seed, index, list(KINDS))


@given(seeds, st.integers(0, 100))
def test_each_round_has_each_kind_once(seed, around):
    faults = [draw(seed, around * len(KINDS) + place, KINDS) for place in range(len(KINDS))]
    assert Counter(fault.parts[0].kind for fault in faults) == Counter(KINDS)


@given(seeds, indices)
def test_what_happens_at_once_is_survivable_and_within_its_limits(seed, index):
    fault = draw(seed, index, KINDS)
    assert fault.index == index
    assert 1 <= len(fault.parts) <= MOST_AT_ONCE
    assert survivable([part.kind for part in fault.parts])
    for part in fault.parts:
        assert part.kind.shortest <= part.seconds <= part.kind.longest
        assert round(part.seconds * 10) == part.seconds * 10
        assert 0 <= part.choice < part.kind.choices


def test_several_happen_at_once_now_and_then():
    several = sum(len(draw(1, index, KINDS).parts) > 1 for index in range(500))
    assert 0 < several < 250


def test_a_component_has_one_fault_at_a_time_and_a_zone_is_alone():
    killed, frozen, replica, gateway, zone = KINDS
    assert survivable([killed, replica, gateway])
    assert not survivable([killed, frozen])
    assert not survivable([zone, gateway])
    assert not survivable([zone, zone])


def test_the_names_of_the_processes_kinds_differ(tmp_path):
    kinds = ProcessGround(tmp_path).kinds
    assert len({kind.name for kind in kinds}) == len(kinds)

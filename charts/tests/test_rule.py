"""Who leads when nobody does: the rule of docs/adr/0010-valkey-bootstrap.md, without any I/O."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from valkeynode.rule import PATIENCE_SECONDS, Beat, Fact, candidate

EMPTY = Beat()


def fact(ordinal: int, *, data: bool = True, beat: Beat = EMPTY) -> Fact:
    return Fact(f"valkey-{ordinal}", ordinal, has_data=data, beat=beat)


def test_a_first_start_waits_for_all_and_takes_the_first() -> None:
    new = [fact(ordinal, data=False) for ordinal in range(3)]
    assert candidate(new, 3, 0) == "valkey-0"
    assert candidate(new[1:], 3, PATIENCE_SECONDS * 100) is None


def test_the_most_advanced_data_leads() -> None:
    facts = [
        fact(0, beat=Beat(3, 100, "valkey-1")),
        fact(1, beat=Beat(3, 90, "valkey-1")),
        fact(2, beat=Beat(4, 1, "valkey-2")),
    ]
    assert candidate(facts, 3, 0) == "valkey-2"


def test_of_equals_the_one_that_wrote() -> None:
    beat = Beat(3, 100, "valkey-1")
    assert candidate([fact(0, beat=beat), fact(1, beat=beat), fact(2, beat=beat)], 3, 0) == "valkey-1"


def test_a_majority_with_data_decides_after_its_patience() -> None:
    facts = [fact(0, beat=Beat(1, 5, "valkey-2")), fact(1, beat=Beat(1, 6, "valkey-2"))]
    assert candidate(facts, 3, PATIENCE_SECONDS / 2) is None
    assert candidate(facts, 3, PATIENCE_SECONDS) == "valkey-1"


@pytest.mark.parametrize("waited", [0, PATIENCE_SECONDS, 1e6])
def test_one_alone_never_decides_for_three(waited: float) -> None:
    assert candidate([fact(0)], 3, waited) is None
    assert candidate([fact(0), fact(1, data=False)], 3, waited) is None


def test_one_of_one_leads_at_once() -> None:
    assert candidate([fact(0)], 1, 0) == "valkey-0"


def test_a_lost_volume_follows() -> None:
    facts = [fact(0, data=False), fact(1, beat=Beat(1, 5, "valkey-0")), fact(2, beat=Beat(1, 4, "valkey-0"))]
    assert candidate(facts, 3, 0) == "valkey-1"


def test_a_new_primary_begins_a_term() -> None:
    old = Beat(7, 1000, "valkey-0")
    assert old.next(2000, "valkey-0") == Beat(7, 2000, "valkey-0")
    assert old.next(500, "valkey-0") == Beat(7, 1001, "valkey-0")
    assert old.next(500, "valkey-1") == Beat(8, 1001, "valkey-1")
    assert Beat.parse(str(old)) == old
    assert Beat.parse(None) == Beat()


beats = st.builds(Beat, st.integers(0, 5), st.integers(0, 50), st.sampled_from(["valkey-0", "valkey-1", "valkey-2"]))


@given(st.lists(beats, min_size=3, max_size=3), st.permutations([0, 1, 2]))
def test_all_see_the_same_candidate(found: list[Beat], order: list[int]) -> None:
    facts = [fact(ordinal, beat=beat) for ordinal, beat in enumerate(found)]
    assert candidate([facts[index] for index in order], 3, 0) == candidate(facts, 3, 0)


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 2))
def test_an_old_primary_never_overtakes(old_clock: int, new_clock: int, lead: int) -> None:
    """Whatever the clocks say, data that a successor has written beats the data of the one it replaced."""
    shared = Beat(1, 500, "valkey-0")
    old = shared
    for _ in range(lead + 1):
        old = old.next(old_clock, "valkey-0")
    new = shared.next(new_clock, "valkey-1")
    assert candidate([fact(0, beat=old), fact(1, beat=new), fact(2, beat=shared)], 3, 0) == "valkey-1"

"""A campaign's memory: it goes on where it was killed, and never on another campaign's."""

import msgspec
import pytest

from myclothes_campaign import reports
from myclothes_campaign.shoppers import GROUPS
from myclothes_campaign.states import NAME, Done, Plan, State, StateError

PLAN = Plan("processes", 7, "", (), 50.0, 3)


def done(index, **more):
    gaps = dict.fromkeys(GROUPS, 1.0)
    words = {"kind": "cart killed", "fault": "cart killed", "began": "2026-01-01T00:00:00+00:00", "gaps": gaps}
    words |= {"whole_s": 2.0, "requests": 100, "failed": 0, "acknowledged": 30} | more
    return Done(index, **words)


def test_it_begins_with_the_first_fault_and_goes_on_after_the_last(tmp_path):
    state = State(tmp_path, PLAN)
    assert state.next == 3
    state.add(done(3))
    state.add(done(4))
    again = State(tmp_path, PLAN)
    assert again.next == 5
    assert again.done == [done(3), done(4)]
    assert again.violated is None


def test_a_line_that_was_not_finished_was_not_written(tmp_path):
    State(tmp_path, PLAN).add(done(3))
    with (tmp_path / NAME).open("ab") as file:
        file.write(msgspec.json.encode(done(4))[:-5])
    state = State(tmp_path, PLAN)
    assert state.next == 4
    state.add(done(4))
    assert State(tmp_path, PLAN).next == 5


def test_another_campaigns_memory_is_refused(tmp_path):
    State(tmp_path, PLAN)
    with pytest.raises(StateError, match="another campaign"):
        State(tmp_path, msgspec.structs.replace(PLAN, seed=8))


def test_a_damaged_memory_is_refused(tmp_path):
    (tmp_path / NAME).write_text("nonsense\n")
    with pytest.raises(StateError, match="cannot be used"):
        State(tmp_path, PLAN)


def test_a_loss_is_remembered(tmp_path):
    State(tmp_path, PLAN).add(done(3, violations=("(a) shopper 4: …",)))
    assert State(tmp_path, PLAN).violated.index == 3


def test_the_report_has_a_row_a_kind_with_median_and_longest_gap(tmp_path):
    gaps = dict.fromkeys(GROUPS, 3.0)
    text = reports.text(PLAN, [done(3), done(4), done(5, gaps=gaps), done(6, kind="cache frozen", violations=("(c)",))])
    assert "| cart killed | 3 | 1.0 / 3.0 |" in text
    assert "| cache frozen | 1 | 1.0 / 1.0 |" in text
    assert "4 faults" in text
    assert "Acknowledged writes: 120." in text
    assert "Faults with violations: 1." in text

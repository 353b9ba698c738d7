"""Practice on a simulated cluster: each zone once, out for its time, back at the end, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from practising import KEPT, Drill, practice
from simulation import ZONES, shift

from myclothes_operator.model import Shift
from myclothes_operator.practice.model import Window
from myclothes_operator.practice.plan import START_SECONDS

WORKDAYS = Window(frozenset(range(5)), 9 * 60, 17 * 60)
WEEK = 7 * 86_400


def verdicts(drill: Drill, name: str = "weekly") -> dict[str, str]:
    return {one.zone: one.verdict for one in drill.of(name).status.results}


def is_quiet(drill: Drill) -> bool:
    """No shift, and nothing left of one."""
    world = drill.cluster.world
    return (
        not world.shifts and all(one.shift is None for one in world.pods) and not any(a.mark for a in world.autoscalers)
    )


def test_each_zone_is_practised_once_and_given_back() -> None:
    drill = Drill(practice(shift_seconds=60.0))
    before = drill.cluster.found()
    drill.until("Done")
    assert verdicts(drill) == dict.fromkeys(ZONES, "Passed")
    assert [one for one in drill.made if one.startswith("shift")] == [f"shift {zone}" for zone in ZONES]
    assert all(one.summary == KEPT and one.out is not None for one in drill.of().status.results)
    assert is_quiet(drill)
    assert drill.cluster.found() == before


def test_a_zone_is_out_for_its_time_and_no_longer() -> None:
    drill = Drill(practice(shift_seconds=60.0, zones=("a",)))
    out = 0
    drill.until("Warming")
    while drill.of().status.phase != "Done":
        drill.round()
        out += any(one.shift is not None for one in drill.cluster.world.pods)
    assert 55 <= out <= 75


@settings(deadline=None)
@given(st.lists(st.none() | st.integers(0, 3), max_size=250))
def test_an_operator_killed_at_any_point_is_resumed(rounds: list[int | None]) -> None:
    drill = Drill(practice(shift_seconds=40.0, zones=("a", "b")))
    before = drill.cluster.found()
    for done in rounds:
        drill.round(done)
    drill.until("Done")
    assert set(verdicts(drill).values()) <= {"Passed", "Failed"}
    assert is_quiet(drill)
    assert drill.cluster.found() == before
    jobs = [one for one in drill.made if one.startswith("job")]
    assert len(jobs) == len(set(jobs)) <= 2


def _all_deleted(drill: Drill) -> None:
    for one in drill.cluster.world.shifts:
        drill.cluster.delete(one.name)


CAUSES = {
    "budget": lambda drill: setattr(drill, "fails_at", drill.now + 0.5),
    "alert": lambda drill: setattr(drill, "alerts", ("MyClothesErrors",)),
    "suspended": lambda drill: drill.change(suspended=True),
    "hand": _all_deleted,
    "shift": lambda drill: drill.cluster.add(shift("b", name="night", created=drill.now)),
    "deleted": lambda drill: drill.practices.clear(),
}


@settings(deadline=None)
@given(st.integers(0, 200), st.sampled_from(sorted(CAUSES)))
def test_whatever_ends_it_the_zone_is_put_back_at_once(moment: int, cause: str) -> None:
    drill = Drill(practice(shift_seconds=60.0, zones=("a",)))
    before = drill.cluster.found()
    for _ in range(moment):
        drill.round()
    midway = any(drill.now - one.created < 55 for one in drill.cluster.world.shifts)
    CAUSES[cause](drill)
    for _ in range(20):
        drill.round()
    if midway or cause in {"shift", "deleted", "alert", "suspended"}:
        assert not any(one.practice for one in drill.cluster.world.shifts)
        assert {one.shift for one in drill.cluster.world.pods} <= {None, "uid-night"}
    if cause == "shift":
        assert drill.cluster.world.shifts[-1].status.accepted is not None
        drill.cluster.delete("night")
    if cause != "deleted":
        drill.alerts = ()
        drill.change(suspended=False)
        drill.until("Done")
        assert not midway or verdicts(drill) == {"a": "Stopped"}
    for _ in range(20):
        drill.round()
    assert is_quiet(drill)
    assert drill.cluster.found() == before


def test_a_shift_that_people_ask_for_is_not_refused_because_of_practice() -> None:
    drill = Drill(practice(shift_seconds=600.0, zones=("a",)))
    drill.until("Shifting")
    for _ in range(10):
        drill.round()
    drill.cluster.add(shift("b", name="night", created=drill.now))
    for _ in range(20):
        drill.round()
    (night,) = drill.cluster.world.shifts
    assert (night.name, night.status.phase) == ("night", "Shifted")
    # the control: one that people have asked for does not give way
    drill.cluster.add(shift("c", name="second", created=drill.now))
    drill.round()
    assert drill.cluster.world.shifts[-1].status.phase == "Refused"


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        ({"summary": replace(KEPT, violations=2)}, "Failed", "promises were not kept"),
        ({"summary": replace(KEPT, undecided=1)}, "Failed", "not all could be judged"),
        ({"summary": None}, "Failed", "no verdict"),
        ({"fails_at": 1060.0}, "Stopped", "error budget"),
        ({"fails_at": 1060.0, "exit_code": 3}, "Failed", "exit code 3"),
        ({"fails_at": 1060.0, "summary": replace(KEPT, violations=1)}, "Failed", "promises were not kept"),
        # as the zone is put back
        ({"fails_at": 1112.0}, "Failed", "as it was put back"),
        ({}, "Passed", ""),
    ],
)
def test_the_verdict(change: dict[str, object], verdict: str, reason: str) -> None:
    drill = Drill(practice(shift_seconds=60.0, zones=("a",)))
    for name, value in change.items():
        setattr(drill, name, value)
    drill.until("Done")
    (result,) = drill.of().status.results
    assert (result.verdict, reason in result.reason) == (verdict, True), result
    assert is_quiet(drill)


def test_a_zone_that_is_not_out_in_time_has_not_passed() -> None:
    drill = Drill(practice(shift_seconds=60.0, zones=("a",)))
    drill.until("Warming")
    silent = tuple(replace(one, answers=False) for one in drill.cluster.world.cart_store.servers)
    store = replace(drill.cluster.world.cart_store, primary=None)
    drill.cluster.world = replace(drill.cluster.world, cart_store=replace(store, servers=silent))
    drill.until("Done")
    (result,) = drill.of().status.results
    # with a store that is ill the shift is refused; it was well when the run began
    assert result.verdict == "Refused"
    assert "valkey" in result.reason


def test_a_ledger_that_does_not_come_is_not_waited_for() -> None:
    drill = Drill(practice(zones=("a",)))
    drill.until("Warming")
    do, drill.do = drill.do, lambda action: None if type(action).__name__ == "StartJob" else do(action)
    drill.until("Done")
    (result,) = drill.of().status.results
    assert (result.verdict, "did not begin" in result.reason) == ("Failed", True)
    assert drill.made == []
    assert drill.now - result.began < START_SECONDS + 10


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda drill: setattr(drill, "ledger", False), "ledger.enabled"),
        (lambda drill: setattr(drill, "alerts", ("MyClothesSlow",)), "MyClothesSlow"),
        (lambda drill: drill.change(suspended=True), "suspended"),
        (lambda drill: drill.change(zones=("z",)), "no node is in zone z"),
        (lambda drill: drill.cluster.add(shift("b", created=1000.0)), "s1 has zone b out"),
        (lambda drill: drill.change(window=replace(WORKDAYS, place="Nowhere/Never")), "no time zone"),
        (lambda drill: drill.change(window=WORKDAYS), "the next window opens at 1970-01-01T09:00:00Z"),
    ],
)
def test_what_stands_in_the_way_is_said(spoil: object, message: str) -> None:
    drill = Drill(practice())
    spoil(drill)
    for _ in range(5):
        drill.round()
    assert drill.of().status.phase == "Waiting"
    assert message in drill.of().status.message
    assert drill.made == []


def test_only_one_practises_at_a_time() -> None:
    drill = Drill(practice("first", shift_seconds=40.0), practice("second", shift_seconds=40.0))
    for _ in range(2000):
        drill.round()
        assert sum(one.practice for one in drill.cluster.world.shifts) <= 1
        assert sum(one.status.run is not None for one in drill.practices) <= 1
    assert all(set(verdicts(drill, name)) == set(ZONES) for name in ("first", "second"))


def test_a_weekly_practice_takes_each_zone_once_a_week_in_its_window() -> None:
    drill = Drill(practice(window=WORKDAYS, shift_seconds=300.0))
    drill.now = 4 * 86_400.0  # Monday, midnight
    begun: list[tuple[str, float]] = []
    while drill.now < 4 * 86_400 + 2 * WEEK:
        run = drill.of().status.run
        if run is None:
            # nothing changes meanwhile but the time
            drill.now += 599
        drill.round()
        after = drill.of().status.run
        if after is not None and run is None:
            begun.append((after.zone, after.began))
    assert [zone for zone, _ in begun] == [*ZONES, *ZONES]
    for (_, first), (_, second) in zip(begun[:3], begun[3:], strict=True):
        assert int((second - 4 * 86_400) / WEEK) - int((first - 4 * 86_400) / WEEK) == 1
    assert all(9 * 3600 <= began % 86_400 < 17 * 3600 for _, began in begun)


def test_one_that_did_not_pass_is_the_last_of_its_week() -> None:
    drill = Drill(practice(window=replace(WORKDAYS, days=frozenset(range(7)), begin=0, end=24 * 60 - 1)))
    drill.summary = replace(KEPT, violations=1)
    for _ in range(1000):
        drill.round()
    assert verdicts(drill) == {"a": "Failed"}
    assert "a did not pass" in drill.of().status.message


def test_a_practice_s_shift_outside_of_a_run_is_taken_away() -> None:
    drill = Drill()
    drill.cluster.add(Shift("late", "u-late", "1", 1, "a", drill.now, 600.0, practice=True))
    for _ in range(10):
        drill.round()
    assert is_quiet(drill)

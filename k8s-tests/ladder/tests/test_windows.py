"""A day's history becomes its events."""

import pytest

from myclothes_ladder.windows import END, events, latencies
from myclothes_ledger.history import Call, Ended, Mark, Saw, Sent


def call(kind, at, *, cart="p1.g1", status=200, seconds=0.1, lines=None, op=""):
    outcome = "ok" if status == 200 else "unknown"
    saw = Saw(version=1, lines=lines) if lines is not None else None
    return Call(op or f"{kind}{at}", 1, at, at + seconds, at, 1, "p1.b1", cart, kind, status, outcome, "", saw)


@pytest.fixture
def records():
    return [
        Mark(0.0, 0.0, "quiet"),
        Sent("a", 1, 1.0, 1.0, 1, "p1.b1", "p1.g1", "add", "shirt", 1),
        call("add", 1.0, lines={"shirt": 1}, op="a"),
        call("home", 2.0, seconds=0.3),
        Mark(5.0, 5.0, "zone lost"),
        call("cart", 6.0, status=503),
        call("cart", 9.0, lines={}),
        Mark(10.0, 10.0, END),
        Ended(11.0, 11.0, 0.0),
    ]


def test_each_part_has_its_requests_failures_and_carts(records):
    quiet, lost = events(records, {})
    assert (quiet.name, quiet.seconds, quiet.requests, quiet.failed, quiet.carts, quiet.lost) == (
        "quiet",
        5.0,
        2,
        0,
        1,
        0,
    )
    assert (lost.name, lost.requests, lost.failed, lost.carts, lost.lost) == ("zone lost", 2, 1, 1, 1)


def test_a_gap_is_that_of_the_event_it_began_with():
    early, late = [0.1 + n / 5 for n in range(25)], [12.0 + n / 5 for n in range(10)]
    calls = [call("add", at, seconds=0.0, lines={}) for at in (*early, *late)]
    marks = [Mark(0.0, 0.0, "quiet"), Mark(5.0, 5.0, "lost"), Mark(10.0, 10.0, "back"), Mark(14.0, 14.0, END)]
    records = sorted([*calls, *marks], key=lambda record: record.at)
    found = {event.name: event.gaps_s["cart writes"] for event in events(records, {})}
    assert found == {"quiet": pytest.approx(0.2), "lost": pytest.approx(7.1), "back": pytest.approx(0.2)}


def test_nothing_that_succeeded_has_no_gap(records):
    assert [event.gaps_s["cart writes"] for event in events(records, {})] == [pytest.approx(9.9), None]


def test_what_is_found_lost_at_the_end_belongs_to_the_last_part(records):
    del records[6]
    assert [event.lost for event in events(records, {"p1.g1": {}})] == [0, 1]


def test_times_are_those_of_successes_in_the_part(records):
    found = latencies(records, "quiet")
    assert (found["cart writes"].p50, found["catalogue reads"].p99) == (100.0, 300.0)
    assert "cart reads" not in found

"""A practice's documents as the operator reads and writes them."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myclothes_operator.documents import ZONE
from myclothes_operator.practice import documents, windows
from myclothes_operator.practice.model import Job, PracticeStatus, Result, Run, Summary, Window

BEGAN = 1_769_860_800.0
SUMMARY = {
    "violations": 0,
    "undecided": 1,
    "requests": 450,
    "failed": 2,
    "acknowledged_writes": 200,
    "gaps_s": {"cart_writes": 1.25},
}


def _practice(status: dict, **spec: object) -> dict:
    return {
        "metadata": {
            "name": "weekly",
            "uid": "u",
            "resourceVersion": "7",
            "generation": 3,
            "creationTimestamp": "2026-01-31T12:00:00Z",
        },
        # as the CRD's defaults complete it
        "spec": {"shiftFor": "5m", "errorBudgetPercent": 1, "suspend": False} | spec,
        "status": status,
    }


def _kept(status: dict) -> dict:
    """What the API server keeps of a merge patch on nothing."""
    return {
        key: _kept(value) if isinstance(value, dict) else value for key, value in status.items() if value is not None
    }


@pytest.mark.parametrize(
    "written",
    [
        PracticeStatus(),
        PracticeStatus("Waiting", "suspended", 3),
        PracticeStatus("Warming", "soon", 3, Run("weekly-1", "a", BEGAN)),
        PracticeStatus("Judging", "", 3, Run("weekly-1", "a", BEGAN, "Judging", "u", 4.0, "Stopped", "by hand")),
        PracticeStatus(
            "Done",
            results=(
                Result("a", BEGAN, "weekly-1", "Passed", "", 3.0, Summary(0, 0, 9, 1, 4, 1.5)),
                Result("b", BEGAN, "weekly-2", "Failed", "lost", None, Summary(2, 0, 9, 1, 4, None)),
                Result("c", BEGAN, "weekly-3", "Refused", "no"),
            ),
        ),
    ],
)
def test_a_status_is_read_as_it_is_written(written: PracticeStatus) -> None:
    document = json.loads(json.dumps(_kept(documents.status(written))))
    assert documents.practice(_practice(document)).status == written


def test_a_practice() -> None:
    found = documents.practice(_practice({}))
    assert (found.window, found.zones, found.shift_seconds, found.budget, found.ending) == (None, (), 300.0, 1.0, False)
    window = {"days": ["Monday", "Sunday"], "from": "09:30", "until": "11:00", "timeZone": "Europe/Berlin"}
    found = documents.practice(_practice({}, window=window, zones=["a"], errorBudgetPercent=0.5))
    assert found.window == Window(frozenset({0, 6}), 570, 660, "Europe/Berlin")
    assert (found.zones, found.budget) == (("a",), 0.5)


def _pod(phase: str = "Running", **states: dict) -> dict:
    statuses = [{"name": name, "state": state} for name, state in states.items()]
    return {
        "metadata": {"labels": {documents.RUN: "weekly-1"}},
        "status": {"phase": phase, "containerStatuses": statuses},
    }


def test_a_job_is_read_from_its_pod() -> None:
    running = {"running": {"startedAt": "2026-01-31T12:00:00Z"}}
    overspent = {"terminated": {"exitCode": 4, "startedAt": "2026-01-31T12:00:00Z"}}
    judged = {"terminated": {"exitCode": 0, "message": json.dumps(SUMMARY)}}
    assert documents.job({"metadata": {"labels": {documents.RUN: "r"}}}) == Job("r")
    assert documents.job(_pod(shoppers={"waiting": {}}, verdict=running)) == Job("weekly-1")
    assert documents.job(_pod(shoppers=running, verdict=running)) == Job("weekly-1", BEGAN)
    assert documents.job(_pod(shoppers=overspent, verdict=running)) == Job("weekly-1", BEGAN, 4)
    done = documents.job(_pod("Failed", shoppers=overspent, verdict=judged))
    assert done == Job("weekly-1", BEGAN, 4, 0, Summary(0, 1, 450, 2, 200, 1.25), ended=True)


@pytest.mark.parametrize("message", ["", "[]", "{}", '{"violations": 0}', "Traceback (most recent call last):"])
def test_last_words_that_are_no_summary_are_no_verdict(message: str) -> None:
    judged = {"terminated": {"exitCode": 3, "message": message}}
    found = documents.job(_pod(shoppers={}, verdict=judged))
    assert (found.judged, found.summary) == (3, None)


def _form() -> dict:
    container = {"env": [{"name": "LEDGER_SECONDS", "value": "300"}, {"name": "OTHER", "value": "x"}]}
    pod = {
        "metadata": {"labels": {"edge": "client"}},
        "spec": {"containers": [container, json.loads(json.dumps(container))]},
    }
    return {"spec": {"jobTemplate": {"spec": {"backoffLimit": 0, "template": pod}}}}


def test_a_job_is_made_after_the_chart_s_form() -> None:
    form = _form()
    practice = documents.practice(_practice({}))
    made = documents.new_job(form, practice, Run("weekly-1", "a", BEGAN), 360.0)
    assert form == _form()
    assert made["metadata"]["name"] == "weekly-1"
    assert made["metadata"]["labels"] == {documents.RUN: "weekly-1"}
    assert made["metadata"]["ownerReferences"][0]["uid"] == "u"
    pod = made["spec"]["template"]
    assert pod["metadata"]["labels"] == {"edge": "client", documents.RUN: "weekly-1"}
    assert pod["spec"]["containers"][1]["env"] == [
        {"name": "LEDGER_SECONDS", "value": "360"},
        {"name": "OTHER", "value": "x"},
    ]
    (preferred,) = pod["spec"]["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert preferred["preference"]["matchExpressions"] == [{"key": ZONE, "operator": "In", "values": ["a"]}]


def test_a_run_s_shift_is_marked_as_practice() -> None:
    made = documents.new_shift(documents.practice(_practice({})), Run("weekly-1", "a", BEGAN), 330.0)
    assert made["spec"] == {"zone": "a", "expiresAfter": "330s", "reason": "practice weekly", "practice": True}


def _at(place: str, *when: int) -> float:
    return datetime(*when, tzinfo=ZoneInfo(place)).timestamp()


def test_a_window_is_open_by_its_place_s_clock() -> None:
    window = Window(frozenset({1}), 9 * 60, 11 * 60, "Europe/Berlin")
    tuesday = _at("Europe/Berlin", 2026, 11, 24, 9, 0), _at("Europe/Berlin", 2026, 11, 24, 11, 0)
    assert windows.opening(window, tuesday[0] - 86_400) == tuesday
    assert windows.opening(window, tuesday[0]) == tuesday
    assert windows.opening(window, tuesday[1] - 1) == tuesday
    assert windows.opening(window, tuesday[1])[0] == tuesday[0] + 7 * 86_400
    assert windows.week(window, tuesday[0]) == _at("Europe/Berlin", 2026, 11, 23, 0, 0)
    # the clock has changed since the Tuesday before
    assert windows.opening(window, _at("Europe/Berlin", 2026, 3, 25, 0, 0))[0] == _at(
        "Europe/Berlin", 2026, 3, 31, 9, 0
    )


PLACES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")


@settings(deadline=None)
@given(
    st.sets(st.integers(0, 6), min_size=1),
    st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda two: two[0] < two[1]),
    st.sampled_from(PLACES),
    st.integers(1_700_000_000, 1_900_000_000),
)
def test_there_is_always_a_next_opening(days: set[int], hours: tuple[int, int], place: str, now: int) -> None:
    window = Window(frozenset(days), *hours, place)
    begin, end = windows.opening(window, now)
    assert now < end
    assert begin < end <= now + 16 * 86_400
    assert datetime.fromtimestamp(begin, ZoneInfo(place)).weekday() in days
    assert 0 <= now - windows.week(window, now) < 7 * 86_400 + 2 * 3600


def test_a_place_that_is_none() -> None:
    assert windows.is_known(Window(frozenset({1}), 0, 1, "Europe/Berlin"))
    for place in ("Nowhere/Never", "../etc/passwd", ""):
        assert not windows.is_known(Window(frozenset({1}), 0, 1, place))

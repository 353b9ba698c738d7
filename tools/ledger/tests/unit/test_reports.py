"""What the shoppers felt."""

import pytest

from myclothes_ledger import reports
from myclothes_ledger.history import Begun, Call, Mark, Sent
from myclothes_ledger.reports import gap


def call(at, kind="add", status=200, seconds=0.1, reason=""):
    outcome = "ok" if status == 200 else "refused" if 400 <= status < 500 else "unknown"
    sent = at - seconds
    return Call(f"op{at}", 1, sent, at, at, 1, "p1.b1", "p1.g1", kind, status, outcome, reason, None, None)


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (10.0, 16.0, 4.0),  # 11 -> 15, within
        (12.0, 14.0, 4.0),  # the same, around the window
        (9.0, 10.5, 1.0),  # 9 -> 10 and 10 -> 11 reach in
        (15.5, 30.0, 13.0),  # 17 -> the end of the history at 30
        (0.0, 5.0, 1.0),
    ],
)
def test_the_gap_is_the_longest_pause_that_reaches_into_the_window(begin, end, expected):
    assert gap([4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 15.0, 17.0], begin, end, 30.0) == expected


def test_no_success_has_no_gap():
    assert gap([], 0.0, 1.0, 1.0) is None


def test_what_counts_as_failed():
    answers = {
        "fine": call(1.0),
        "conflict": call(2.0, status=409),
        "slow down": call(3.0, status=429),
        "broken": call(4.0, status=503),
        "late": call(10.0, seconds=5.1),
        "reset": call(11.0, status=0, reason="connection lost: ClientOSError"),
    }
    assert {name for name, each in answers.items() if reports.is_failed(each)} == {"broken", "late", "reset"}


def test_a_report_counts_by_kind_and_by_mark():
    records = [Begun(0.0, 0.0, "run", ("http://shop",), 10.0, 1, "all")]
    records += [call(1.0), call(2.0), call(3.0, "cart")]
    records += [Mark(3.5, 3.5, "zone b killed"), call(4.0, status=503), call(9.0), call(9.5, "checkout")]
    records += [Sent("open", 1, 9.6, 9.6, 1, "p1.b1", "p1.g1", "add", "RED", 1)]
    found = reports.of(records)
    assert found["failed"] == 1
    writes = found["kinds"]["cart_writes"]
    assert (writes["ok"], writes["unknown"], writes["failed"], writes["usual_gap_s"]) == (3, 2, 1, 1.0)
    (mark,) = found["marks"]
    assert mark["kinds"]["cart_writes"] == {"gap_s": 7.0, "failed": 1}
    assert mark["kinds"]["account_writes"] == {"gap_s": None, "failed": 0}
    (failure,) = found["failures"]
    assert failure["reason"] == "status 503"
    assert failure["url"] == "http://shop"
    assert "zone b killed" in reports.text(found)

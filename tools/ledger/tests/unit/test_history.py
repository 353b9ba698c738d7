"""The history outlives its writer."""

import pytest

from myclothes_ledger.checking.stories import tell
from myclothes_ledger.crowd import Crowd
from myclothes_ledger.history import (
    NAME,
    Begun,
    Call,
    Ended,
    History,
    HistoryError,
    Mark,
    Saw,
    Sent,
    has_ended,
    mark,
    read,
)

SENT = Sent("op1", 1, 1.0, 1.0, 7, "p7.b1", "p7.g1", "add", "RED", 2)
CALL = Call("op1", 1, 1.0, 1.5, 1.5, 7, "p7.b1", "p7.g1", "add", 200, "ok", "", Saw(version=3, lines={"RED": 2}))


def test_what_was_written_is_read(tmp_path):
    with History(tmp_path) as history:
        history.write(SENT)
        history.write(CALL)
    mark(tmp_path, "zone b killed")
    *written, last = read(tmp_path)
    assert written == [SENT, CALL]
    assert isinstance(last, Mark)
    assert last.text == "zone b killed"


def test_a_torn_last_line_is_repaired_and_its_operation_unknown(tmp_path):
    with History(tmp_path) as history:
        history.write(SENT)
        history.write(CALL)
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:-9])
    assert list(read(tmp_path)) == [SENT]
    with History(tmp_path) as history:
        assert history.repair() > 0
        assert history.repair() == 0
        history.write(Mark(2.0, 2.0, "again"))
    assert list(read(tmp_path)) == [SENT, Mark(2.0, 2.0, "again")]
    (operation,) = tell(read(tmp_path)).stories[7].operations.values()
    assert operation.outcome == "unknown"


def test_a_damaged_line_is_named(tmp_path):
    with History(tmp_path) as history:
        history.write(SENT)
    path = tmp_path / NAME
    path.write_bytes(b'["call",1]\n' + path.read_bytes())
    with pytest.raises(HistoryError, match="line 1"):
        list(read(tmp_path))


def test_a_history_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(HistoryError, match="there is no history"):
        list(read(tmp_path))
    with pytest.raises(HistoryError, match="start `run` first"):
        mark(tmp_path, "nothing")


def test_shoppers_are_the_same_after_a_restart():
    def call(kind, outcome="ok", browser="p7.b1", cookies=None, **saw):
        return Call("op", 1, 1.0, 2.0, 2.0, 7, browser, "", kind, 200, outcome, "", Saw(**saw), cookies)

    crowd = Crowd("run", 1, None)
    crowd.saw(call("product", cookies={"myclothes": "first"}))
    crowd.saw(call("add", version=3, lines={"RED": 2}, cookies={"myclothes": "second"}))
    crowd.saw(call("register", account="1", cookies={"myclothes": "third"}))
    crowd.saw(call("product", browser="p7.b2", cookies={"myclothes": "laptop"}))
    person = crowd.saw(call("logout", "unknown", browser="p7.b2"))
    (browser,) = person.browsers
    assert (browser.name, browser.cart, browser.cookies) == ("p7.b1", "p7.a", {"myclothes": "third"})
    assert browser.lines == {"RED": 2}
    assert person.has_account
    assert person.email == "run.7@ledger.example.com"
    assert person.open_browser().name == "p7.b3"


def test_a_run_has_ended_until_it_goes_on(tmp_path):
    begun, ended = Begun(1.0, 1.0, "run", ("http://shop",), 10.0, 1, "carts"), Ended(2.0, 2.0, 0.0)
    assert not has_ended(tmp_path)
    seen = []
    with History(tmp_path) as history:
        for record in (begun, SENT, ended, begun, CALL, ended):
            history.write(record)
            seen.append(has_ended(tmp_path))
    mark(tmp_path, "afterwards")
    assert seen == [False, False, True, False, False, True]
    assert has_ended(tmp_path)

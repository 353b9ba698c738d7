import io
import json

from myclothes_devshop.console import Console, Tail, render


def entry(**fields):
    return json.dumps({"timestamp": "2026-01-02T03:04:05.678Z", "level": "info", "service": "cart", **fields})


def test_an_event_becomes_one_short_line():
    assert render(entry(event="store_primary", epoch=3)) == ("03:04:05 store_primary epoch=3", "info")


def test_a_request_is_shown_by_method_path_status_and_time():
    line = entry(event="request", method="GET", path="/cart", status=200, ms=1.5, request_id="r")
    assert render(line) == ("03:04:05 GET /cart 200 1.5 ms", "info")


def test_access_to_health_checks_is_not_shown():
    assert render(entry(event="request", method="GET", path="/readyz", status=200, ms=0.1)) is None
    assert render(entry(event="request", method="GET", path="/cart", status=200, ms=0.1)) is not None


def test_a_warning_is_named():
    assert render(entry(event="slow", level="warning")) == ("03:04:05 warning slow", "warning")


def test_an_exception_is_shown_below():
    text, _ = render(entry(event="failed", level="error", exception=[{"exc_type": "ValueError", "exc_value": "bad"}]))
    assert text.splitlines() == ["03:04:05 error failed", "ValueError: bad"]


def test_what_is_not_json_stays_as_it_is():
    assert render("Traceback (most recent call last):") == ("Traceback (most recent call last):", "info")
    assert render("17") == ("17", "info")


def test_lines_are_prefixed_and_not_coloured_in_a_file():
    out = io.StringIO()
    Console(out).log("cart", "hello")
    assert out.getvalue() == "cart      | hello\n"


def test_a_tail_waits_for_the_end_of_a_line(tmp_path):
    out, path = io.StringIO(), tmp_path / "cart.log"
    tail = Tail("cart", path, Console(out))
    tail.show_new()
    path.write_text("one\ntw")
    tail.show_new()
    assert out.getvalue() == "cart      | one\n"
    with path.open("a") as log:
        log.write("o\n")
    tail.show_new()
    assert out.getvalue() == "cart      | one\ncart      | two\n"


def test_a_reader_that_went_away_is_noticed():
    class Closed(io.StringIO):
        def write(self, _text):
            raise BrokenPipeError

    console = Console(Closed())
    console.say("hello")
    assert console.broken

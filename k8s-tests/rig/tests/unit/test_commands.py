"""Other programs' failures reach the operator with what they said."""

import pytest

from myclothes_rig.commands import TAIL_LINES, run, succeeds, tail
from myclothes_rig.errors import CommandError, TimeLimitError
from myclothes_rig.waiting import wait_for


def test_output_is_returned() -> None:
    assert run(["cat"], stdin="hello") == "hello"


def test_a_failure_carries_the_end_of_the_output() -> None:
    with pytest.raises(CommandError, match=r"exit code 3: sh(.|\n)*reason"):
        run(["sh", "-c", "echo reason >&2; exit 3"])
    assert succeeds(["true"])
    assert not succeeds(["false"])


def test_a_missing_program_is_named() -> None:
    with pytest.raises(CommandError, match="no such program: not-a-program"):
        run(["not-a-program"])


def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(CommandError, match=r"not done within 0\.1 s"):
        run(["sleep", "60"], seconds=0.1)


def test_a_tail_is_the_last_lines() -> None:
    shown = tail("\n".join(str(number) for number in range(100))).split()
    assert shown == [str(number) for number in range(100 - TAIL_LINES, 100)]


def test_waiting_ends_with_the_diagnosis() -> None:
    wait_for("what is so already", lambda: True, seconds=0)
    with pytest.raises(TimeLimitError, match="not within 0 s: what never is\nthe log"):
        wait_for("what never is", lambda: False, seconds=0, diagnosis=lambda: "the log")

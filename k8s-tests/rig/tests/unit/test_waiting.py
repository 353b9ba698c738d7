"""What did not come in time is named, even when what is broken cannot be asked about it."""

import pytest

from myclothes_rig.errors import CommandError, TimeLimitError
from myclothes_rig.waiting import wait_for


def _no_answer() -> str:
    raise CommandError("kubectl logs: not done within 10 s")


def test_a_diagnosis_is_told() -> None:
    with pytest.raises(TimeLimitError, match="a pod\nit is Pending"):
        wait_for("a pod", lambda: False, seconds=0, diagnosis=lambda: "it is Pending")


def test_a_diagnosis_that_fails_hides_nothing() -> None:
    with pytest.raises(TimeLimitError, match="a pod\nno diagnosis: kubectl logs"):
        wait_for("a pod", lambda: False, seconds=0, diagnosis=_no_answer)

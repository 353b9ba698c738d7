"""A zone is quiet when all of its pods say so, and what they had answered before does not count."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from myclothes_cluster import quiet
from myclothes_cluster.quiet import Quiet
from myclothes_rig.errors import CommandError, TimeLimitError

GUARD_SECONDS = 60.0
PAGE = 'http_request_seconds_count{{method="GET",route="/livez"}} 900.0\nhttp_request_seconds_count{{route="/"}} {}.0\n'


class Pods:
    """Two pods of a zone; `answers` gives what each reading of either finds, the last one for ever."""

    def __init__(self, *answers: int | None) -> None:
        self._answers = {name: list(answers) for name in ("gateway-1", "cart-1")}
        self.reads = 0

    def by_zone(self, component: str) -> dict[str, list[Any]]:
        return {"zone-a": [SimpleNamespace(name=f"{component}-1")] if component in {"gateway", "cart"} else []}

    def run(self, pod: str, *_: str) -> str:
        self.reads += 1
        left = self._answers[pod]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if answer is None:
            raise CommandError("no answer")
        return PAGE.format(answer)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "COUNT_SECONDS", 0.01)
    monkeypatch.setattr(quiet, "QUIET_SECONDS", 0.1)


def test_what_was_answered_before_is_no_new_request() -> None:
    with Quiet(Pods(500), "zone-a") as requests:  # type: ignore[arg-type]
        assert requests.await_last(since=time.monotonic(), seconds=GUARD_SECONDS) <= 0


def test_the_last_request_is_the_last_growth() -> None:
    with Quiet(Pods(500, 500, 501, 502, 502), "zone-a") as requests:  # type: ignore[arg-type]
        entered = time.monotonic()
        last = requests.await_last(since=entered, seconds=GUARD_SECONDS)
        assert 0 < last < time.monotonic() - entered


def test_a_pod_that_does_not_answer_is_not_quiet() -> None:
    pods = Pods(500, None)
    with (
        Quiet(pods, "zone-a") as requests,  # type: ignore[arg-type]
        pytest.raises(TimeLimitError, match="no request any more"),
    ):
        requests.await_last(since=time.monotonic(), seconds=1.0)
    assert pods.reads > 4, "it was asked again"

"""When a node's CPU counts as saturated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from myclothes_kit import pressure
from myclothes_kit.http_client import Policy
from myclothes_kit.http_client.policy import patience
from myclothes_kit.valkey.commit import MOST_ACK_SECONDS, REPLY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Pass = Callable[[float, float], None]


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pass:
    """Lets seconds pass, in some of which something waits for a CPU."""
    now, waited = 1000.0, 7.5

    def let_pass(seconds: float, waiting: float) -> None:
        nonlocal now, waited
        now, waited = now + seconds, waited + waiting
        some = f"some avg10=0.00 avg60=0.00 avg300=0.00 total={waited * 1e6:.0f}\n"
        (tmp_path / "cpu").write_text(some + "full avg10=99.00 avg60=99.00 avg300=99.00 total=99999999999\n")

    monkeypatch.setattr(pressure, "CPU", tmp_path / "cpu")
    monkeypatch.setattr(pressure.time, "monotonic", lambda: now)
    let_pass(0.0, 0.0)
    return let_pass


def test_a_node_is_saturated_while_something_waits_all_the_time(passes: Pass) -> None:
    saturated = pressure.Saturation()
    assert not saturated
    passes(1.0, 0.5)
    assert not saturated
    passes(1.0, 0.95)
    assert saturated
    passes(0.5, 0.0)
    assert saturated, "a window that is not over says nothing"
    passes(0.5, 0.0)
    assert not saturated


def test_who_has_not_asked_for_long_is_told_of_the_whole_time(passes: Pass) -> None:
    saturated = pressure.Saturation()
    passes(60.0, 30.0)
    assert not saturated


@pytest.mark.parametrize("text", [None, "", "some avg10=0.00\n"])
def test_where_the_kernel_does_not_count_no_node_is_saturated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, passes: Pass, text: str | None
) -> None:
    saturated = pressure.Saturation()
    passes(2.0, 2.0)
    monkeypatch.setattr(pressure, "CPU", tmp_path / "absent")
    if text is not None:
        (tmp_path / "absent").write_text(text)
    assert pressure.waited() is None
    assert not saturated
    assert not pressure.Saturation()


def test_this_kernel_counts() -> None:
    if not pressure.CPU.exists():  # nothing to be read, and the product then takes no node for saturated: see above
        pytest.skip("this kernel counts no pressure")
    before, after = pressure.waited(), pressure.waited()
    assert before is not None
    assert after is not None
    assert 0 <= before <= after


@pytest.mark.parametrize(("saturated", "waits"), [(False, [1.0, 2.0, 4.0]), (True, [3.0, 6.0, 12.0])])
def test_a_saturated_node_waits_longer_before_it_asks_again(
    monkeypatch: pytest.MonkeyPatch, *, saturated: bool, waits: list[float]
) -> None:
    monkeypatch.setattr(pressure, "saturated", saturated)
    assert [patience(Policy(read_seconds=1.0), repeats) for repeats in range(3)] == waits


def test_however_busy_a_node_is_a_replaced_primary_is_noticed() -> None:
    missed_by_sentinels = 1.0
    assert missed_by_sentinels > MOST_ACK_SECONDS + REPLY_SECONDS

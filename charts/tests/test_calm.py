"""When a store's pod may stop: not while its node is busy, but for ever neither."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import calm
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Node:
    """A node's clock, and what its kernel has counted: for each window the share in which something waited."""

    def __init__(self, pressure: Path, shares: Iterator[float]) -> None:
        self.now = 1000.0
        self._pressure, self._shares, self._waited = pressure, shares, 7.5
        self._write()

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self._waited += next(self._shares) * seconds
        self._write()

    def _write(self) -> None:
        some = f"some avg10=0.00 avg60=0.00 avg300=0.00 total={self._waited * 1e6:.0f}\n"
        self._pressure.write_text(some + "full avg10=99.00 avg60=99.00 avg300=99.00 total=99999999999\n")


def _stop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *shares: float) -> tuple[str, float]:
    node = Node(tmp_path / "cpu", iter(shares))
    monkeypatch.setattr(calm, "PRESSURE", tmp_path / "cpu")
    monkeypatch.setattr(calm.time, "sleep", node.sleep)
    monkeypatch.setattr(calm.time, "monotonic", lambda: node.now)
    return calm.await_calm(), node.now - 1000.0


@pytest.mark.parametrize(
    ("shares", "seconds"), [((0.1,), 5.0), ((0.9, 0.6, 0.4), 15.0), ((1.0,) * 8, 40.0)], ids=["calm", "busy", "always"]
)
def test_a_stop_waits_for_a_calm_window_but_no_longer_than_it_may(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shares: tuple[float, ...], seconds: float
) -> None:
    said, waited = _stop(monkeypatch, tmp_path, *shares)
    assert waited == seconds
    assert said == ("busy for as long as a stop waits" if shares[-1] == 1.0 else f"calm after {seconds:.0f} s")


@pytest.mark.parametrize("text", [None, "", "some avg10=0.00\n"])
def test_where_the_kernel_does_not_count_nothing_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    monkeypatch.setattr(calm, "PRESSURE", tmp_path / "cpu")
    monkeypatch.setattr(calm.time, "sleep", lambda _: pytest.fail("it waited"))
    if text is not None:
        (tmp_path / "cpu").write_text(text)
    assert calm.await_calm() == "no pressure to be read"


def test_this_kernel_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    if not calm.PRESSURE.exists():
        pytest.skip("this kernel counts no pressure")
    monkeypatch.setattr(calm, "WINDOW_SECONDS", 0.1)
    monkeypatch.setattr(calm, "CALM_SECONDS", 0.3)
    counted = [calm._waited() for _ in range(3)]
    assert all(a is not None and b is not None and 0 <= a <= b for a, b in pairwise(counted))
    assert calm.await_calm().startswith(("calm after", "busy"))

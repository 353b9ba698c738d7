"""When a service starts: not while its node is busy, but for ever neither."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import chain, repeat
from typing import TYPE_CHECKING

import pytest

from myclothes_kit import pressure, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEGUN_SECONDS = 20.0


class Node:
    """A node's clock, and what its kernel has counted: for each window the share in which something waited."""

    def __init__(self, pressure: Path, shares: Iterator[float]) -> None:
        self.now, self.windows = 1000.0, list[float]()
        self._pressure, self._shares, self._waited = pressure, shares, 7.5
        self._write()

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.windows.append(seconds)
        self._waited += next(self._shares) * seconds
        self._write()

    def _write(self) -> None:
        some = f"some avg10=0.00 avg60=0.00 avg300=0.00 total={self._waited * 1e6:.0f}\n"
        self._pressure.write_text(some + "full avg10=99.00 avg60=99.00 avg300=99.00 total=99999999999\n")


def _node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shares: Iterator[float]) -> Node:
    node = Node(tmp_path / "cpu", shares)
    monkeypatch.setattr(pressure, "CPU", tmp_path / "cpu")
    monkeypatch.setattr(start.time, "sleep", node.sleep)
    monkeypatch.setattr(start.time, "monotonic", lambda: node.now)
    return node


@pytest.mark.parametrize("busy", [0, 1, 3])
def test_a_start_waits_for_a_calm_window(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, busy: int) -> None:
    node = _node(monkeypatch, tmp_path, chain(repeat(0.6, busy), repeat(0.4)))
    assert start.await_calm() == node.now - 1000.0
    assert len(node.windows) == busy + 1


def test_starts_that_came_together_are_not_patient_for_the_same_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _node(monkeypatch, tmp_path, repeat(1.0))
    waits = [start.await_calm() for _ in range(20)]
    least, most = start.PATIENCE_SECONDS
    assert all(least <= wait <= most + start.WINDOW_SECONDS[1] for wait in waits)
    assert max(waits) - min(waits) > 0.5


@pytest.mark.parametrize("text", [None, "", "some avg10=0.00\n"])
def test_where_the_kernel_does_not_count_nothing_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    monkeypatch.setattr(pressure, "CPU", tmp_path / "cpu")
    monkeypatch.setattr(start.time, "sleep", lambda _: pytest.fail("it waited"))
    if text is not None:
        (tmp_path / "cpu").write_text(text)
    assert start.await_calm() == 0.0


def test_it_becomes_the_module_that_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "__init__.py").touch()
    (tmp_path / "shown" / "__main__.py").write_text("import os, sys\nprint(__name__, sys.argv[1:], os.getpid())")
    told = [sys.executable, "-m", "myclothes_kit.start", "shown", "serve", "--well"]
    with subprocess.Popen(told, env=os.environ | {"PYTHONPATH": str(tmp_path)}, stdout=subprocess.PIPE) as process:
        said, _ = process.communicate(timeout=BEGUN_SECONDS)
    assert process.returncode == 0
    assert said.decode().strip() == f"__main__ ['serve', '--well'] {process.pid}"


def test_it_stops_when_told_so_before_the_service_is_there(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text("import time\nprint('begun', flush=True)\ntime.sleep(60)")
    told = [sys.executable, "-m", "myclothes_kit.start", "endless"]
    with subprocess.Popen(told, env=os.environ | {"PYTHONPATH": str(tmp_path)}, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(BEGUN_SECONDS) == 0

"""A program is recognised again, and another's process is never taken for it."""

import os
from pathlib import Path

from myclothes_rig.processes import Daemon, children, started, stopped
from myclothes_rig.waiting import wait_for


def test_a_daemon_runs_until_it_is_killed(tmp_path: Path) -> None:
    daemon = Daemon("sleeper", tmp_path)
    assert daemon.pid() is None
    daemon.start("sh", "-c", "echo here; exec sleep 600")
    assert daemon.pid() is not None
    wait_for("its first line", lambda: daemon.log.read_text() == "here\n", seconds=10)
    assert "here" in daemon.last_lines()
    assert Daemon("sleeper", tmp_path).pid() == daemon.pid()
    daemon.kill()
    assert daemon.pid() is None
    daemon.kill()


def test_a_process_with_the_same_number_is_another(tmp_path: Path) -> None:
    daemon = Daemon("gone", tmp_path)
    daemon.identity.write_text(f"{os.getpid()} {started(os.getpid()) + 1}")
    assert daemon.pid() is None
    daemon.identity.write_text(f"{os.getpid()} {started(os.getpid())}")  # the control
    assert daemon.pid() == os.getpid()


def test_processes_are_looked_up() -> None:
    assert os.getpid() in children(os.getppid())
    assert not stopped(os.getpid())

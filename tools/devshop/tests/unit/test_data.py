import os
import subprocess
import sys

import pytest

from myclothes_devshop.data import DataFolder, LaunchError, digest


def test_one_shop_at_a_time(tmp_path):
    with DataFolder(tmp_path / "data") as data:
        with pytest.raises(LaunchError, match=f"process {os.getpid()}"), DataFolder(tmp_path / "data"):
            pass
        with DataFolder(tmp_path / "other"):
            assert data.logs.is_dir()
    with DataFolder(tmp_path / "data"):
        pass


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LaunchError, match="--data"), DataFolder(tmp_path / "file" / "data"):
        pass


def test_keys_are_made_once_and_private(tmp_path):
    with DataFolder(tmp_path) as data:
        keys = data.signing_keys()
        first = keys.read_text()
        assert len(first.strip()) >= 32
        assert keys.stat().st_mode & 0o077 == 0
        assert data.signing_keys().read_text() == first


def test_processes_that_still_work_in_the_folder_are_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("myclothes_devshop.data.LEFTOVER_SECONDS", 0.2)
    folder = tmp_path / "single" / "valkey"
    folder.mkdir(parents=True)
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, cwd=folder)
    try:
        with pytest.raises(LaunchError, match=str(child.pid)), DataFolder(tmp_path):
            pass
    finally:
        child.communicate()
    with DataFolder(tmp_path):
        pass


def test_catalogues_are_told_apart_by_content(tmp_path):
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    one.write_text("Handle\n")
    same.write_text("Handle\n")
    other.write_text("Title\n")
    assert digest(one) == digest(same) != digest(other)
    assert digest(None) == "sample"

"""A machine without Go gets the release that is named, checked, and can run it."""

from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest

from myclothes_rig import go
from myclothes_rig.errors import PreparationError
from myclothes_rig.layout import Layout

# as golang.org/x/mod/sumdb/dirhash gives it for the two files below
CHECKSUM = "h1:xyjR1tzJ+h1/iFDeZFLYSKUUEexN6bvUDuxI0OoOSGc="


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "go.zip"
    with ZipFile(path, "w") as opened:
        program = ZipInfo("golang.org/toolchain@v1/bin/go")
        program.external_attr = 0o100755 << 16
        opened.writestr(program, "#!/bin/sh\necho go1.26.8\n")
        opened.writestr("golang.org/toolchain@v1/src/_go.mod", "module std\n")
    return path


def test_a_fetched_go_runs_and_has_its_modules_names_back(archive: Path, tmp_path: Path) -> None:
    go.unpack(archive, tmp_path / "go", CHECKSUM)
    assert go.version(tmp_path / "go" / "bin" / "go") == "go1.26.8"
    assert (tmp_path / "go" / "src" / "go.mod").read_text() == "module std\n"


def test_another_content_is_refused(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match="not what it should be"):
        go.unpack(archive, tmp_path / "go", go.CHECKSUM)
    assert not (tmp_path / "go").exists()


def test_what_to_do_is_said_when_it_cannot_be_fetched(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(go.PROXY_VARIABLE, "http://127.0.0.1:9,direct")
    with pytest.raises(PreparationError, match=r"https://go.dev/dl/"):
        go.command(Layout(tmp_path / "cache"))
    assert not list((tmp_path / "cache").rglob("go-*"))

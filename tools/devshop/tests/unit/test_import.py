"""Which catalogue a start imports, and how."""

import pytest

from myclothes_devshop import launcher
from myclothes_devshop.console import Console
from myclothes_devshop.data import DataFolder


@pytest.fixture
def start(tmp_path, monkeypatch):
    """A start's import: the importer's arguments, None for no import. It is answered with `code`."""
    answers, ran = [], []

    def finish(_name, command, *_more):
        ran.append(command[2:])
        return answers[-1], "its last words"

    monkeypatch.setattr(launcher, "_finish", finish)

    with DataFolder(tmp_path / "data") as data:
        data.mark("single", "imported").parent.mkdir()

        def run(feed=None, code=0):
            answers.append(code)
            ran.clear()
            launcher._import(None, feed, data, Console(), "single")
            return ran[0] if ran else None

        yield run


@pytest.fixture
def feed(tmp_path):
    path = tmp_path / "feed.csv"
    path.write_text("Handle\n")
    return path


def test_a_catalogue_is_imported_once(start, feed):
    assert start() == ["--withdraw-missing", "--set-stock", "--sample"]
    assert start() is None
    assert start(feed) == ["--withdraw-missing", "--set-stock", str(feed)]
    assert start(feed) is None


def test_going_back_to_a_catalogue_leaves_its_stock_as_it_was_sold(start, feed):
    start()
    start(feed)
    assert start() == ["--withdraw-missing", "--sample"]
    assert start(feed) == ["--withdraw-missing", str(feed)]
    feed.write_text("Title\n")
    assert start(feed) == ["--withdraw-missing", "--set-stock", str(feed)]


def test_a_catalogue_with_bad_rows_is_imported_again_and_so_is_what_it_was_mixed_with(start, feed):
    start()
    assert start(feed, launcher.BAD_ROWS) == ["--withdraw-missing", "--set-stock", str(feed)]
    assert start(feed, launcher.BAD_ROWS) == ["--withdraw-missing", str(feed)]
    assert start() == ["--withdraw-missing", "--sample"]


def test_an_import_that_fails_ends_the_start_and_is_made_again(start):
    with pytest.raises(launcher.LaunchError, match="its last words"):
        start(code=2)
    assert start() == ["--withdraw-missing", "--set-stock", "--sample"]

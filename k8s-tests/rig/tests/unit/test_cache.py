"""Keys follow content, and only a finished product is found."""

from pathlib import Path

import pytest

from myclothes_rig import cache


def test_a_key_follows_names_and_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    first = cache.key_of("x", tmp_path)
    assert cache.key_of("x", tmp_path) == first
    (tmp_path / "a").write_text("two")
    second = cache.key_of("x", tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    third = cache.key_of("x", tmp_path)
    assert len({first, second, third, cache.key_of("y", tmp_path)}) == 4


def test_parts_do_not_run_into_each_other() -> None:
    assert cache.key_of("ab", "c") != cache.key_of("a", "bc")


def test_a_product_is_made_once(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "product"
    calls = []

    def build(path: Path) -> None:
        calls.append(path)
        path.write_text("done")

    assert cache.make(target, build).path == target
    assert cache.make(target, build).seconds == 0.0
    assert len(calls) == 1
    assert target.read_text() == "done"


def test_an_interrupted_build_leaves_nothing(tmp_path: Path) -> None:
    def build(path: Path) -> None:
        path.mkdir()
        (path / "half").touch()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cache.make(tmp_path / "product", build)
    assert list(tmp_path.iterdir()) == []
    cache.make(tmp_path / "product", lambda path: path.touch())  # the control: the next attempt succeeds
    assert (tmp_path / "product").exists()

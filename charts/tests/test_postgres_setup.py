"""In which order the job that sets Postgres up does its work."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

import pytest
from postgresnode.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The job's module; its driver is the image's."""
    driver = ModuleType("psycopg2")
    driver.sql = MagicMock()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "psycopg2", driver)
    monkeypatch.delitem(sys.modules, "postgresnode.setup", raising=False)
    from postgresnode import setup

    yield setup
    sys.modules.pop("postgresnode.setup")


def test_commits_begin_when_patroni_knows_what_they_wait_for(
    setup: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []
    monkeypatch.setattr(setup, "configure", lambda _settings: done.append("settings"))
    monkeypatch.setattr(setup, "make", lambda _cursor, owner, *_: done.append(owner))
    monkeypatch.setattr(setup, "connect", lambda *_: MagicMock())
    for name in ("users-username", "users-password"):
        (tmp_path / name).write_text("x")
    setup.run(Settings("pg", "shop", "pg-0", "10.0.0.1", {}, ("pg-0",), {}, tmp_path, ("users",)))
    assert done == ["settings", "users"]

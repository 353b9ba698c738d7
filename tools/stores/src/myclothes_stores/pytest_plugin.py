"""The entry point through which every package's tests see the fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_stores import fixtures

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Registers the fixtures after all plugins.

    The Valkey wheel brings fixtures of the same names for a server with other settings; the last ones win.
    """
    config.pluginmanager.register(fixtures, "myclothes_stores_fixtures")

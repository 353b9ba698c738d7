"""What all tests of the kit have in common."""

from __future__ import annotations

import pytest

from myclothes_kit import pressure


@pytest.fixture(autouse=True)
def _on_a_calm_node(monkeypatch):
    """The tests' machine may be as busy as it likes."""
    monkeypatch.setattr(pressure, "saturated", False)

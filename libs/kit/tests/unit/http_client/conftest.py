"""Everything on both loops: services run on uvloop, whose transports are not asyncio's."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from myclothes_kit import pressure


def pytest_asyncio_loop_factories():
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def _on_a_calm_node(monkeypatch):
    """The tests' machine may be as busy as it likes."""
    monkeypatch.setattr(pressure, "saturated", False)

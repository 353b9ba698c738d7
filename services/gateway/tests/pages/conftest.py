"""Requests for pages, without a gateway."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from starlette.requests import Request

from myclothes_gateway.app import STATIC
from myclothes_gateway.assets import Assets
from myclothes_gateway.services import Services
from myclothes_gateway.sessions import Session
from myclothes_gateway.sessions.session import SCOPE_KEY


@pytest.fixture
def request_of():
    """Makes requests: `request_of("/search", "q=tee", catalogue=...)`, with services of the test's own."""

    def make(path, query="", **services):
        others = dict.fromkeys(("basket", "catalogue", "accounts", "orders"))
        settings = SimpleNamespace(picture_origins=())
        return Request(
            {
                "type": "http",
                "method": "GET",
                "scheme": "http",
                "server": ("shop.example", 80),
                "path": path,
                "query_string": query.encode(),
                "headers": [],
                "state": {"services": Services(settings, Assets(STATIC), **{**others, **services})},
                SCOPE_KEY: Session(),
            }
        )

    return make

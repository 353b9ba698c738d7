"""Calls of Patroni's HTTP API."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any

from postgresnode.settings import RESTAPI_PORT, RESTAPI_USER

CALL_SECONDS = 3.0


def call(
    host: str, path: str, *, method: str = "GET", body: object = None, password: str = "", seconds: float = CALL_SECONDS
) -> Any:
    """The answer's JSON, or its text where it is none. Raises OSError, also for a refusal."""
    request = urllib.request.Request(
        f"http://{host}:{RESTAPI_PORT}{path}", method=method, data=None if body is None else json.dumps(body).encode()
    )
    request.add_header("Content-Type", "application/json")
    if password:
        token = base64.b64encode(f"{RESTAPI_USER}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 - always http
        text = answer.read().decode()
    try:
        return json.loads(text)
    except ValueError:
        return text

"""The OpenAPI document is up to date, and the gateway keeps what it says."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "openapi.json"
SETTINGS = Path(__file__).with_name("schemathesis.toml")
SECONDS = 240
ENDING = ("register", "logIn", "logOut", "deleteAccount")


def test_the_document_is_up_to_date():
    command = [sys.executable, "-m", "myclothes_gateway", "openapi"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    assert DOCUMENT.read_text() == printed, "run: python -m myclothes_gateway openapi > openapi.json"


async def test_the_document_is_served_and_can_be_read(rig, shopper):
    ann = shopper()
    served = await ann.call("GET", "/openapi.json", expect=200)
    assert served["openapi"].startswith("3.1")
    assert served["paths"] == json.loads(DOCUMENT.read_text())["paths"]
    async with ann.http.get("/api/v1/") as answer:
        page = await answer.text()
    for call in (call for path in served["paths"].values() for call in path.values()):
        assert f'id="{call["operationId"]}"' in page
    assert "take an <code>Idempotency-Key</code>" in page
    async with ann.http.put("/api/v1/cart") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("choice", ["--exclude-operation-id", "--include-operation-id"])
async def test_schemathesis_finds_nothing(rig, shopper, tmp_path, choice):
    """Calls that end the session have a run of their own, so that the others are logged in."""
    ann = shopper()
    await ann.register()
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        *("--config-file", SETTINGS, "run", DOCUMENT, "--url", rig.gateway.url),
        *(argument for name in ENDING for argument in (choice, name)),
        env={**os.environ, "SESSION": ann.cookie},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SECONDS):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-6000:]

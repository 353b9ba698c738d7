"""The OpenAPI document is up to date, names every route, and the service keeps what it says."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from myclothes_users import openapi
from myclothes_users.handlers import ROUTES

from .conftest import serving, settings_for

DOCUMENT = Path(__file__).parents[2] / "openapi.json"
SETTINGS = Path(__file__).with_name("schemathesis.toml")
SECONDS = 360


def test_the_document_is_up_to_date():
    assert DOCUMENT.read_text() == openapi.text(), "run: python -m myclothes_users.openapi > openapi.json"


def test_the_document_names_every_route():
    routes = {(method.lower(), route.path) for route in ROUTES for method in route.methods - {"HEAD"}}
    assert routes == set(openapi.CALLS)
    names = [call["operationId"] for path in json.loads(openapi.text())["paths"].values() for call in path.values()]
    assert len(set(names)) == len(names)


@pytest.mark.timeout(SECONDS + 40)
async def test_schemathesis_finds_nothing(users_database, tmp_path):
    async with serving(settings_for(users_database, hash_queue=1000)) as call:
        command = ["schemathesis", "--config-file", SETTINGS, "run", DOCUMENT, "--url", str(call.session._base_url)]
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name(command[0]),
            *command[1:],
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-6000:]

"""The OpenAPI document is up to date, names every route, and the service keeps what it says."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from myclothes_cart import openapi
from myclothes_cart.handlers import ROUTES

DOCUMENT = Path(__file__).parents[2] / "openapi.json"
SECONDS = 150


def test_the_document_is_up_to_date():
    assert DOCUMENT.read_text() == openapi.text(), "run: python -m myclothes_cart.openapi > openapi.json"


def test_the_document_names_every_route():
    routes = {(method.lower(), route.path) for route in ROUTES for method in route.methods - {"HEAD"}}
    assert routes == set(openapi.CALLS)
    names = [call["operationId"] for path in json.loads(openapi.text())["paths"].values() for call in path.values()]
    assert len(set(names)) == len(names)


async def test_schemathesis_finds_nothing(base, tmp_path):
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        *("--config-file", str(Path(__file__).with_name("schemathesis.toml")), "run", str(DOCUMENT), "--url", base),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SECONDS):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-6000:]

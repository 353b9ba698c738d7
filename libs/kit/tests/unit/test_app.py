"""The layer around every service's routes, through a real server on a socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Annotated

import aiohttp
import msgspec
import pytest
from starlette.responses import StreamingResponse
from starlette.routing import Route

from myclothes_kit import app as kit_app
from myclothes_kit import bodies
from myclothes_kit.health import Readiness
from myclothes_kit.problems import Conflict
from myclothes_kit.settings import ServiceSettings

SERVER = """
import contextlib, sys
sys.path.insert(0, {here!r})
from test_app import build
from myclothes_kit import server
server.CONNECTION_SECONDS = float(sys.argv[2])
settings, readiness, app = build(int(sys.argv[1]))
server.run(app, settings, readiness)
"""
START_LIMIT_SECONDS = 20
DRAIN_LIMIT_SECONDS = 10
DRAIN_SECONDS = 2.0
SLOW_SECONDS = DRAIN_SECONDS + 1.0


class Order(msgspec.Struct, forbid_unknown_fields=True):
    sku: Annotated[str, msgspec.Meta(min_length=1, pattern=r"^[a-z]+$")]
    quantity: int


class Page(msgspec.Struct, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 10
    sku: list[str] = msgspec.field(default_factory=list)


def build(port=8000):
    settings = ServiceSettings(port=port, body_seconds=0.5, drain_seconds=DRAIN_SECONDS, max_body_bytes=2048)
    readiness = Readiness()

    async def echo(request):
        return bodies.json(await bodies.read(request, Order), 201)

    async def page(request):
        return bodies.json(bodies.query(request, Page))

    async def conflict(_request):
        raise Conflict("It changed.", retry_after=0.2, version=7)

    async def broken(_request):
        raise RuntimeError("a secret")

    async def slow(_request):
        async def parts():
            yield b"begun, "
            await asyncio.sleep(SLOW_SECONDS)
            yield b"done"

        return StreamingResponse(parts())

    @contextlib.asynccontextmanager
    async def lifespan(_app):
        yield {}

    routes = [
        Route("/orders", echo, methods=["POST"]),
        Route("/page", page),
        Route("/conflict", conflict),
        Route("/broken", broken),
        Route("/slow", slow),
    ]
    return settings, readiness, kit_app.create(settings, routes, readiness=readiness, lifespan=lifespan)


@contextlib.contextmanager
def running(port, connection_seconds=60.0):
    command = [sys.executable, "-c", SERVER.format(here=str(Path(__file__).parent)), str(port), str(connection_seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(url + "/readyz", timeout=1):  # noqa: S310 - our own server
            break
        assert time.monotonic() < deadline, process.communicate()
        time.sleep(0.05)
    try:
        yield process, url
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def server(unused_tcp_port_factory):
    with running(unused_tcp_port_factory()) as started:
        yield started


@pytest.fixture
async def client(server):
    async with aiohttp.ClientSession(server[1]) as session:
        yield session


async def test_a_typed_body_is_read_and_answered(client):
    async with client.post("/orders", json={"sku": "abc", "quantity": 2}) as answer:
        assert answer.status == 201
        assert await answer.json() == {"sku": "abc", "quantity": 2}
        assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("kwargs", "status", "code", "field"),
    [
        ({"data": b"x=1", "headers": {"content-type": "text/plain"}}, 415, "unsupported_media_type", None),
        ({"data": b"{", "headers": {"content-type": "application/json"}}, 400, "bad_request", None),
        ({"data": b'{"sku":"\xff"}', "headers": {"content-type": "application/json"}}, 400, "bad_request", None),
        ({"json": {"sku": "abc"}}, 422, "invalid", "quantity"),
        ({"json": {"sku": "ABC", "quantity": 1}}, 422, "invalid", "sku"),
        ({"json": {"sku": "abc", "quantity": 1, "price": 0}}, 422, "invalid", "price"),
        ({"json": {"sku": "a" * 4000, "quantity": 1}}, 413, "payload_too_large", None),
    ],
)
async def test_a_wrong_body_is_refused_by_name(client, kwargs, status, code, field):
    async with client.post("/orders", **kwargs) as answer:
        assert answer.status == status
        assert answer.content_type == "application/problem+json"
        problem = await answer.json(content_type=None)
    assert problem["code"] == code
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert [error["field"] for error in problem["errors"]] == ([field] if field else [])


async def test_a_chunked_body_is_bounded_too(client):
    async def chunks():
        for _ in range(8):
            yield b"a" * 1000

    async with client.post("/orders", data=chunks(), headers={"content-type": "application/json"}) as answer:
        assert answer.status == 413


async def test_a_body_that_never_ends_is_answered_with_408(client):
    async def stuck():
        yield b"{"
        await asyncio.sleep(5)

    async with client.post("/orders", data=stuck(), headers={"content-type": "application/json"}) as answer:
        assert answer.status == 408


@pytest.mark.parametrize("earlier", [0, 1])
async def test_headers_that_never_end_close_the_connection(server, earlier):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server[1].rpartition(":")[2]))
    async with asyncio.timeout(10):
        for _ in range(earlier):
            writer.write(b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")
        writer.write(b"GET /page HTTP/1.1\r\nHost: x\r\n")
        assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize(
    ("query", "field"), [("limit=0", "limit"), ("limit=x", "limit"), ("nope=1", "nope"), ("limit=1&limit=2", "limit")]
)
async def test_a_wrong_parameter_is_refused_by_name(client, query, field):
    async with client.get(f"/page?{query}") as answer:
        assert answer.status == 422
        assert (await answer.json(content_type=None))["errors"][0]["field"] == field


async def test_parameters_are_typed_and_lists_repeat(client):
    async with client.get("/page?limit=5&sku=a&sku=b") as answer:
        assert await answer.json() == {"limit": 5, "sku": ["a", "b"]}


async def test_a_problem_carries_its_members(client):
    async with client.get("/conflict", headers={"X-Request-Id": "abc-1"}) as answer:
        assert answer.status == 409
        assert answer.headers["retry-after"] == "1"
        problem = await answer.json(content_type=None)
    assert (problem["version"], problem["detail"], problem["request_id"]) == (7, "It changed.", "abc-1")


async def test_an_exceptions_text_stays_inside(server, client):
    async with client.get("/broken") as answer:
        assert answer.status == 500
        assert "secret" not in await answer.text()


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/orders", 405)])
async def test_unknown_places_and_methods_are_problems(client, method, path, status):
    async with client.request(method, path) as answer:
        assert answer.status == status
        assert (await answer.json(content_type=None))["status"] == status


async def test_sigterm_drains_finishes_and_exits_with_zero(unused_tcp_port):
    with running(unused_tcp_port) as (process, url):
        await sigterm_drains(process, url)


async def readyz(client):
    async with client.get("/readyz") as answer:
        return answer.status, await answer.text(), answer.headers.get("connection")


async def sigterm_drains(process, url):
    async with aiohttp.ClientSession(url) as client, client.get("/slow") as slow:
        assert slow.status == 200
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DRAIN_LIMIT_SECONDS):
            while (readiness := await readyz(client))[0] == 200:  # noqa: ASYNC110 - polls a server
                await asyncio.sleep(0.01)
        assert readiness == (503, "draining", "close")
        assert await slow.text() == "begun, done"
    output, _ = await asyncio.to_thread(process.communicate, timeout=DRAIN_LIMIT_SECONDS)
    assert process.returncode == 0, output


@pytest.mark.parametrize(("life", "ends"), [(0.0, True), (60.0, False)])
async def test_an_old_connection_ends_with_its_next_answer(unused_tcp_port, life, ends):
    with running(unused_tcp_port, connection_seconds=life) as (_, url):
        async with aiohttp.ClientSession(url) as client, client.get("/page") as answer:
            assert answer.status == 200
            assert (answer.headers.get("connection") == "close") is ends


def test_settings_name_what_is_wrong(monkeypatch, capsys):
    from pydantic_settings import SettingsConfigDict

    from myclothes_kit import settings

    class Mine(settings.ServiceSettings):
        model_config = SettingsConfigDict(env_prefix="MINE_")

    monkeypatch.setenv("MINE_PORT", "many")
    monkeypatch.setenv("MINE_PROT", "1")
    with pytest.raises(SystemExit) as stop:
        settings.load(Mine)
    assert stop.value.code == 2
    complaint = capsys.readouterr().err
    assert "MINE_PORT: Input should be a valid integer" in complaint
    assert "MINE_PROT: unknown" in complaint
    monkeypatch.setenv("MINE_PORT", "81")
    monkeypatch.delenv("MINE_PROT")
    assert settings.load(Mine).port == 81


def test_problem_documents_are_json():
    assert json.loads(Conflict("x").response().body)["code"] == "conflict"


def test_a_log_line_carries_the_requests_id():
    code = """
import structlog
from myclothes_kit import logs, request_ids
logs.configure("test")
structlog.get_logger().info("before")
request_ids.current.set("r-1")
structlog.get_logger().info("during")
"""
    lines = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.splitlines()
    before, during = map(json.loads, lines)
    assert "request_id" not in before
    assert (during["event"], during["request_id"], during["service"]) == ("during", "r-1", "test")

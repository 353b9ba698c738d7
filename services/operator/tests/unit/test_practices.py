"""Practice's part in a round, and what Alertmanager has to say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from practising import practice
from simulation import shift, world

from myclothes_operator.errors import FailedError, RefusedError
from myclothes_operator.executor import SEEN_SECONDS
from myclothes_operator.practice.alerts import QUESTION, Alerts
from myclothes_operator.practice.practices import Practices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Cluster:
    """Has one practice, and notes what is asked; `error` is what becomes of it."""

    ledger = "shop-ledger"

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[str] = []
        self.error = error

    async def practices(self) -> Any:
        return (practice(),), ()

    async def set_practice_status(self, name: str, _version: str, status: Any) -> None:
        self.asked.append(f"{name} {status.phase}")
        if self.error is not None:
            raise self.error


class Silent:
    async def firing(self) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize("error", [None, RefusedError("conflict"), FailedError("away")])
async def test_a_round_begins_a_run(error: Exception | None) -> None:
    cluster = Cluster(error)
    assert await Practices(cluster, Silent()).round(world(), time.monotonic(), 1000.0)
    assert cluster.asked == ["weekly Warming"]


async def test_what_was_seen_too_long_ago_is_not_acted_upon() -> None:
    cluster = Cluster()
    await Practices(cluster, Silent()).round(world(), time.monotonic() - SEEN_SECONDS - 1, 1000.0)
    assert cluster.asked == []


async def test_practices_that_cannot_be_read_do_not_end_the_round() -> None:
    cluster = Cluster()

    async def away() -> Any:
        raise FailedError("away")

    cluster.practices = away
    assert not await Practices(cluster, Silent()).round(world(), time.monotonic(), 1000.0)


@pytest.fixture
async def alertmanager() -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """One that says what the second part tells it to; its address."""
    says: dict[str, Any] = {"status": 200, "text": "[]"}

    async def alerts(request: web.Request) -> web.Response:
        assert dict(request.query) == QUESTION
        return web.Response(status=says["status"], text=says["text"], content_type="application/json")

    app = web.Application()
    app.router.add_get("/api/v2/alerts", alerts)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    yield f"http://{host}:{port}/", says
    await runner.cleanup()


async def test_alerts_are_asked_for(alertmanager: tuple[str, dict[str, Any]]) -> None:
    url, says = alertmanager
    assert await Alerts("").firing() == ()
    assert await Alerts(url).firing() == ()
    says["text"] = '[{"labels": {"alertname": "MyClothesSlow"}}, {"labels": {"alertname": "MyClothesErrors"}}]'
    assert await Alerts(url).firing() == ("MyClothesErrors", "MyClothesSlow")
    says["text"] = '{"error": "no"}'
    assert "cannot be read" in (await Alerts(url).firing())[0]
    says["status"] = 500
    assert await Alerts(url).firing() == ("Alertmanager answers 500",)


async def test_an_alertmanager_that_does_not_answer_is_an_alert() -> None:
    (word,) = await Alerts("http://127.0.0.1:1").firing()
    assert "does not answer" in word


class Asked:
    """Counts the questions."""

    count = 0

    async def firing(self) -> tuple[str, ...]:
        self.count += 1
        return ()


@pytest.mark.parametrize(("shifts", "count"), [((), 1), ((shift(created=1000.0),), 0)])
async def test_a_shift_that_people_ask_for_does_not_wait_for_alertmanager(shifts: Any, count: int) -> None:
    asked = Asked()
    await Practices(Cluster(), asked).round(world(*shifts), time.monotonic(), 1000.0)
    assert asked.count == count

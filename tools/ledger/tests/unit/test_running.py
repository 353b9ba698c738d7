"""A run ends by itself when more has failed than it was allowed; a check when the shop has come to rest."""

import json
from importlib import import_module
from random import Random

import pytest
from aiohttp import web

from myclothes_ledger import catalogue, checking, reports, running
from myclothes_ledger.catalogue import CatalogueError
from myclothes_ledger.checking import Verdict, Violation
from myclothes_ledger.history import Begun, History, has_ended
from myclothes_ledger.running import Options, run

SHELF = {"items": [{"handle": "shirt", "title": "A shirt"}]}
SHIRT = {"variants": [{"sku": "RED", "available": 9}]}
RATE = 50.0
LONG, SHORT = 60.0, 3.0


@pytest.fixture
async def broken_shop(monkeypatch):
    """A shop that can list its articles and does nothing else; its address."""
    monkeypatch.setattr(catalogue, "FRESH_SECONDS", 0.0)

    async def answer(request):
        if request.path == "/api/v1/products":
            return web.json_response(SHELF)
        if request.path == "/api/v1/products/shirt":
            return web.json_response(SHIRT)
        return web.Response(status=503)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    yield f"http://{host}:{port}"
    await runner.cleanup()


async def test_a_run_ends_when_more_has_failed_than_its_budget(broken_shop, tmp_path):
    within = await run(Options((broken_shop,), tmp_path, RATE, LONG, allowed=5))
    found = reports.report(tmp_path)
    assert not within
    assert found["failed"] > 5
    assert found["seconds"] < LONG / 2


async def test_without_a_budget_it_goes_on(broken_shop, tmp_path):
    assert await run(Options((broken_shop,), tmp_path, RATE, SHORT))
    found = reports.report(tmp_path)
    assert found["failed"] > 5
    assert found["kinds"]["catalogue_reads"]["gap_s"] is None


async def test_a_run_that_cannot_begin_ends(broken_shop, tmp_path):
    with pytest.raises(CatalogueError):
        await run(Options((broken_shop,), tmp_path, RATE, SHORT, mode="test-sku", sku="NONE"))
    assert has_ended(tmp_path)


async def test_the_summary_is_short_enough_for_a_container_s_last_words(broken_shop, tmp_path):
    await run(Options((broken_shop,), tmp_path, RATE, SHORT))
    verdict = Verdict(violations=[Violation("a", "p1", "lost")], unread=["shopper 1: away"])
    found = reports.summary(verdict, reports.report(tmp_path))
    assert (found["violations"], found["undecided"], found["gaps_s"]) == (1, 1, {})
    assert len(json.dumps(found)) < 4096


def test_shoppers_who_go_on_do_not_repeat_themselves(tmp_path):
    """A text that is written twice would pass for the older one."""
    drawn = []
    for folder in ("one", "other", "one"):
        options = Options(("http://shop",), tmp_path / folder)
        random = Random()
        with History(options.folder) as history:
            running._resume(options, random)
            history.write(Begun(1.0, 1.0, "run", options.urls, options.rate, options.seed, options.mode))
        drawn.append(random.random())
    new, as_new, again = drawn
    assert new == as_new
    assert new != again


@pytest.mark.parametrize(
    "first", [Verdict([Violation("a", "shopper 1", "a line is gone", ())]), Verdict(undecided=["shopper 1: the carts"])]
)
async def test_a_state_that_nothing_explains_yet_is_read_again(monkeypatch, tmp_path, first):
    verdicts = [first, Verdict(counts={"shoppers": 0}), Verdict(unread=["read once too often"])]
    module = import_module("myclothes_ledger.checking.check")  # behind the function of its name
    monkeypatch.setattr(module, "decide", lambda *_, **__: verdicts.pop(0))
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)
    with History(tmp_path) as history:
        history.write(Begun(0.0, 0.0, "run", (), RATE, 1, "all"))
    verdict = await checking.check(tmp_path, ("http://127.0.0.1:9",))
    assert verdict.kept
    assert verdict.counts == {"shoppers": 0}

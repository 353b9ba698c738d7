"""What runs beside the requests goes on, whatever fails: the outbox ends with it otherwise."""

import asyncio

from myclothes_shop import app

ENOUGH_SECONDS = 10.0


async def test_a_purge_that_fails_is_tried_again(monkeypatch):
    tried = asyncio.Event()
    failures = [AttributeError("'NoneType' object has no attribute 'bind_execute'"), ValueError("no")]

    async def purge(*_):
        if failures:
            raise failures.pop()
        tried.set()

    monkeypatch.setattr(app, "purge", purge)
    monkeypatch.setattr(app, "PURGE_SECONDS", 0.0)
    task = asyncio.create_task(app._purge(None, 1.0))
    try:
        await asyncio.wait_for(tried.wait(), ENOUGH_SECONDS)
        assert not task.done()
    finally:
        task.cancel()

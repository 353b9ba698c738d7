"""The outbox: every order reaches its cart, whatever dies in between."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest
from aiohttp import ClientSession

from myclothes_kit.problems import Unavailable

LEASE_SECONDS = 2.0
SETTLED_SECONDS = 1.0
QUIET_LOOKS = 5


class Recorder:
    """Carts that remember takes by order, each applied once, and may fail."""

    def __init__(self):
        self.calls, self.taken, self.failing, self.status = [], {}, set(), 200

    async def take(self, ordered):
        self.calls.append(ordered.number)
        if ordered.number in self.failing:
            raise Unavailable
        self.taken.setdefault(ordered.number, ordered.lines)
        return self.status


async def let_leases_end(inside):
    await inside.execute("UPDATE outbox SET not_before = now()")


@pytest.fixture
async def placed(inside, kit):
    await inside.put(kit.listing(variants=[("S", 100), ("M", 100)]))
    return (await inside.place(kit.wish(kit.line(quantity=2), kit.line("tee-M")))).number


async def test_an_order_is_told_once_and_forgotten(inside, placed):
    carts = Recorder()
    outbox = inside.outbox(carts)
    await outbox.round()
    await outbox.round()
    assert carts.calls == [placed]
    assert carts.taken == {placed: [("tee-S", 2), ("tee-M", 1)]}
    assert await inside.waiting() == 0


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_dying_between_any_two_steps_loses_nothing_and_takes_once(inside, placed, steps):
    carts = Recorder()
    dying = inside.outbox(carts)
    if steps >= 1:
        rows = await dying.take()
        assert [row.number for row in rows] == [placed]
    if steps >= 2:
        assert await dying.tell(rows) == rows
    # here it dies; another replica must not touch what is leased, and must once the lease has ended
    successor = inside.outbox(carts)
    if steps:
        assert await successor.take() == []
        await let_leases_end(inside)
    await successor.round()
    assert carts.taken == {placed: [("tee-S", 2), ("tee-M", 1)]}
    assert len(carts.calls) == (2 if steps == 2 else 1)
    assert await inside.waiting() == 0


async def test_a_lease_ends_by_itself(inside, kit, placed):
    carts = Recorder()
    await inside.outbox(carts, outbox_lease_seconds=LEASE_SECONDS).take()
    successor = inside.outbox(carts)

    async def told():
        await successor.round()
        return carts.calls == [placed]

    await kit.eventually(told, "another replica takes over")


async def test_a_row_is_with_one_replica_at_a_time(inside, kit, placed):
    for number in range(1, 40):
        await inside.place(kit.wish(of=kit.owner(number)))
    carts = Recorder()
    taken = await asyncio.gather(*(inside.outbox(carts).take() for _ in range(6)))
    numbers = [row.number for rows in taken for row in rows]
    assert len(numbers) == len(set(numbers))
    assert len(numbers) >= 20


async def test_a_cart_hears_of_its_orders_in_their_order(inside, kit, placed):
    """A second one of the same cart can wait only behind a parked or claimed one; it is made by hand here."""
    second = (await inside.place(kit.wish(of=kit.owner(2)))).number
    other = (await inside.place(kit.wish(of=kit.owner(3)))).number
    await inside.execute(
        "UPDATE outbox SET cart_id = :cart WHERE order_number = :number", cart=kit.owner(), number=second
    )
    carts = Recorder()
    carts.failing = {placed}
    outbox = inside.outbox(carts)
    await outbox.round()
    assert sorted(carts.calls) == sorted([placed, other]), "the second waits for the first, the other cart does not"
    carts.failing = set()
    await let_leases_end(inside)
    await outbox.round()
    await outbox.round()
    assert carts.calls[-2:] == [placed, second]
    assert await inside.waiting() == 0


@pytest.mark.parametrize("status", [404, 422, 500])
async def test_a_refusal_is_not_an_acknowledgement(inside, placed, status):
    carts = Recorder()
    carts.status = status
    await inside.outbox(carts).round()
    assert await inside.waiting() == 1


async def test_failing_rows_are_tried_more_and_more_rarely(inside, placed):
    carts = Recorder()
    carts.failing = {placed}
    outbox = inside.outbox(carts)
    waits = []
    for _ in range(9):
        await let_leases_end(inside)
        await outbox.round()
        [(wait,)] = await inside.rows("SELECT extract(epoch FROM not_before - now())::float8 FROM outbox")
        waits.append(wait)
    assert waits[0] > 3
    assert 40 < waits[-1] < 75


async def test_after_a_week_a_row_is_parked_and_blocks_its_owner_no_longer(inside, kit, placed, capsys):
    await inside.execute(
        "UPDATE outbox SET created_at = now() - interval '7 days 1 minute', not_before = now() + '1 hour'"
    )
    carts = Recorder()
    outbox = inside.outbox(carts)
    await outbox.round()
    await outbox.look()
    assert carts.calls == []
    assert "outbox_parked" in capsys.readouterr().out
    assert await inside.waiting() == 0
    await inside.place(kit.wish(version=2))


async def test_no_failure_ends_the_task(inside, kit, placed):
    carts = Recorder()
    carts.failing = {placed}
    outbox = inside.outbox(carts, outbox_poll_seconds=0.05)
    task = asyncio.create_task(outbox.run())
    try:
        await kit.eventually(lambda: _any(carts.calls), "tried")
        carts.failing = set()
        await let_leases_end(inside)

        async def told():
            return await inside.waiting() == 0

        await kit.eventually(told, "told in the end")
        calls = len(carts.calls)
        await inside.place(kit.wish(version=2))
        outbox.wake()
        await kit.eventually(lambda: _more(carts.calls, calls), "the next one too")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_quiet_outbox_leases_nothing(inside, kit, placed):
    """Looks go on without an order of its own, and find what others have left."""
    carts = Recorder()
    outbox = inside.outbox(carts, outbox_poll_seconds=0.05)
    leases, looks = 0, 0

    async def take(original=outbox.take):
        nonlocal leases
        leases += 1
        return await original()

    async def look(original=outbox.look):
        nonlocal looks
        looks += 1
        return await original()

    outbox.take, outbox.look = take, look
    task = asyncio.create_task(outbox.run())
    try:

        async def told():
            return await inside.waiting() == 0

        await kit.eventually(told, "what was left is told")
        # a replica that looks may still show the row for a moment
        await asyncio.sleep(SETTLED_SECONDS)
        leased, looked = leases, looks

        async def looked_on():
            return looks >= looked + QUIET_LOOKS

        await kit.eventually(looked_on, "it goes on looking")
        assert leases == leased
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _any(calls):
    return bool(calls)


async def _more(calls, before):
    return len(calls) > before


async def start(settings, port):
    env = {
        "SHOP_DATABASE_HOSTS": settings.database_hosts,
        "SHOP_DATABASE_NAME": settings.database_name,
        "SHOP_DATABASE_USER": settings.database_user,
        "SHOP_CART_URL": settings.cart_url,
        "SHOP_PORT": str(port),
        "SHOP_OUTBOX_LEASE_SECONDS": str(LEASE_SECONDS),
        "PATH": "/usr/bin:/bin",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "myclothes_shop", env=env, stdout=asyncio.subprocess.DEVNULL
    )


async def up(port):
    try:
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as response:
            return response.status == 200
    except OSError:
        return False


@pytest.mark.timeout(300)
async def test_replicas_killed_while_telling_lose_no_order(inside, kit, configure, carts):
    """Real processes, kill -9 when a cart was told and has not answered: each is taken from its cart exactly once."""
    from myclothes_stores.ports import free_port

    await inside.put(kit.listing(variants=[("S", 1000)]))
    settings = configure(cart_url=carts.url)
    orders = 0
    for _ in range(3):
        process = await start(settings, port := free_port())
        told = len(carts.calls)
        carts.answering.clear()
        try:
            await kit.eventually(lambda port=port: up(port), "the replica is up", 120)
            for _ in range(15):
                await inside.place(kit.wish(of=kit.owner(orders)))
                orders += 1
            await kit.eventually(lambda told=told: _more(carts.calls, told), "the replica tells a cart", 60)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            carts.answering.set()
        assert await inside.waiting() == orders, "it forgets nothing that no cart has acknowledged"
    survivor = inside.outbox(Recorder())
    async with contextlib_open(carts, settings) as http:
        survivor._carts = http

        async def all_told():
            await survivor.round()
            return await inside.waiting() == 0

        await kit.eventually(all_told, "every order was told", 60)
    numbers = {number for (number,) in await inside.rows("SELECT number FROM orders")}
    assert {key.removeprefix("order:") for key in carts.taken} == numbers
    assert len(numbers) == orders == 45
    assert len(carts.calls) > orders, "what the killed ones had told was told again"


def contextlib_open(carts, settings):
    from contextlib import asynccontextmanager

    from myclothes_kit.http_client import open_upstream
    from myclothes_shop.store.carts import POLICY, HttpCarts

    @asynccontextmanager
    async def opened():
        async with open_upstream("cart", carts.url, POLICY) as upstream:
            yield HttpCarts(upstream)

    return opened()

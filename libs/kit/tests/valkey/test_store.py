"""The store's client on a real Valkey."""

from __future__ import annotations

import asyncio
import time

import pytest

from myclothes_kit.valkey import (
    NotAcknowledged,
    Script,
    ScriptError,
    StoreBusy,
    StoreFull,
    StoreUnavailable,
    commit,
    open_store,
)
from myclothes_stores.valkey import ValkeyServer

COUNT = Script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
LIMIT_SECONDS = 15.0
FLUSH = "SCRIPT", "FLUSH"


async def eventually(call, *, until=lambda _: True):
    """The result of `call` once it succeeds and satisfies `until`."""
    limit = time.monotonic() + LIMIT_SECONDS
    while True:
        try:
            result = await call()
        except (StoreUnavailable, NotAcknowledged):
            if time.monotonic() > limit:
                raise
        else:
            if until(result):
                return result
            assert time.monotonic() < limit, f"still {result!r}"
        await asyncio.sleep(0.05)


@pytest.fixture
async def store(valkey):
    async with await open_store(valkey.url, name="test", ack_replicas=0) as opened:
        yield opened


@pytest.fixture
def own_valkey():
    """A server of the test's own, to be mistreated."""
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


async def test_writes_and_reads(store):
    assert await store.write(COUNT, ["n"], [5]) == 5
    assert await store.read(("GET", "n"), ("EXISTS", "m")) == [b"5", 0]


async def test_concurrent_writes_share_batches_and_lose_nothing(store):
    results = await asyncio.gather(*(store.write(COUNT, ["n"], [1]) for _ in range(1000)))
    assert sorted(results) == list(range(1, 1001))
    assert await store.read(*[("GET", "n")] * 3) == [b"1000"] * 3


async def test_a_server_that_has_forgotten_the_scripts_is_told_them_again(store, valkey):
    await store.write(COUNT, ["n"], [1])
    valkey.call(*FLUSH)
    assert sorted(await asyncio.gather(*(store.write(COUNT, ["n"], [1]) for _ in range(5)))) == [2, 3, 4, 5, 6]


async def test_a_script_that_fails_fails_alone(store):
    broken = Script("return redis.call('NO-SUCH-COMMAND')")
    results = await asyncio.gather(
        *(store.write(script, ["n"], [1]) for script in (COUNT, broken, COUNT)), return_exceptions=True
    )
    assert (results[0], results[2]) == (1, 2)
    assert isinstance(results[1], ScriptError)


async def test_a_read_that_the_server_refuses(store):
    await store.write(COUNT, ["n"], [1])
    with pytest.raises(ScriptError):
        await store.read(("LPUSH", "n", "x"))


async def test_a_cancelled_caller_disturbs_nobody(store):
    tasks = [asyncio.create_task(store.write(COUNT, [f"n{n}"], [n])) for n in range(200)]
    tasks += [asyncio.create_task(store.read(("ECHO", str(n)))) for n in range(200)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for n, result in enumerate(results):
        if n % 3:
            assert result == (n if n < 200 else [str(n - 200).encode()])
        else:
            assert isinstance(result, asyncio.CancelledError)


async def test_a_full_queue_refuses_at_once(store, monkeypatch):
    monkeypatch.setattr(commit, "MAX_QUEUE", 10)
    results = await asyncio.gather(*(store.write(COUNT, ["n"], [1]) for _ in range(20)), return_exceptions=True)
    assert [type(result) for result in results] == [int] * 10 + [StoreBusy] * 10
    assert await store.write(COUNT, ["n"], [1]) == 11


async def test_one_node_cannot_acknowledge_for_a_replica(valkey):
    async with await open_store(valkey.url, name="test", ack_replicas=1) as store:
        with pytest.raises(NotAcknowledged):
            await store.write(COUNT, ["n"], [1])


async def test_out_of_memory_is_said_and_passes(store, valkey):
    await store.write(COUNT, ["n"], [1])
    before = valkey.call("CONFIG", "GET", "maxmemory")
    valkey.call("CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(StoreFull):
            await store.write(COUNT, ["n"], [1])
        assert await store.read(("GET", "n")) == [b"1"]
    finally:
        valkey.call("CONFIG", "SET", "maxmemory", before["maxmemory"])
    assert await store.write(COUNT, ["n"], [1]) == 2


async def test_no_store_at_start_and_back_by_itself(own_valkey):
    own_valkey.stop()
    async with await open_store(own_valkey.url, name="test", ack_replicas=0, wait_seconds=0.3) as store:
        for call in (store.write(COUNT, ["n"], [1]), store.read(("GET", "n"))):
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await call
            assert time.monotonic() - began < LIMIT_SECONDS
        await asyncio.to_thread(own_valkey.start)
        assert await eventually(lambda: store.write(COUNT, ["n"], [1])) == 1
        assert await store.read(("GET", "n")) == [b"1"]


async def test_a_killed_node_comes_back_with_what_it_had(own_valkey):
    async with await open_store(own_valkey.url, name="test", ack_replicas=0) as store:
        assert await store.write(COUNT, ["n"], [7]) == 7
        own_valkey.kill()
        with pytest.raises((StoreUnavailable, NotAcknowledged)):
            await store.write(COUNT, ["n"], [1])
        await asyncio.to_thread(own_valkey.start)
        assert await eventually(lambda: store.read(("GET", "n"))) == [b"7"]
        assert await eventually(lambda: store.write(COUNT, ["n"], [1])) == 8


async def test_a_frozen_node_is_given_up_and_taken_back(own_valkey):
    async with await open_store(own_valkey.url, name="test", ack_replicas=0) as store:
        await store.write(COUNT, ["n"], [1])
        await asyncio.to_thread(own_valkey.freeze)
        try:
            results = await asyncio.gather(
                store.write(COUNT, ["m"], [1]), store.read(("GET", "n")), return_exceptions=True
            )
        finally:
            await asyncio.to_thread(own_valkey.thaw)
        assert isinstance(results[0], NotAcknowledged)
        assert isinstance(results[1], StoreUnavailable)
        await eventually(lambda: store.write(COUNT, ["n"], [1]))
        assert await eventually(lambda: store.read(("GET", "n"))) == [b"2"]


async def test_a_demoted_node_is_left_and_taken_back(own_valkey):
    async with await open_store(own_valkey.url, name="test", ack_replicas=0, wait_seconds=0.3) as store:
        await store.write(COUNT, ["n"], [1])
        own_valkey.call("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(StoreUnavailable):
            await store.write(COUNT, ["n"], [1])
        own_valkey.call("REPLICAOF", "NO", "ONE")
        assert await eventually(lambda: store.write(COUNT, ["n"], [1])) == 2


async def test_the_password_is_read_again_at_each_connection(own_valkey, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("first\n")
    own_valkey.call("ACL", "SETUSER", "clerk", "on", ">first", "~*", "+@all")
    async with await open_store(
        own_valkey.url, name="test", username="clerk", password_file=secret, ack_replicas=0, wait_seconds=0.3
    ) as store:
        assert await store.write(COUNT, ["n"], [1]) == 1
        own_valkey.call("ACL", "SETUSER", "clerk", "<first", ">second")
        own_valkey.call("CLIENT", "KILL", "USER", "clerk")
        with pytest.raises((StoreUnavailable, NotAcknowledged)):
            await store.write(COUNT, ["n"], [1])
        secret.write_text("second\n")
        assert await eventually(lambda: store.write(COUNT, ["n"], [1])) == 2
        assert await eventually(lambda: store.read(("GET", "n"))) == [b"2"]


async def test_a_secret_that_cannot_be_read_is_no_crash(own_valkey, tmp_path):
    secret = tmp_path / "password"
    async with await open_store(
        own_valkey.url, name="test", password_file=secret, ack_replicas=0, wait_seconds=0.3
    ) as store:
        with pytest.raises(StoreUnavailable):
            await store.write(COUNT, ["n"], [1])
        own_valkey.call("CONFIG", "SET", "requirepass", "late")
        secret.write_text("late")
        assert await eventually(lambda: store.write(COUNT, ["n"], [1])) == 1


async def test_someone_who_speaks_something_else_is_no_store():
    async def greet(reader, writer):
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, await open_store(f"valkey://127.0.0.1:{port}", name="test", wait_seconds=0.2) as store:
        with pytest.raises(StoreUnavailable):
            await store.write(COUNT, ["n"], [1])
        with pytest.raises(StoreUnavailable):
            await store.read(("GET", "n"))
    await asyncio.sleep(0)

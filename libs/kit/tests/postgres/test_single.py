"""One server: transactions, their failures, their limits, operation ids."""

from __future__ import annotations

import asyncio
import gc

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from myclothes_kit.postgres import (
    DatabaseAway,
    DatabaseBusy,
    OperationIdReused,
    Stored,
    failures,
    fingerprint,
    once,
    open_database,
    purge,
)
from myclothes_kit.postgres.connections import Connection

from .conftest import NOTES, OPERATIONS, settings_for


def add(note, n=0):
    return lambda connection: connection.execute(NOTES.insert().values(id=note, n=n))


async def ids(connection):
    return sorted((await connection.scalars(sa.select(NOTES.c.id))).all())


async def test_a_write_is_there_at_its_position(db):
    written = await db.write(add("a"))
    read = await db.read(ids, written.position)
    assert read.value == ["a"]
    assert read.position >= written.position


async def test_a_failed_write_leaves_nothing(db):
    async def work(connection):
        await add("a")(connection)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await db.write(work)
    assert (await db.read(ids)).value == []
    await db.write(add("b"))
    assert (await db.read(ids)).value == ["b"]


async def test_an_aborted_transaction_is_never_acknowledged(db):
    """COMMIT of an aborted transaction is answered with ROLLBACK and no error: the write must fail all the same."""
    await db.write(add("a"))

    async def swallows(connection):
        with pytest.raises(IntegrityError):
            await add("a")(connection)

    with pytest.raises(Exception, match="aborted"):
        await db.write(swallows)


async def test_reads_cannot_write(db):
    with pytest.raises(Exception, match="read-only"):
        await db.read(add("a"))
    assert (await db.read(ids)).value == []


async def test_a_read_is_one_snapshot(db):
    async def work(connection):
        before = await ids(connection)
        await db.write(add("meanwhile"))
        return before, await ids(connection)

    before, after = (await db.read(work)).value
    assert before == after == []


async def test_serialization_failures_are_repeated(db):
    await db.write(add("a"))
    tries = 0

    async def work(connection):
        nonlocal tries
        tries += 1
        await connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        n = await connection.scalar(sa.select(NOTES.c.n))
        if tries == 1:
            await db.write(lambda other: other.execute(NOTES.update().values(n=10)))
        await connection.execute(NOTES.update().values(n=n + 1))

    await db.write(work)
    assert tries == 2
    assert (await db.read(lambda connection: connection.scalar(sa.select(NOTES.c.n)))).value == 11


async def test_a_held_lock_is_a_503_in_bounded_time(single, db):
    settings = settings_for(single.hosts, single.name, single.user, database_lock_seconds=0.1)
    await db.write(add("a"))
    async with open_database("impatient", settings) as impatient:

        async def holds(connection):
            await connection.execute(NOTES.update().values(n=1))
            with pytest.raises(DatabaseBusy):
                await impatient.write(lambda other: other.execute(NOTES.update().values(n=2)))

        await db.write(holds)
        await impatient.write(lambda other: other.execute(NOTES.update().values(n=2)))


async def test_a_full_pool_is_a_503_in_bounded_time(single, db):
    settings = settings_for(single.hosts, single.name, single.user, database_pool_size=1, database_pool_seconds=0.1)
    async with open_database("small", settings) as small:

        async def nested(connection):
            with pytest.raises(DatabaseBusy):
                await small.write(add("b"))

        await small.write(nested)
        await small.write(add("b"))


async def test_a_slow_statement_and_a_slow_transaction_end(single, db):
    settings = settings_for(single.hosts, single.name, single.user, database_statement_seconds=0.1)
    async with open_database("slow", settings) as slow:
        with pytest.raises(DatabaseBusy):
            await slow.write(lambda connection: connection.execute(sa.text("SELECT pg_sleep(5)")))
    settings = settings_for(single.hosts, single.name, single.user, database_transaction_seconds=0.1)
    async with open_database("slow", settings) as slow:
        with pytest.raises(DatabaseAway):
            await slow.write(lambda connection: connection.execute(sa.text("SELECT pg_sleep(5)")))
        await slow.write(add("a"))


async def test_closed_connections_are_replaced_unseen(db, postgres):
    await db.write(add("a"))
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kit'")
    await db.write(add("b"))
    assert (await db.read(ids)).value == ["a", "b"]


async def test_an_absent_server_is_a_503_and_opening_still_works(single):
    settings = settings_for("127.0.0.1:1", single.name, single.user)
    async with open_database("kit", settings) as absent:
        with pytest.raises(DatabaseAway) as refusal:
            await absent.write(add("a"))
        assert refusal.value.headers()["Retry-After"] == "1"
        with pytest.raises(DatabaseAway):
            await absent.read(ids)


async def leave(db, work, entered):
    """Begin a write, and be cancelled when `work` has `entered`."""
    caller = asyncio.create_task(db.write(work))
    await entered.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller


async def test_a_cancelled_caller_does_not_stop_a_write(db):
    entered = asyncio.Event()
    go_on = asyncio.Event()

    async def work(connection):
        await add("a")(connection)
        entered.set()
        await go_on.wait()

    await leave(db, work, entered)
    go_on.set()
    await asyncio.wait(db._writes, timeout=5)
    assert (await db.read(ids)).value == ["a"]


async def test_a_write_that_fails_after_its_caller_has_gone_is_no_forgotten_error(db):
    told, entered, go_on = [], asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    async def work(connection):
        entered.set()
        await go_on.wait()
        raise LookupError

    await leave(db, work, entered)
    go_on.set()
    await asyncio.wait(db._writes, timeout=5)
    gc.collect()
    assert told == []
    with pytest.raises(LookupError):  # the control: a caller who waits hears of it
        await db.write(work)


def operation(key, note, request=b"r", **more):
    async def work(connection):
        async def body():
            await add(note)(connection)
            return Stored(201, note.encode())

        return await once(connection, OPERATIONS, key, request, body, **more)

    return work


async def test_an_operation_applies_once_and_its_repeat_writes(db):
    first = await db.write(operation("key-0001", "a"))
    again = await db.write(operation("key-0001", "b"))
    assert (first.value.status, first.value.body, first.value.repeated) == (201, b"a", False)
    assert (again.value.status, again.value.body, again.value.repeated) == (201, b"a", True)
    assert again.position > first.position
    assert (await db.read(ids)).value == ["a"]


async def test_a_key_is_for_one_request(db):
    await db.write(operation("key-0001", "a", fingerprint("POST", {"n": 1})))
    with pytest.raises(OperationIdReused):
        await db.write(operation("key-0001", "b", fingerprint("POST", {"n": 2})))
    await db.write(operation("key-0002", "b", fingerprint("POST", {"n": 2})))
    assert (await db.read(ids)).value == ["a", "b"]


async def test_a_refusal_is_not_remembered(db):
    await db.write(add("a"))
    with pytest.raises(IntegrityError):
        await db.write(operation("key-0001", "a"))
    assert (await db.write(operation("key-0001", "b"))).value.body == b"b"


async def test_concurrent_requests_under_one_key_apply_once(db):
    answers = await asyncio.gather(*(db.write(operation("key-0001", f"note-{n}")) for n in range(12)))
    assert len({answer.value.body for answer in answers}) == 1
    assert sum(not answer.value.repeated for answer in answers) == 1
    assert len((await db.read(ids)).value) == 1


async def test_old_operations_are_purged_and_young_ones_kept(db):
    await db.write(operation("key-0001", "a"))
    await db.write(operation("key-0002", "b"))
    aged = (
        OPERATIONS.update()
        .where(OPERATIONS.c.key == "key-0001")
        .values(created_at=sa.func.now() - sa.text("interval '49 hours'"))
    )
    await db.write(lambda connection: connection.execute(aged))
    assert await purge(db, OPERATIONS, 48) == 1
    assert (await db.read(lambda c: c.scalar(sa.select(OPERATIONS.c.key)))).value == "key-0002"


class CutOff(Connection):
    """Is cut off between the two steps of its next query, as by a limit that ends just then."""

    armed = False

    async def _get_statement(self, *words, **more):
        statement = await super()._get_statement(*words, **more)
        if CutOff.armed:
            self.terminate()
        return statement


async def test_a_query_that_is_cut_off_between_its_steps_fails_like_any_lost_connection(single, monkeypatch):
    host, _, port = single.hosts.partition(":")
    connection = await asyncpg.connect(
        host=host, port=int(port), database=single.name, user=single.user, ssl=False, connection_class=CutOff
    )
    assert await connection.fetchval("SELECT 1") == 1
    monkeypatch.setattr(CutOff, "armed", True)
    with pytest.raises(asyncpg.InterfaceError) as error:
        await connection.fetchval("SELECT 2")
    assert failures.is_gone(error.value)
    assert connection.is_closed()
    connection.terminate()  # once more is harmless

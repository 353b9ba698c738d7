"""A primary and two replicas: nothing goes back in time, nothing acknowledged is lost, reads go on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from myclothes_kit.postgres import (
    DatabaseAway,
    OutcomeUnknown,
    PositionNotReached,
    Stored,
    once,
    open_database,
)
from myclothes_kit.postgres.metrics import READS
from myclothes_kit.problems import Unavailable

from .conftest import METADATA, NOTES, OPERATIONS, settings_for

PATIENCE = 30.0


@pytest.fixture
async def cluster(postgres_cluster):
    made = postgres_cluster.create_database("kit", "kit")
    postgres_cluster.wait_replayed()
    postgres_cluster.settings = settings_for(
        made.hosts, made.name, made.user, database_connect_seconds=3, database_read_seconds=10
    )  # a loaded machine is slow, and these tests are of order, not of time
    return postgres_cluster


@pytest.fixture
async def db(cluster):
    async with open_database("kit", cluster.settings) as opened:
        await opened.write(lambda connection: connection.run_sync(METADATA.create_all))
        cluster.wait_replayed()
        await until(lambda: len(opened._nodes.replicas()) == 2)
        yield opened


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - polls another process
            await asyncio.sleep(0.02)


async def write_back(db, note):
    """Writes `note` as a caller would: again after each 503."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(Unavailable):
                return await db.write(operation(f"key-{note}", note))
            await asyncio.sleep(0.05)


def operation(key, note):
    async def work(connection):
        async def body():
            await connection.execute(NOTES.insert().values(id=note, n=0))
            return Stored(201, note.encode())

        return await once(connection, OPERATIONS, key, b"r", body)

    return work


async def ids(connection):
    return set((await connection.scalars(sa.select(NOTES.c.id))).all())


def served(kind):
    return READS.labels(kind)._value.get()


async def test_reads_go_to_replicas(db):
    before = served("replica")
    for _ in range(4):
        await db.read(ids)
    assert served("replica") == before + 4


async def test_read_your_writes_with_replay_paused_on_one_replica(cluster, db):
    cluster.pause_replay(1)
    for n in range(20):
        written = await db.write(operation(f"key-{n:04}", f"note-{n}"))
        read = await db.read(ids, written.position)
        assert f"note-{n}" in read.value
        assert read.position >= written.position
    # the control: the paused replica is behind indeed, and still chosen by who has seen nothing yet
    assert cluster.nodes[1].sql("SELECT count(*) FROM notes", database="kit") == [(0,)]


async def test_the_primary_serves_what_no_replica_has(cluster, db):
    cluster.pause_replay(1)
    cluster.pause_replay(2)
    before = served("primary")
    written = await db.write(operation("key-0001", "a"))
    assert (await db.read(ids, written.position)).value == {"a"}
    assert served("primary") == before + 1


async def test_a_lagging_replica_is_left_out_and_comes_back(cluster, db):
    lagging = db._nodes._nodes[1].endpoint
    cluster.pause_replay(1)
    await db.write(operation("key-0001", "a"))
    await until(lambda: lagging not in db._nodes.replicas())
    assert len(db._nodes.replicas()) == 1
    for _ in range(4):
        assert (await db.read(ids)).value == {"a"}
    cluster.resume_replay(1)
    await until(lambda: lagging in db._nodes.replicas())


async def test_a_killed_replica_fails_no_read(cluster, db):
    written = await db.write(operation("key-0001", "a"))
    cluster.nodes[1].kill()
    for _ in range(50):
        assert (await db.read(ids, written.position)).value == {"a"}
        await asyncio.sleep(0.01)
    cluster.nodes[2].kill()
    for _ in range(20):
        assert (await db.read(ids, written.position)).value == {"a"}
        await asyncio.sleep(0.01)


async def test_a_killed_primary_fails_no_read_and_writes_come_back(cluster, db):
    written = await db.write(operation("key-0001", "a"))
    cluster.wait_replayed()
    cluster.primary().kill()
    for _ in range(20):
        assert (await db.read(ids, written.position)).value == {"a"}
        await asyncio.sleep(0.02)
    with pytest.raises((DatabaseAway, OutcomeUnknown)):
        await db.write(operation("key-0002", "b"))
    await asyncio.to_thread(cluster.promote)
    again = await write_back(db, "c")
    assert again.position.timeline == written.position.timeline + 1
    assert {"a", "c"} <= (await db.read(ids, again.position)).value


async def test_a_primary_killed_in_commit_leaves_the_outcome_unknown_and_a_repeat_settles_it(cluster, db):
    cluster.nodes[1].freeze()
    cluster.nodes[2].freeze()
    commit = asyncio.create_task(db.write(operation("key-0001", "a")))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    await until(lambda: cluster.primary().sql(waiting) == [(1,)])
    cluster.primary().kill()
    with pytest.raises(OutcomeUnknown):
        await commit
    cluster.nodes[1].thaw()
    cluster.nodes[2].thaw()
    await asyncio.to_thread(cluster.promote)
    await write_back(db, "z")
    settled = await db.write(operation("key-0001", "a"))
    assert settled.value.body == b"a"
    assert (await db.read(ids, settled.position)).value == {"a", "z"}


async def test_a_commit_nobody_replicates_is_not_shown_until_it_is(cluster, db):
    cluster.nodes[1].freeze()
    cluster.nodes[2].freeze()
    with pytest.raises(OutcomeUnknown) as unknown:
        await db.write(operation("key-0001", "a"))
    assert unknown.value.headers()["Retry-After"] == "1"
    assert (await db.read_newest(ids)).value == set()
    cluster.nodes[1].thaw()
    cluster.nodes[2].thaw()
    settled = await write_back(db, "b")
    assert (await db.read(ids, settled.position)).value == {"a", "b"}
    assert (await db.write(operation("key-0001", "x"))).value.repeated


async def test_an_operator_who_cancels_a_commit_makes_its_outcome_unknown(cluster, db):
    """The server answers such a COMMIT with success and a warning, though no replica may have it."""
    cluster.nodes[1].freeze()
    cluster.nodes[2].freeze()
    commit = asyncio.create_task(db.write(operation("key-0001", "a")))
    cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    await until(lambda: cluster.primary().sql(cancel) == [(True,)])
    with pytest.raises(OutcomeUnknown):
        await commit
    cluster.nodes[1].thaw()
    cluster.nodes[2].thaw()


async def test_a_deposed_primary_is_not_used_again(cluster, db):
    first = await db.write(operation("key-0001", "a"))
    old, new, other = cluster.nodes
    cluster.wait_replayed()
    old.freeze()
    other.sql(f"ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port={new.port} user=postgres'")
    other.sql("SELECT pg_reload_conf()")
    await asyncio.to_thread(new.sql, "SELECT pg_promote(true, 30)")
    written = await write_back(db, "b")
    assert written.position.timeline == first.position.timeline + 1
    old.thaw()
    await until(lambda: db._nodes._recent(db._nodes._nodes[0]))
    for n in range(20):
        written = await db.write(operation(f"key-2{n:03}", f"note-{n}"))
        assert written.position.timeline == first.position.timeline + 1
        assert f"note-{n}" in (await db.read(ids, written.position)).value
        assert f"note-{n}" in (await db.read_newest(ids, written.position)).value


async def test_while_a_primary_hangs_nobody_is_asked_but_by_the_checks(cluster):
    settings = cluster.settings.model_copy(update={"database_connect_seconds": 0.5})
    async with open_database("kit", settings) as db:
        await db.write(lambda connection: connection.run_sync(METADATA.create_all))
        await db._engines.primary.dispose()  # all that wrote have given up
        old, *others = cluster.nodes
        old.freeze()
        await until(lambda: db._nodes.primary() is None)
        piled, asked = waiting(old.port), sum(sessions(node) for node in others)
        writes = [db.write(operation(f"key-{n:04}", "a")) for n in range(100)]
        refusals = await asyncio.gather(*writes, return_exceptions=True)
        assert all(isinstance(refusal, Unavailable) for refusal in refusals)
        assert waiting(old.port) - piled < 10  # the checks' own
        with pytest.raises(Unavailable):
            await db.await_primary()
        assert sum(sessions(node) for node in others) - asked < 10  # this test's own
        old.thaw()
        await write_back(db, "b")
        await db.await_primary()


def sessions(node):
    """How many connections a server has accepted, the one that asks included."""
    ((number,),) = node.sql("SELECT sum(sessions) FROM pg_stat_database")
    return int(number)


def waiting(port):
    """How many connections a listening server has not accepted yet."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, queues, *_ = line.split()
        if state == "0A" and int(local.partition(":")[2], 16) == port:
            return int(queues.partition(":")[2], 16)
    raise AssertionError(port)


async def test_a_primary_that_was_silent_is_not_written_to_until_a_successor_would_have_been_seen(cluster):
    settings = cluster.settings.model_copy(
        update={"database_connect_seconds": 0.5, "database_silence_seconds": 1.0, "database_doubt_seconds": 4.0}
    )
    async with open_database("kit", settings) as db:
        await db.write(lambda connection: connection.run_sync(METADATA.create_all))
        first = await db.write(operation("key-0001", "a"))
        cluster.nodes[0].freeze()
        await asyncio.sleep(1.5)
        with pytest.raises(Unavailable):
            await db.write(operation("key-0002", "b"))  # its pooled connection is left alone, so is a new one
        cluster.nodes[0].thaw()
        thawed = time.monotonic()
        await until(lambda: db._nodes._recent(db._nodes._nodes[0]))
        assert db._nodes.primary() is None
        with pytest.raises(DatabaseAway):
            await db.write(operation("key-0003", "c"))
        written = await write_back(db, "d")
        assert time.monotonic() - thawed > 3.5
        assert written.position.timeline == first.position.timeline
        assert (await db.read(ids, written.position)).value == {"a", "d"}


async def test_a_primary_that_comes_back_on_a_newer_timeline_is_trusted_at_once(cluster):
    settings = cluster.settings.model_copy(update={"database_silence_seconds": 1.0, "database_doubt_seconds": 30.0})
    async with open_database("kit", settings) as db:
        await db.write(lambda connection: connection.run_sync(METADATA.create_all))
        first = await db.write(operation("key-0001", "a"))
        cluster.wait_replayed()
        for node in cluster.nodes:
            node.freeze()
        await asyncio.sleep(1.5)
        for node in cluster.nodes[1:]:
            node.thaw()
        _, new, other = cluster.nodes
        other.sql(f"ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port={new.port} user=postgres'")
        other.sql("SELECT pg_reload_conf()")
        await asyncio.to_thread(new.sql, "SELECT pg_promote(true, 30)")
        promoted = time.monotonic()
        written = await write_back(db, "b")
        assert time.monotonic() - promoted < 20
        assert written.position.timeline == first.position.timeline + 1


async def test_a_position_of_the_future_is_refused(db):
    written = await db.write(operation("key-0001", "a"))
    beyond = type(written.position)(written.position.timeline + 1, 0)
    with pytest.raises(PositionNotReached):
        await db.read(ids, beyond)
    assert (await db.read(ids, written.position)).value == {"a"}

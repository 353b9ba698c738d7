"""No session sees its account or orders older than it has seen them: Postgres with a replica whose replay is paused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from myclothes_gateway.sessions.codec import SessionCodec
from myclothes_gateway.sessions.keyring import Keyring
from myclothes_kit.positions import Position
from myclothes_stores.postgres_cluster import PostgresCluster

from .conftest import Rig

PARIS = {"name": "Ann", "line1": "1 rue de Rivoli", "city": "Paris", "postal_code": "75001", "country": "FR"}
ADDRESS = {**PARIS, "line2": "", "region": "", "phone": ""}
WRITES = 5
UNAWARE_READS = 20
# the paused replica must not be passed over for its lag, and a busy machine is slow, not away
PATIENCE = {"database_lag_seconds": 60, "database_connect_seconds": 3, "database_read_seconds": 10}


@pytest.fixture(scope="module")
def rig(valkey_server, tmp_path_factory):
    """The services on a primary and two replicas, one of which no longer shows what is new."""
    cluster = PostgresCluster(fsync=False)
    cluster.start()
    rig = Rig(
        valkey_server,
        lambda name: cluster.create_database(name, name),
        Path(tmp_path_factory.mktemp("replicas")),
        **PATIENCE,
    )
    rig.cluster = cluster
    yield rig
    rig.stop()
    cluster.kill()


@pytest.fixture
async def ann(rig, shopper):
    """A shopper with an account that every replica knows, before one of them stops showing what is new."""
    ann = shopper()
    await ann.register()
    await asyncio.to_thread(rig.cluster.wait_replayed)
    await asyncio.to_thread(rig.cluster.pause_replay, 1)
    yield ann
    await asyncio.to_thread(rig.cluster.resume_replay, 1)


@pytest.fixture
def unaware(rig, shopper):
    """Reads of the same login with a cookie that has seen nothing of Postgres: how many items each of them shows."""
    codec = SessionCodec(Keyring(rig.keys), 30)

    async def read(ann, path):
        session = codec.read(ann.cookie)
        assert session.position > Position()
        session.position = Position()
        cookie, other = codec.write(session), shopper()
        shown = set()
        for _ in range(UNAWARE_READS):
            other.plant(cookie)
            shown.add(len((await other.call("GET", path, expect=200))["items"]))
        return shown

    return read


@pytest.mark.timeout(180)
async def test_an_address_just_written_is_always_seen(ann, unaware):
    for written in range(1, WRITES + 1):
        made = await ann.call("POST", "/account/addresses", ADDRESS, expect=201)
        for _ in range(4):
            items = (await ann.call("GET", "/account/addresses", expect=200))["items"]
            assert len(items) == written
            assert made["id"] in [item["id"] for item in items]
    assert {0, WRITES} <= await unaware(ann, "/account/addresses"), "the control: one replica is behind, one is not"


@pytest.mark.timeout(180)
async def test_an_order_just_placed_is_always_seen(ann, unaware, skus):
    for placed in range(1, WRITES + 1):
        await ann.add(skus[0])
        order = await ann.call("POST", "/orders", {"email": "ann@example.com", "address": PARIS}, expect=201)
        for _ in range(4):
            assert await ann.call("GET", f"/orders/{order['number']}", expect=200) == order
            items = (await ann.call("GET", "/orders", expect=200))["items"]
            assert [item["number"] for item in items][:1] == [order["number"]]
            assert len(items) == placed
    assert {0, WRITES} <= await unaware(ann, "/orders"), "the control: one replica is behind, one is not"

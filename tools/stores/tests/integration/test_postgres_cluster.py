"""Streaming replicas: lag on demand, promotion, and the old primary's return."""

import pytest

from myclothes_stores.errors import StoreError
from myclothes_stores.postgres_cluster import PostgresCluster
from myclothes_stores.processes import wait_until

REPLAY_SECONDS = 20.0

pytestmark = pytest.mark.failover


def rows(node):
    return [row for (row,) in node.sql("SELECT id FROM kept ORDER BY id")]


def test_a_paused_replica_shows_an_older_state(postgres_cluster):
    primary = postgres_cluster.primary()
    primary.sql("CREATE TABLE kept (id int)")
    postgres_cluster.wait_replayed()
    postgres_cluster.pause_replay(1)
    primary.sql("INSERT INTO kept VALUES (1)")
    control = postgres_cluster.nodes[2]
    wait_until(lambda: rows(control) == [1], REPLAY_SECONDS)
    assert rows(postgres_cluster.nodes[1]) == []
    postgres_cluster.resume_replay(1)
    wait_until(lambda: rows(postgres_cluster.nodes[1]) == [1], REPLAY_SECONDS)


def test_a_killed_primary_is_replaced_by_the_most_advanced_replica_and_rejoins(postgres_cluster):
    first = postgres_cluster.primary()
    with pytest.raises(StoreError, match="still up"):
        postgres_cluster.promote()
    first.sql("CREATE TABLE kept (id int)")
    postgres_cluster.nodes[1].kill()
    first.sql("INSERT INTO kept VALUES (1)")
    first.kill()
    assert postgres_cluster.promote() is postgres_cluster.nodes[2]
    postgres_cluster.rejoin(postgres_cluster.nodes[1])
    postgres_cluster.primary().sql("INSERT INTO kept VALUES (2)")
    postgres_cluster.rejoin(first)
    postgres_cluster.wait_healthy()
    postgres_cluster.wait_replayed()
    assert [rows(node) for node in postgres_cluster.nodes] == [[1, 2]] * 3


def test_a_commit_waits_for_a_replica(postgres_cluster, monkeypatch):
    primary = postgres_cluster.primary()
    primary.sql("CREATE TABLE control (id int)")
    for replica in postgres_cluster.replicas():
        replica.freeze()
    monkeypatch.setattr("myclothes_stores.queries.STATEMENT_SECONDS", 0.5)
    with pytest.raises(TimeoutError):
        primary.sql("CREATE TABLE waiting (id int)")


def test_a_restart_of_all_keeps_the_data_and_the_primary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgres")
    cluster = PostgresCluster(replicas=1, folder=folder)
    cluster.start()
    cluster.primary().sql("CREATE TABLE kept AS SELECT 1 AS id")
    cluster.primary().kill()
    cluster.promote()
    cluster.kill()

    again = PostgresCluster(replicas=1, folder=folder)
    again.start()
    assert again.primary().name == "postgres-1"
    again.wait_replayed()
    assert [rows(node) for node in again.nodes] == [[1], [1]]
    again.stop()

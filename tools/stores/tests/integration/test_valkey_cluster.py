"""Primary, replicas and Sentinels: who is primary after kills, freezes and restarts."""

import pytest
import redis

from myclothes_stores.processes import wait_until
from myclothes_stores.valkey_cluster import ValkeyCluster

FAILOVER_SECONDS = 20.0

pytestmark = pytest.mark.failover


def test_a_killed_primary_is_replaced_and_comes_back_as_a_replica(valkey_cluster):
    first = valkey_cluster.primary()
    first.call("SET", "key", "value")
    first.kill()
    wait_until(lambda: valkey_cluster.primary() is not first, FAILOVER_SECONDS)
    valkey_cluster.wait_healthy()
    assert valkey_cluster.primary().call("GET", "key") == "value"
    first.start()
    assert first.call("ROLE")[0] in ("slave", b"slave")
    valkey_cluster.wait_healthy()


def test_a_frozen_primary_is_replaced_and_gives_way_when_thawed(valkey_cluster):
    first = valkey_cluster.primary()
    first.freeze()
    wait_until(lambda: valkey_cluster.primary() is not first, FAILOVER_SECONDS)
    first.thaw()
    valkey_cluster.wait_healthy()
    assert first.call("ROLE")[0] in ("slave", b"slave")


def test_a_restart_of_all_keeps_the_data_and_the_primary(tmp_path):
    cluster = ValkeyCluster(folder=tmp_path)
    cluster.start()
    cluster.failover()
    primary = cluster.primary()
    primary.call("SET", "key", "value")
    primary.call("WAIT", 2, 1000)
    cluster.kill()

    again = ValkeyCluster(folder=tmp_path)
    again.start()
    assert again.primary().name == primary.name != "valkey-0"
    assert again.primary().call("GET", "key") == "value"
    again.stop()


def test_without_a_replica_the_primary_takes_no_writes(valkey_cluster):
    primary = valkey_cluster.primary()
    assert primary.call("SET", "control", "1")
    for replica in valkey_cluster.replicas():
        replica.kill()
    wait_until(lambda: primary.call("INFO", "replication")["min_slaves_good_slaves"] == 0, FAILOVER_SECONDS)
    with pytest.raises(redis.ResponseError, match=r"(?i)replicas"):
        primary.call("SET", "key", "value")

"""A planned move of Valkey's primary, as a pod that is told to stop makes it: no write between two primaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from myclothes_campaign.faults import SENTINEL, VALKEY
from myclothes_campaign.ground import GroundError
from myclothes_campaign.processes.shop import NODES, Shop
from myclothes_stores.errors import StoreError
from myclothes_stores.ports import HOST
from myclothes_stores.processes import wait_until
from myclothes_stores.sentinels import PRIMARY_NAME

if TYPE_CHECKING:
    from myclothes_campaign.ground import Mend

HANDOVER_SECONDS = 60.0
"""For each step, on a machine that may be busy."""
PAUSE_SECONDS = 60


def hand_over(shop: Shop) -> Mend:
    """Hold writes until the replicas have everything, have a Sentinel fail over, follow the successor."""
    primary = shop.primary(VALKEY)
    try:
        shop.call(primary, "CLIENT", "PAUSE", PAUSE_SECONDS * 1000, "WRITE")
        wait_until(lambda: _in_step(shop, primary), HANDOVER_SECONDS, what="in step")
        wait_until(lambda: _fail_over(shop), HANDOVER_SECONDS, what="failed over")
        wait_until(lambda: _is_followed(shop, primary), HANDOVER_SECONDS, what="handed over")
        shop.call(primary, "REPLICAOF", HOST, shop.port(shop.primary(VALKEY)))
        shop.call(primary, "CLIENT", "UNPAUSE")
    except (redis.RedisError, StoreError) as error:
        raise GroundError(f"{primary} could not be handed over: {error}") from error
    return _done


def _fail_over(shop: Shop) -> bool:
    """Whether one of the Sentinels does it; another one may have been killed or frozen at the same time."""
    for sentinel in range(NODES):
        try:
            shop.call(f"{SENTINEL}-{sentinel}", "SENTINEL", "FAILOVER", PRIMARY_NAME)
        except redis.RedisError:
            continue
        return True
    return False


def _in_step(shop: Shop, primary: str) -> bool:
    role, offset, replicas = shop.call(primary, "ROLE")
    return role == "master" and all(int(replica[2]) >= int(offset) for replica in replicas)


def _is_followed(shop: Shop, before: str) -> bool:
    """Another leads, and the third one follows it."""
    successor = shop.primary(VALKEY)
    if successor == before:
        return False
    (third,) = (name for name in shop.replicas(VALKEY) if name != before)
    role = shop.call(third, "ROLE")
    return shop.call(successor, "ROLE")[0] == "master" and role[0] == "slave" and int(role[2]) == shop.port(successor)


def _done() -> None:
    """Nothing is left to be ended."""

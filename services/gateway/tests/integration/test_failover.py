"""The store of carts and sessions loses its primary under a shopper who is logged in."""

from __future__ import annotations

import asyncio

import pytest

from .gates import until

ADDS = 5
FAILOVER_SECONDS = 60.0


@pytest.mark.timeout(180)
async def test_adds_during_a_failover_are_answered_and_applied_once(rig, shopper, skus, valkey_cluster):
    """The shopper sends each add once: the repeats, until a replica has been promoted, are the gateway's own."""
    store = {"valkey_url": valkey_cluster.sentinel_url, "ack_replicas": 1}
    gateways = {"deadline_seconds": FAILOVER_SECONDS, **store}
    with rig.running("cart", **store) as cart, rig.gateway_with(cart_url=cart.url, **gateways) as gateway:
        ann = shopper(gateway.url)
        account = await ann.register()
        await ann.add(skus[0])
        killed = valkey_cluster.primary()
        killed.kill()
        # nothing can be acknowledged now until a replica has been promoted
        await asyncio.gather(*(ann.add(skus[0], key=f"during-the-failover-{n}") for n in range(ADDS)))
        assert await ann.lines() == {skus[0]: 1 + ADDS}
        await ann.add(skus[0], key="during-the-failover-0")
        assert await ann.lines() == {skus[0]: 1 + ADDS}
        assert (await ann.call("GET", "/account", expect=200))["email"] == account["email"]

        async def failed_over():
            return await asyncio.to_thread(valkey_cluster.primary_port) != killed.port

        await until(failed_over, "the Sentinels name another primary", FAILOVER_SECONDS)
        phone = shopper(gateway.url)
        await phone.log_in(account)
        assert await phone.lines() == {skus[0]: 1 + ADDS}

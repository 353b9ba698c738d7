"""What the stores say of themselves, as the operator understands it."""

from __future__ import annotations

import asyncio

import pytest

from myclothes_operator.addresses import Addresses
from myclothes_operator.executor import SEEN_SECONDS
from myclothes_operator.patroni import LOOK_SECONDS, PatroniPod, UserStore
from myclothes_operator.patroni import _server as member
from myclothes_operator.valkey import CONNECT_SECONDS, LAG_BYTES, REPLY_SECONDS, CartStore, ValkeyPod, _newest, _View
from myclothes_operator.valkey import _server as server

GUARD_SECONDS = 60.0
NODE = ValkeyPod("valkey-1", "valkey-1", 6379, 26379)
LEAD = {"role": "master", "master_repl_offset": "5000000"}
REPLICA = {
    "role": "slave",
    "slave_priority": "100",
    "master_link_status": "up",
    "slave_repl_offset": "5000000",
}


@pytest.mark.parametrize(
    ("changed", "in_step"),
    [
        ({}, True),
        ({"master_link_status": "down"}, False),
        ({"slave_priority": "0"}, False),
        ({"slave_repl_offset": str(5_000_000 - LAG_BYTES)}, True),
        ({"slave_repl_offset": str(5_000_000 - LAG_BYTES - 1)}, False),
    ],
)
def test_a_replica_in_step(changed: dict[str, str], *, in_step: bool) -> None:
    assert server(NODE, REPLICA | changed, LEAD).in_step is in_step


def test_without_a_primary_what_a_settled_replica_has_is_what_there_is() -> None:
    assert server(NODE, REPLICA | {"master_link_status": "down"}, None).in_step
    assert not server(NODE, REPLICA | {"slave_priority": "0"}, None).in_step


def test_a_primary_of_former_times_does_not_count() -> None:
    assert server(NODE, LEAD, LEAD).in_step
    assert not server(NODE, dict(LEAD), LEAD).in_step
    away = server(NODE, None, LEAD)
    assert not away.answers
    assert not away.in_step


@pytest.mark.parametrize("strays", range(3))
async def test_a_sentinel_that_names_another_primary_of_the_same_epoch_has_no_vote(
    monkeypatch: pytest.MonkeyPatch, strays: int
) -> None:
    nodes = tuple(ValkeyPod(f"valkey-{one}", "127.0.0.1", 7000 + one, 8000 + one) for one in range(3))
    one, other = nodes[strays], nodes[strays - 1]

    async def info(_store: CartStore, node: ValkeyPod) -> dict[str, str]:
        return LEAD if node == one else REPLICA

    async def view(_store: CartStore, node: ValkeyPod) -> _View:
        named = other if node == one else one
        return _View(6, named.host, named.port, node)

    monkeypatch.setattr(CartStore, "_info", info)
    monkeypatch.setattr(CartStore, "_view", view)
    seen = await CartStore(nodes, "myclothes", "operator", None, Addresses()).observe()
    assert seen.primary == one.pod
    assert seen.epoch == 6
    assert set(seen.votes) == {node.pod for node in nodes} - {one.pod}


def test_of_two_primaries_of_one_epoch_more_sentinels_of_that_epoch_decide() -> None:
    right, stray = _View(6, "10.0.0.1", 6379, NODE), _View(6, "10.0.0.2", 6379, NODE)
    behind = _View(5, stray.address, stray.port, NODE)
    assert _newest([stray, right, right]) == right
    assert _newest([right, stray, behind]) == right, "what a Sentinel says of an older epoch counts for nothing"
    assert _newest([behind]) == behind
    assert _newest([]) is None


STANDBY = {"role": "replica", "state": "running", "replication_state": "streaming", "quorum_standby": True}


@pytest.mark.parametrize(
    ("said", "lead_answers", "in_step"),
    [
        (STANDBY, True, True),
        (STANDBY | {"quorum_standby": False}, True, False),
        (STANDBY | {"quorum_standby": False, "sync_standby": True}, True, True),
        (STANDBY | {"replication_state": None}, True, False),
        ({"role": "replica", "state": "running"}, False, True),
        ({"role": "replica", "state": "starting"}, False, False),
        ({"role": "primary", "state": "running"}, True, True),
        ({"role": "primary", "state": "stopping"}, True, False),
    ],
)
def test_a_member_in_step(said: dict, *, lead_answers: bool, in_step: bool) -> None:
    assert member("postgres-1", said, lead_answers=lead_answers).in_step is in_step


def test_a_member_that_does_not_answer() -> None:
    assert not member("postgres-1", None, lead_answers=True).answers


async def test_a_look_at_servers_that_take_connections_and_say_nothing_is_in_time() -> None:
    """A frozen zone's kernel still acknowledges: what is seen without it must still be young enough to act upon."""
    assert max(LOOK_SECONDS, CONNECT_SECONDS + REPLY_SECONDS) < SEEN_SECONDS / 2

    async def mute(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    ended = asyncio.Event()
    async with await asyncio.start_server(mute, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        addresses = Addresses()
        carts = CartStore((ValkeyPod("v", "127.0.0.1", port, port),), "n", "u", None, addresses)
        users = UserStore((PatroniPod("p", "127.0.0.1", port),), "u", None, addresses)
        async with asyncio.timeout(GUARD_SECONDS):
            seen = await asyncio.gather(carts.observe(), users.observe())
        ended.set()
    assert [(one.primary, one.votes, one.servers[0].answers) for one in seen] == [(None, (), False)] * 2

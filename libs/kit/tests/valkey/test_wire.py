"""Whose fault a late reply is: the node's, or that of a process which did not read it."""

from __future__ import annotations

import time

import pytest
import uvloop

from myclothes_kit.valkey.nodes import Address, Dialler
from myclothes_kit.valkey.wire import WireTimeoutError
from myclothes_stores.valkey import ValkeyServer

REPLY_SECONDS = 0.2
BUSY_SECONDS = 2 * REPLY_SECONDS


@pytest.fixture
def node():
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


def test_a_reply_that_a_busy_process_has_not_read_is_not_late(node):
    async def ask_while_busy():
        wire = await Dialler().open(Address("127.0.0.1", node.port))
        try:
            replies = []
            wire.start(b"PING\r\n", 1, REPLY_SECONDS, replies.append)
            time.sleep(BUSY_SECONDS)  # noqa: ASYNC251 - the loop is to be late
            return replies, await wire.call([("PING",)], REPLY_SECONDS)
        finally:
            wire.close()

    # on the loop that the services run on
    assert uvloop.run(ask_while_busy()) == ([[b"PONG"]], [b"PONG"])


def test_a_frozen_node_is_late(node):
    async def ask():
        wire = await Dialler().open(Address("127.0.0.1", node.port))
        node.freeze()
        try:
            await wire.call([("PING",)], REPLY_SECONDS)
        finally:
            node.thaw()

    with pytest.raises(WireTimeoutError):
        uvloop.run(ask())

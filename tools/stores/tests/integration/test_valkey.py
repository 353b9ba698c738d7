"""One Valkey server: started, killed, frozen, with and without a disk."""

import pytest
import redis

from myclothes_stores.errors import StoreError
from myclothes_stores.valkey import ValkeyServer


@pytest.fixture
def server():
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


def test_a_killed_server_comes_back_with_its_data_on_its_port(server):
    server.call("SET", "key", "value")
    port = server.port
    server.kill()
    assert not server.alive
    server.start()
    assert server.port == port
    assert server.call("GET", "key") == "value"


def test_a_frozen_server_is_silent_until_it_is_thawed(server):
    server.freeze()
    with pytest.raises(redis.TimeoutError):
        server.call("PING")
    server.thaw()
    assert server.call("PING")


def test_a_frozen_server_can_be_stopped(server):
    server.freeze()
    server.stop()
    assert not server.alive


def test_a_cache_forgets_on_restart_and_evicts():
    server = ValkeyServer(cache=True)
    server.start()
    server.call("SET", "key", "value")
    assert server.call("CONFIG", "GET", "maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
    server.restart()
    assert server.call("GET", "key") is None
    server.stop()


def test_a_failed_start_shows_what_the_server_said():
    server = ValkeyServer(settings={"maxmemory-policy": "nonsense"})
    with pytest.raises(StoreError, match="maxmemory-policy"):
        server.start()


def test_a_port_taken_meanwhile_is_chosen_again(server, monkeypatch):
    taken = server.port
    chosen = iter([taken, server.port + 1])
    monkeypatch.setattr("myclothes_stores.valkey.free_port", lambda: next(chosen))
    second = ValkeyServer()
    second.start()
    assert second.port != taken
    assert second.call("PING")
    second.stop()


def test_a_given_port_that_is_taken_is_an_error(server):
    with pytest.raises(StoreError, match="in use"):
        ValkeyServer(port=server.port).start()

"""One PostgreSQL server: started, killed, frozen."""

import os
from pathlib import Path

import pytest

from myclothes_stores.errors import StoreError
from myclothes_stores.postgres import PostgresServer


@pytest.fixture
def server():
    server = PostgresServer(fsync=False)
    server.start()
    yield server
    server.stop()


def test_a_killed_server_comes_back_with_its_data(server):
    server.sql("CREATE TABLE kept AS SELECT 1 AS id")
    hosts = server.hosts
    server.kill()
    assert not server.alive
    server.start()
    assert server.hosts == hosts
    assert server.sql("SELECT id FROM kept") == [(1,)]


def test_a_frozen_server_is_silent_until_it_is_thawed(server, monkeypatch):
    monkeypatch.setattr("myclothes_stores.queries.CONNECT_SECONDS", 0.5)
    server.freeze()
    with pytest.raises(TimeoutError):
        server.sql("SELECT 1")
    server.thaw()
    assert server.sql("SELECT 1") == [(1,)]


def test_it_has_checksums_and_is_not_root(server):
    assert server.sql("SHOW data_checksums") == [("on",)]
    owner = Path(f"/proc/{server.process.pid}").stat().st_uid
    assert owner == (os.geteuid() or server.user.uid)
    assert owner != 0


def test_a_lock_left_by_a_killed_server_does_not_hold_it_back(server):
    server.kill()
    lock = server.data / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    server.start()
    assert server.sql("SELECT 1") == [(1,)]


def test_a_failed_start_shows_what_the_server_said():
    server = PostgresServer(settings={"max_connections": "none"})
    with pytest.raises(StoreError, match="max_connections"):
        server.start()


def test_a_given_port_that_is_taken_is_an_error(server):
    with pytest.raises(StoreError, match="in use"):
        PostgresServer(port=server.port).start()

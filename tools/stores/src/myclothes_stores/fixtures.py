"""Fixtures: real stores for every package's tests.

Session servers are shared; a test is isolated by an empty Valkey and by databases of its own.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Protocol

import pytest

from myclothes_stores.containers import PostgresContainer, ValkeyContainer, use_containers
from myclothes_stores.postgres import Database, PostgresServer
from myclothes_stores.postgres_cluster import PostgresCluster
from myclothes_stores.valkey import ValkeyServer
from myclothes_stores.valkey_cluster import ValkeyCluster

if TYPE_CHECKING:
    from collections.abc import Iterator


class DatabaseFactory(Protocol):
    """What the `database` fixture is."""

    def __call__(self, name: str = "test", *, owner: str | None = None, template: str = "template1") -> Database:
        """A fresh database named after `name`, owned by the role `owner` (`name` if not given)."""


@pytest.fixture
def valkey_cluster() -> Iterator[ValkeyCluster]:
    """A fresh Valkey cluster of the test's own: a primary, two replicas, three Sentinels."""
    cluster = ValkeyCluster()
    cluster.start()
    yield cluster
    cluster.kill()


@pytest.fixture
def postgres_cluster() -> Iterator[PostgresCluster]:
    """A fresh PostgreSQL cluster of the test's own: a primary, two replicas; commits wait for one of them."""
    cluster = PostgresCluster(fsync=False)
    cluster.start()
    yield cluster
    cluster.kill()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[ValkeyServer]:
    """The session's Valkey, with the durable store's settings. Not emptied: see `valkey`."""
    server = ValkeyContainer() if use_containers() else ValkeyServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def valkey(valkey_server: ValkeyServer) -> ValkeyServer:
    """The session's Valkey, without any key or function."""
    valkey_server.flush()
    return valkey_server


@pytest.fixture
def valkey_url(valkey: ValkeyServer) -> str:
    """The address of `valkey`, for a service's settings."""
    return valkey.url


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The session's PostgreSQL, without fsync."""
    server = PostgresContainer(fsync=False) if use_containers() else PostgresServer(fsync=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def database(postgres: PostgresServer) -> DatabaseFactory:
    """Makes fresh databases, for a test, a module or the session: `database("shop")`.

    `template` copies another database whole, e.g. one that was migrated once; nobody may be connected to it.
    """
    numbers = itertools.count(1)

    def create(name: str = "test", *, owner: str | None = None, template: str = "template1") -> Database:
        return postgres.create_database(f"{name}_{next(numbers)}", owner or name, template=template)

    return create

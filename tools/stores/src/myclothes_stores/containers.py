"""The single-node stores from container images, where a Docker engine answers."""

from __future__ import annotations

import os
import socket
from functools import cache
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # it has no types
import redis

from myclothes_stores.errors import StoreError
from myclothes_stores.postgres import SUPERUSER, PostgresServer
from myclothes_stores.processes import ManagedProcess, wait_until
from myclothes_stores.valkey import ValkeyServer

CHOICE_VARIABLE = "MYCLOTHES_TEST_STORES"
VALKEY_IMAGE_VARIABLE = "MYCLOTHES_VALKEY_IMAGE"
POSTGRES_IMAGE_VARIABLE = "MYCLOTHES_POSTGRES_IMAGE"
VALKEY_IMAGE = "docker.io/valkey/valkey:8.1"
POSTGRES_IMAGE = "docker.io/library/postgres:17"
ENGINE_SECONDS = 1.0
READY_SECONDS = 60.0
_DEFAULT_ENGINE = "unix:///var/run/docker.sock"
_DEFAULT_ENGINE_PORT = 2375


@cache
def use_containers() -> bool:
    """Whether tests take stores from images: a Docker engine answers, the environment does not say "wheels"."""
    return os.environ.get(CHOICE_VARIABLE) != "wheels" and _engine_answers()


def _engine_answers() -> bool:
    engine = urlsplit(os.environ.get("DOCKER_HOST", _DEFAULT_ENGINE))
    family = socket.AF_UNIX if engine.scheme == "unix" else socket.AF_INET
    address = engine.path if engine.scheme == "unix" else (engine.hostname, engine.port or _DEFAULT_ENGINE_PORT)
    with socket.socket(family) as probe:
        probe.settimeout(ENGINE_SECONDS)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True


class ValkeyContainer(ValkeyServer):
    """The same server from an image: to be asked and flushed, not to be killed or frozen."""

    def start(self, *, replica_of: tuple[str, int] | None = None) -> None:
        """Starts the container and waits until the server answers; it has no primary."""
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 -- slow, and only where an engine is

        if replica_of is not None:
            raise StoreError("a container is a single node: use ValkeyCluster for replicas")
        options = [part for name, value in self.settings.items() for part in (f"--{name}", value)]
        self._container = DockerContainer(os.environ.get(VALKEY_IMAGE_VARIABLE, VALKEY_IMAGE))
        self._container.with_command(["valkey-server", *options]).with_exposed_ports(6379).start()
        self._port = int(self._container.get_exposed_port(6379))
        wait_until(self._answers, READY_SECONDS, what="answering")

    def _answers(self) -> bool:
        try:
            return bool(self.call("PING"))
        except redis.RedisError:
            return False

    @property
    def process(self) -> ManagedProcess:
        """There is none to kill or freeze here."""
        raise StoreError(f"{self.name} runs in a container: a test that kills it starts ValkeyServer itself")

    def stop(self) -> None:
        """Removes the container."""
        self._container.stop()


class PostgresContainer(PostgresServer):
    """The same server from an image: to be asked, not to be killed or frozen."""

    def start(self) -> None:
        """Starts the container and waits until the server takes connections."""
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 -- slow, and only where an engine is

        own = ("listen_addresses", "unix_socket_directories")  # the image's start script needs its own
        options = [
            part for name, value in self.settings.items() if name not in own for part in ("-c", f"{name}={value}")
        ]
        self._container = DockerContainer(os.environ.get(POSTGRES_IMAGE_VARIABLE, POSTGRES_IMAGE))
        self._container.with_env("POSTGRES_HOST_AUTH_METHOD", "trust").with_env("POSTGRES_USER", SUPERUSER)
        self._container.with_env(
            "POSTGRES_INITDB_ARGS", "--data-checksums --locale-provider=builtin --builtin-locale=C.UTF-8"
        )
        self._container.with_command(["postgres", *options]).with_exposed_ports(5432).start()
        self._port = int(self._container.get_exposed_port(5432))
        wait_until(self._answers, READY_SECONDS, what="answering")

    def _answers(self) -> bool:
        try:
            # The image's start script runs a server on the socket only, so one that answers on TCP is the real one.
            return self.sql("SELECT 1") == [(1,)]
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    @property
    def process(self) -> ManagedProcess:
        """There is none to kill or freeze here."""
        raise StoreError(f"{self.name} runs in a container: a test that kills it starts PostgresServer itself")

    def stop(self) -> None:
        """Removes the container."""
        self._container.stop()

"""What a service with a database can be told; every limit has a name."""

from __future__ import annotations

import ssl
from functools import cached_property
from pathlib import Path  # noqa: TC003 - pydantic reads the annotation
from typing import Annotated, NamedTuple

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import field_validator

from myclothes_kit.settings import ServiceSettings

DEFAULT_PORT = 5432
_MAX_PORT = 65_535

Seconds = Annotated[float, Gt(0), Le(60)]


class Endpoint(NamedTuple):
    """Where one Postgres listens: a host name or address, or the directory of a unix socket; and its port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def is_socket(self) -> bool:
        """Whether the host is a unix socket's directory."""
        return self.host.startswith("/")

    @classmethod
    def parse_all(cls, text: str) -> tuple[Endpoint, ...]:
        """The endpoints of a comma-separated list such as `pg-0:5432,pg-1,[::1]:5433,/run/postgresql:5432`."""
        return tuple(dict.fromkeys(cls.parse(part.strip()) for part in text.split(",") if part.strip()))

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """One endpoint; raises ValueError."""
        host, colon, port = text.rpartition(":")
        if not colon or "]" in port or not host:
            host, port = text, str(DEFAULT_PORT)
        if not port.isdecimal() or not 0 < int(port) <= _MAX_PORT:
            raise ValueError(f"{text!r} is not host:port")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))


class DatabaseSettings(ServiceSettings):
    """Settings of a service that keeps its data in Postgres."""

    database_hosts: Annotated[str, MinLen(1)]
    """All hosts, comma-separated `host:port`; any of them may be the primary. A directory means a unix socket."""
    database_name: Annotated[str, MinLen(1)]
    database_user: Annotated[str, MinLen(1)]
    database_password_file: Path | None = None
    """Read at each new connection."""
    database_ca_file: Path | None = None
    """Certificates to check the servers' names against; none: connect without TLS."""
    database_pool_size: Annotated[int, Ge(1), Le(100)] = 4
    """Connections to the primary a process."""
    database_replica_pool_size: Annotated[int, Ge(1), Le(100)] = 4
    """Connections to each replica a process; one more to each host watches it."""
    database_pool_seconds: Seconds = 1.0
    """Waiting for a free connection."""
    database_connect_seconds: Seconds = 0.5
    """Connecting to one host; also one check of it."""
    database_statement_seconds: Seconds = 2.0
    database_lock_seconds: Seconds = 1.0
    database_transaction_seconds: Seconds = 3.0
    """A whole transaction up to its commit, by the client's clock: a frozen server keeps no time."""
    database_commit_seconds: Seconds = 2.0
    """A commit with its replication; after it the outcome is unknown."""
    database_read_seconds: Seconds = 1.5
    """One try of a read on one node."""
    database_check_seconds: Seconds = 0.25
    """Between two checks of a host."""
    database_silence_seconds: Seconds = 15.0
    """A primary that answered no check for longer may have a successor: below what is left of its lease, 18 s."""
    database_doubt_seconds: Seconds = 3.0
    """Such a primary is not used for so long after it is back; the successor, if there is one, is seen meanwhile."""
    database_lag_seconds: Seconds = 1.0
    """A replica further behind than this is left out."""
    database_operations_hours: Annotated[float, Ge(24), Le(24 * 90)] = 48
    """How long operation ids and their results are remembered."""

    @field_validator("database_hosts")
    @classmethod
    def _hosts_parse(cls, value: str) -> str:
        if not Endpoint.parse_all(value):
            raise ValueError("name at least one host")
        return value

    @cached_property
    def database_endpoints(self) -> tuple[Endpoint, ...]:
        """The parsed `database_hosts`."""
        return Endpoint.parse_all(self.database_hosts)

    def database_tls(self, name: str) -> ssl.SSLContext | None:
        """A context that verifies a server's chain and `name`, read anew so that a renewed CA is taken up."""
        if self.database_ca_file is None:
            return None
        context = _ContextFor(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=str(self.database_ca_file))
        context.name = name
        return context


class _ContextFor(ssl.SSLContext):
    """Checks the certificate against `name`, whatever address was dialled: the driver has one argument for both."""

    name: str

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: FBT001, FBT002 - as the base's
        server_hostname: str | bytes | None = None,  # noqa: ARG002 - the address
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        return super().wrap_bio(incoming, outgoing, server_side, self.name, session)

"""`python -m postgresnode.setup`: a job that brings Patroni's settings, the roles and the databases to what was asked.

Each service owns one database through a role of the same name that cannot log in. Its logins are members of that role
and act as it, so that a new login (a rotated password) owns what the old one made. It may be run again at any time.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import psycopg2  # type: ignore[import-untyped,import-not-found,unused-ignore] # the image's, without types
from psycopg2 import sql  # type: ignore[import-untyped,import-not-found,unused-ignore]

from postgresnode import restapi
from postgresnode.settings import Settings, secret

if TYPE_CHECKING:
    from typing import Any

WAIT_SECONDS = 300.0
PAUSE_SECONDS = 1.0
CONNECT_SECONDS = 3
STATEMENT_MILLISECONDS = 10_000


def connect(settings: Settings, database: str) -> Any:
    """A connection to the primary as the superuser."""
    connection = psycopg2.connect(
        host=",".join(settings.hosts),
        dbname=database,
        user="postgres",
        password=secret(settings.secrets, "superuser"),
        target_session_attrs="read-write",
        connect_timeout=CONNECT_SECONDS,
        options=f"-c statement_timeout={STATEMENT_MILLISECONDS}",
        application_name="myclothes-setup",
    )
    connection.autocommit = True
    return connection


def configure(settings: Settings) -> None:
    """Give Patroni the cluster-wide settings; it keeps the ones of its first start otherwise. Raises OSError."""
    last: OSError | None = None
    for host in settings.hosts:
        try:
            restapi.call(
                host, "/config", method="PATCH", body=settings.dynamic, password=secret(settings.secrets, "restapi")
            )
        except OSError as error:
            last = error
        else:
            return
    raise last or OSError("no hosts")


def make(cursor: Any, owner: str, login: str, password: str) -> None:
    """The role that owns, the login that acts as it, and its database."""
    names = {"owner": sql.Identifier(owner), "login": sql.Identifier(login)}
    for role, kind in ((owner, "NOLOGIN"), (login, "LOGIN")):
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE ROLE {} " + kind).format(sql.Identifier(role)))
    # replicas show how far they are only to members of pg_monitor
    cursor.execute(sql.SQL("GRANT pg_monitor TO {owner}").format(**names))
    cursor.execute(sql.SQL("GRANT {owner} TO {login}").format(**names))
    cursor.execute(sql.SQL("ALTER ROLE {login} SET role TO {owner}").format(**names))
    cursor.execute(sql.SQL("ALTER ROLE {login} LOGIN PASSWORD {}").format(sql.Literal(password), **names))
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (owner,))
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE DATABASE {owner} OWNER {owner}").format(**names))
    cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {owner} FROM PUBLIC").format(**names))


def run(settings: Settings) -> None:
    """All of it; raises OSError or psycopg2.Error."""
    # first: they say whether the commits below wait for a replica
    configure(settings)
    print("Patroni has the settings", flush=True)  # noqa: T201
    connection = connect(settings, "postgres")
    try:
        with connection.cursor() as cursor:
            for service in settings.services:
                login = secret(settings.secrets, f"{service}-username")
                make(cursor, service, login, secret(settings.secrets, f"{service}-password"))
                print(f"database {service}: login {login} is set", flush=True)  # noqa: T201 - the job's log
    finally:
        connection.close()


def main() -> int:
    """Exit code 0 when all is as asked; tries again for WAIT_SECONDS, as the first start takes a while."""
    settings = Settings.from_environment()
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            run(settings)
        except (OSError, psycopg2.Error) as error:
            print(f"not yet: {str(error).strip()}", file=sys.stderr, flush=True)  # noqa: T201
            if time.monotonic() > end:
                return 1
            time.sleep(PAUSE_SECONDS)
        else:
            return 0


if __name__ == "__main__":
    sys.exit(main())

"""Patroni's configuration of one pod, as the mapping that becomes its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postgresnode.settings import POSTGRES_PORT, RESTAPI_PORT, RESTAPI_USER, secret

if TYPE_CHECKING:
    from postgresnode.settings import Settings

DATA = "/data/pgdata"
SOCKETS = "/run/postgresql"
EVERYWHERE = "0.0.0.0/0"


def patroni(settings: Settings) -> dict[str, Any]:
    """Everything that Patroni is told; JSON is YAML, so it is written as JSON."""
    return {
        "scope": settings.scope,
        "name": settings.name,
        "kubernetes": {
            "namespace": settings.namespace,
            "labels": settings.labels,
            "scope_label": "myclothes.dev/cluster",
            "role_label": "myclothes.dev/role",
            "leader_label_value": "primary",
            "follower_label_value": "replica",
            "standby_leader_label_value": "primary",
            "use_endpoints": False,
            "pod_ip": settings.address,
        },
        "restapi": {
            "listen": f"0.0.0.0:{RESTAPI_PORT}",
            "connect_address": f"{settings.address}:{RESTAPI_PORT}",
            "authentication": {"username": RESTAPI_USER, "password": secret(settings.secrets, "restapi")},
        },
        "bootstrap": {
            "dcs": settings.dynamic,
            "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
        },
        "postgresql": {
            "listen": f"0.0.0.0:{POSTGRES_PORT}",
            "connect_address": f"{settings.address}:{POSTGRES_PORT}",
            "data_dir": DATA,
            "bin_dir": "/usr/lib/postgresql/17/bin",
            "pgpass": "/tmp/pgpass",  # noqa: S108 - the pod's own emptyDir
            # a new replica copies at once rather than at the next checkpoint, minutes later
            "basebackup": [{"checkpoint": "fast"}],
            "parameters": {"unix_socket_directories": SOCKETS},
            "pg_hba": [
                "local all all scram-sha-256",
                f"host replication replication {EVERYWHERE} scram-sha-256",
                f"host all postgres {EVERYWHERE} scram-sha-256",
                # a service's logins are members of the role that is named as its database
                *(f"host {name} +{name} {EVERYWHERE} scram-sha-256" for name in settings.services),
            ],
            "authentication": {
                "superuser": {"username": "postgres", "password": secret(settings.secrets, "superuser")},
                "replication": {"username": "replication", "password": secret(settings.secrets, "replication")},
            },
        },
    }

"""What the chart tells the Postgres pods and their setup job."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

RESTAPI_PORT = 8008
POSTGRES_PORT = 5432
RESTAPI_USER = "patroni"


def secret(folder: Path, name: str) -> str:
    """A password from a mounted Secret; raises OSError."""
    return (folder / name).read_text(encoding="utf-8").strip()


@dataclass(frozen=True)
class Settings:
    """One pod's or job's view. `dynamic` is what Patroni keeps for the whole cluster, in its own words."""

    scope: str
    namespace: str
    name: str
    address: str
    labels: dict[str, str]
    hosts: tuple[str, ...]
    dynamic: dict[str, Any]
    secrets: Path
    services: tuple[str, ...]

    @classmethod
    def from_environment(cls) -> Self:
        """Read NODE_…."""
        env = os.environ
        return cls(
            scope=env["NODE_SCOPE"],
            namespace=env["NODE_NAMESPACE"],
            name=env["NODE_NAME"],
            address=env["NODE_ADDRESS"],
            labels=json.loads(env["NODE_LABELS"]),
            hosts=tuple(env["NODE_HOSTS"].split(",")),
            dynamic=json.loads(env["NODE_DYNAMIC"]),
            secrets=Path(env["NODE_SECRETS"]),
            services=tuple(env["NODE_SERVICES"].split(",")),
        )

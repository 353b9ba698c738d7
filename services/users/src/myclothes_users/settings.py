"""What the users service can be told, from `USERS_*`."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Le
from pydantic_settings import SettingsConfigDict

from myclothes_kit.postgres import DatabaseSettings
from myclothes_kit.settings import Port  # noqa: TC001 - pydantic reads the annotation


class UsersSettings(DatabaseSettings):
    """Settings of the users service."""

    model_config = SettingsConfigDict(env_prefix="USERS_")

    port: Port = 8082
    hash_threads: Annotated[int, Ge(1), Le(64)] = 2
    """Passwords hashed at the same time; each takes `hash_memory_kib` and about 26 ms of a core."""
    hash_queue: Annotated[int, Ge(0), Le(1000)] = 8
    """Requests that may wait for a hash; more are refused with 429."""
    hash_memory_kib: Annotated[int, Ge(8), Le(1_048_576)] = 19_456
    hash_rounds: Annotated[int, Ge(1), Le(100)] = 2
    max_addresses: Annotated[int, Ge(1), Le(1000)] = 20
    """Addresses an account keeps at most."""

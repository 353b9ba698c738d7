"""What the shop can be told, as SHOP_… in the environment."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads it when the class is made
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from myclothes_kit.postgres import DatabaseSettings
from myclothes_kit.valkey.nodes import parse


class ShopSettings(DatabaseSettings):
    """Settings of the shop; the database's are described in the kit."""

    model_config = SettingsConfigDict(env_prefix="SHOP_", frozen=True, extra="forbid")

    port: Annotated[int, Field(ge=1, le=65535)] = 8083
    # an order of a merged cart may have a thousand lines
    max_body_bytes: Annotated[int, Field(ge=1024)] = 262_144
    database_name: Annotated[str, Field(min_length=1)] = "shop"
    database_user: Annotated[str, Field(min_length=1)] = "shop"

    cache_url: str | None = None
    """The cache, valkey://host:port, or valkeys:// for TLS; none: no cache."""
    cache_username: str | None = None
    cache_password_file: Path | None = None
    """Read at each new connection."""
    cache_ca_file: Path | None = None
    """Certificates that the cache's own is checked against; the system's when not set."""
    cache_timeout_seconds: Annotated[float, Field(gt=0, le=0.05)] = 0.05
    """How long a request waits for the cache, three times as long where CPU is short: without it more would be used."""
    cache_ttl_seconds: Annotated[float, Field(gt=0, le=60)] = 3.0
    """How old catalogue data from the cache can be before it is renewed."""
    cache_stale_seconds: Annotated[float, Field(ge=0, le=600)] = 10.0
    """How much older it can be while it is being renewed: nobody waits for that."""

    cart_url: Annotated[str, Field(pattern=r"^https?://[^/]+$")] = "http://127.0.0.1:8081"
    """Where the outbox tells what was ordered."""
    outbox_poll_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    """Between two looks for what other replicas have left; a replica's own orders are sent at once."""
    outbox_lease_seconds: Annotated[float, Field(ge=2, le=300)] = 5.0
    """How long a row belongs to the replica that took it; longer than one call of the cart."""
    outbox_park_days: Annotated[float, Field(ge=1, le=13)] = 7.0
    """After this a row is given up for people to look at; less than the 14 days for which a cart remembers takes."""

    @field_validator("cache_url")
    @classmethod
    def _names_one_node(cls, value: str | None) -> str | None:
        if value is not None and parse(value).node is None:
            raise ValueError("the cache is one node: valkey://host:port or valkeys://host:port")
        return value

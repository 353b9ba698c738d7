"""What the cart service can be told: environment variables CART_…"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from myclothes_kit.settings import Port, ServiceSettings
from myclothes_kit.valkey.nodes import parse

Days = Annotated[int, Field(ge=1, le=3650)]


class CartSettings(ServiceSettings):
    """The cart service's settings."""

    model_config = SettingsConfigDict(env_prefix="CART_", frozen=True, extra="forbid")

    port: Port = 8081
    # a take of as many lines as an order may have
    max_body_bytes: Annotated[int, Field(ge=1024)] = 131_072

    valkey_url: str = "valkey://127.0.0.1:6379"
    """valkey://host:port, or sentinel://host1:port,host2:port/NAME; valkeys:// and sentinels:// speak TLS."""
    valkey_username: str | None = None
    valkey_password_file: Path | None = None
    valkey_ca_file: Path | None = None
    """Certificates that the store's own is checked against; the system's when not set."""
    ack_replicas: Annotated[int, Field(ge=0, le=8)] = 1
    """Replicas that must have a write before it is acknowledged; 0 promises nothing beyond the one node."""
    ack_timeout_ms: Annotated[int, Field(ge=10, le=500)] = 150
    store_wait_seconds: Annotated[float, Field(gt=0, le=10)] = 1.0
    """How long a call waits for a primary while there is none."""

    max_lines: Annotated[int, Field(ge=1, le=1000)] = 100
    max_quantity: Annotated[int, Field(ge=1, le=100_000)] = 99
    max_sku_length: Annotated[int, Field(ge=1, le=64)] = 64
    guest_retention_days: Days = 30
    account_retention_days: Days = 365

    change_memory_seconds: Annotated[int, Field(ge=900)] = 900
    """How long at least an operation id is remembered."""
    take_memory_seconds: Annotated[int, Field(ge=900)] = 14 * 86_400
    """The same for takes, which are repeated until they are answered: as long as orders may repeat them."""
    max_remembered_changes: Annotated[int, Field(ge=10, le=10_000)] = 1000

    @field_validator("valkey_url")
    @classmethod
    def _addresses(cls, url: str) -> str:
        parse(url)
        return url

"""What the gateway can be told, under the prefix GATEWAY_."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path  # noqa: TC003 - pydantic reads it at run time
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from myclothes_kit.settings import OptionalPort, Port, ServiceSettings
from myclothes_kit.valkey.nodes import parse

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")
Seconds = Annotated[float, Field(gt=0, le=60)]


class GatewaySettings(ServiceSettings):
    """Addresses of the other services, the public origin, sessions, limits."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True, extra="forbid")

    port: Port = 8080
    metrics_port: OptionalPort = 0

    public_origin: str = "http://127.0.0.1:8080"
    """Scheme, host and port that shoppers see; decides the cookie's form and which Origin may write."""
    insecure: bool = False
    """Allow an http origin that is not loopback; for trying things out, never for shoppers."""
    signing_keys_file: Path
    """The ring of keys that sign cookies: one a line, newest first, 32 characters or more each."""
    picture_origins: tuple[str, ...] = ()
    """Other origins that pictures of an imported catalogue come from, as a JSON list."""
    session_days: Annotated[int, Field(ge=1, le=365)] = 30

    cart_url: str = "http://127.0.0.1:8081"
    users_url: str = "http://127.0.0.1:8082"
    shop_url: str = "http://127.0.0.1:8083"
    valkey_url: str = "valkey://127.0.0.1:6379"
    """Sessions and limits: one node, or `sentinel://host:port,…/name`."""
    valkey_username: str | None = None
    valkey_password_file: Path | None = None
    valkey_ca_file: Path | None = None
    ack_replicas: Annotated[int, Field(ge=0, le=5)] = 1
    """Replicas that must have a session's record before a login is answered; 0 for a single node."""
    upstream_connect_seconds: Seconds = 0.3
    upstream_read_seconds: Seconds = 1.0
    deadline_seconds: Seconds = 4.5
    """For a request, with all its calls of other services and the store and their repeats: answered within 5 s."""
    upstream_connections: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Requests under way to one other service; one more is refused, so that its outage stays its own."""

    erasure_sweep_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Between two looks for erasures that cart or shop have not confirmed."""

    carts: Literal["service", "cookie", "memory"] = "service"
    """Where carts are kept: in the cart service, in a signed cookie, or in this process."""
    memory_carts: Annotated[int, Field(ge=1)] = 10_000
    """Carts kept by `memory`; the one not used for longest goes first."""
    cart_lines: Annotated[int, Field(ge=1, le=1000)] = 100
    """Lines of a cart, for `cookie` and `memory`; the cart service has its own limit."""
    cart_quantity: Annotated[int, Field(ge=1, le=99)] = 99

    max_concurrent: Annotated[int, Field(ge=1)] = 256
    """Requests that this replica works on at once; one more gets a 503."""
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    """How many proxies of our own stand in front and append to X-Forwarded-For."""
    browsing_per_minute: Annotated[int, Field(ge=1)] = 1200
    """Requests of one address to one replica."""
    logins_per_account: Annotated[int, Field(ge=1)] = 10
    """Login attempts for one e-mail in `login_window_seconds`."""
    logins_per_address: Annotated[int, Field(ge=1)] = 60
    registrations_per_address: Annotated[int, Field(ge=1)] = 20
    login_window_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900

    @field_validator("public_origin")
    @classmethod
    def _public_is_an_origin(cls, value: str) -> str:
        return _origin(value)

    @field_validator("valkey_url")
    @classmethod
    def _names_a_store(cls, value: str) -> str:
        parse(value)
        return value

    @field_validator("picture_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_origin(origin) for origin in value)

    @model_validator(mode="after")
    def _is_secure(self) -> Self:
        parts = urlsplit(self.public_origin)
        if parts.scheme == "http" and not self.insecure and not _is_loopback(parts.hostname or ""):
            raise ValueError("an http PUBLIC_ORIGIN that is not loopback needs GATEWAY_INSECURE=true")
        return self

    @property
    def secure(self) -> bool:
        """Whether shoppers come by https."""
        return self.public_origin.startswith("https:")


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value) or not urlsplit(value).hostname:
        raise ValueError("give scheme, host and port alone, as in https://shop.example")
    return value.lower()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

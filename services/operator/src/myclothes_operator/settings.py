"""What the operator can be told: environment variables OPERATOR_…"""

from __future__ import annotations

import socket
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from myclothes_kit.settings import Port, ServiceSettings


class OperatorSettings(ServiceSettings):
    """The operator's settings; it serves nothing but its metrics port."""

    model_config = SettingsConfigDict(env_prefix="OPERATOR_", frozen=True, extra="forbid")

    metrics_port: Port = 9084
    namespace: Annotated[str, Field(min_length=1)]
    """The one namespace in which it acts."""
    selector: Annotated[str, Field(min_length=1)]
    """Labels of the release's objects, as `name=value,name=value`."""

    lease: str = "myclothes-operator"
    """Name of the Lease by which one of several operators is the one that acts."""
    identity: str = Field(default_factory=socket.gethostname)
    """This operator's name in it."""

    valkey_hosts: str = ""
    """The pods of the cart store as `pod@host:port:sentinel_port,…`; none when the store is not the chart's own."""
    valkey_primary_name: str = "carts"
    valkey_username: str = "operator"
    valkey_password_file: Path | None = None

    ledger: str = ""
    """Name of the CronJob that practice makes the ledger's jobs of; empty: there is none, and no practice."""
    alertmanager: str = ""
    """Alertmanager's address, as http://host:port; empty: practice asks for no alerts."""

    patroni_hosts: str = ""
    """The pods of the user store as `pod@host:port,…`; none when the store is not the chart's own."""
    patroni_username: str = "patroni"
    patroni_password_file: Path | None = None

    @field_validator("valkey_hosts")
    @classmethod
    def _valkey(cls, text: str) -> str:
        hosts(text, ports=2)
        return text

    @field_validator("patroni_hosts")
    @classmethod
    def _patroni(cls, text: str) -> str:
        hosts(text, ports=1)
        return text


def hosts(text: str, *, ports: int) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
    """Pod, host and ports of each entry of `pod@host:port…,…`; raises ValueError."""
    found = []
    for entry in filter(None, text.split(",")):
        pod, _, place = entry.partition("@")
        host, *numbers = place.split(":")
        if not (pod and host and len(numbers) == ports and all(number.isdigit() for number in numbers)):
            raise ValueError(f"{entry!r} is not pod@host{':port' * ports}")
        found.append((pod, host, tuple(int(number) for number in numbers)))
    return tuple(found)

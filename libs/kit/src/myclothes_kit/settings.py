"""Settings from the environment: frozen, typed, unknown names refused, secrets read from files."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Port = Annotated[int, Field(ge=1, le=65535)]
OptionalPort = Annotated[int, Field(ge=0, le=65535)]
EXIT_MISCONFIGURED = 2


class ServiceSettings(BaseSettings):
    """What every service can be told. A service subclasses it with its own prefix and fields."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: Port = 8000
    metrics_port: OptionalPort = 0
    """Port of the Prometheus metrics; 0 serves none."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    access_log: Literal["all", "problems"] = "problems"
    """Which requests get a log line: all, or those that failed on our side or were slow."""
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = 0.0
    """Seconds between turning unready and closing the listener on SIGTERM, for endpoints to be withdrawn."""
    shutdown_seconds: Annotated[float, Field(ge=0, le=300)] = 10.0
    """Seconds that open requests get to finish after the listener is closed."""
    body_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0
    """Seconds that a client gets to send a request's headers, and again its body."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 65_536


S = TypeVar("S", bound=ServiceSettings)


def load(cls: type[S]) -> S:
    """Read and check the settings of a service; on a mistake print one line a variable and exit with code 2."""
    complaints = [f"{name}: unknown; is it a typing mistake?" for name in _unknown(cls)]
    try:
        settings = cls()
    except ValidationError as error:
        prefix = cls.model_config.get("env_prefix", "")
        complaints += [
            f"{prefix}{'_'.join(str(part) for part in problem['loc'])}".upper() + f": {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        settings = None
    if settings is None or complaints:
        print("\n".join(complaints), file=sys.stderr)  # noqa: T201 - logs are not configured yet
        raise SystemExit(EXIT_MISCONFIGURED)
    return settings


def _unknown(cls: type[ServiceSettings]) -> Iterator[str]:
    """Names under the service's prefix that no field reads: pydantic ignores them in the environment."""
    prefix = cls.model_config.get("env_prefix", "").upper()
    known = {f"{prefix}{name}".upper() for name in cls.model_fields}
    return (name for name in sorted(os.environ) if prefix and name.startswith(prefix) and name not in known)


def read_secret(path: Path | None) -> str | None:
    """The secret in a file, without surrounding white space; None for no file.

    Called at each new connection rather than once, so that a rotated secret needs no restart.
    Raises OSError when the file cannot be read.
    """
    return None if path is None else path.read_text(encoding="utf-8").strip()

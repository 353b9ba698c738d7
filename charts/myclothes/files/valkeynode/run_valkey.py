"""`python -m valkeynode.run_valkey`: writes the configuration and becomes valkey-server."""

from __future__ import annotations

import os

from valkeynode import configuration
from valkeynode.settings import Settings


def main() -> None:
    """Never returns."""
    settings = Settings.from_environment()
    accepted = configuration.Passwords(settings.secrets).read()
    configuration.write(settings.run / "users.acl", configuration.users(accepted))
    path = settings.run / "valkey.conf"
    configuration.write(path, configuration.valkey(settings))
    os.execlp("valkey-server", "valkey-server", str(path))  # noqa: S606, S607 - becomes the server, found on PATH


if __name__ == "__main__":
    main()

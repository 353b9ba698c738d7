"""`python -m postgresnode.run`: writes Patroni's configuration and becomes patroni."""

from __future__ import annotations

import json
import os
from pathlib import Path

from postgresnode import configuration
from postgresnode.settings import Settings

FILE = Path(configuration.SOCKETS) / "patroni.json"


def main() -> None:
    """Never returns."""
    settings = Settings.from_environment()
    FILE.touch(mode=0o600)
    FILE.write_text(json.dumps(configuration.patroni(settings)), encoding="utf-8")
    os.execlp("patroni", "patroni", str(FILE))  # noqa: S606, S607 - becomes the server, found on PATH


if __name__ == "__main__":
    main()

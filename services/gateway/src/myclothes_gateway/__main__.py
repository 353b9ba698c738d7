"""The gateway's commands: serve (the default), or print the API's OpenAPI document."""

from __future__ import annotations

import argparse
import sys

import msgspec

from myclothes_gateway.api.openapi import document
from myclothes_gateway.app import create_app
from myclothes_gateway.cookies import SESSION
from myclothes_gateway.sessions.keyring import KeyringInvalidError
from myclothes_gateway.settings import GatewaySettings
from myclothes_kit import logs, server, settings
from myclothes_kit.health import Readiness


def main() -> None:
    """Run the command that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m myclothes_gateway", description=__doc__)
    parser.add_argument("command", nargs="?", choices=("serve", "openapi"), default="serve")
    if parser.parse_args().command == "openapi":
        encoded = msgspec.json.format(msgspec.json.encode(document(f"__Host-{SESSION}")), indent=2)
        print(encoded.decode())
        return
    serve()


def serve() -> None:
    """Serve until SIGTERM; exits with code 2 when a setting is wrong."""
    chosen = settings.load(GatewaySettings)
    logs.configure("gateway", chosen.log_level, chosen.log_format)
    readiness = Readiness()
    try:
        app = create_app(chosen, readiness)
    except (KeyringInvalidError, OSError) as error:
        print(f"GATEWAY_SIGNING_KEYS_FILE: {error}", file=sys.stderr)
        raise SystemExit(settings.EXIT_MISCONFIGURED) from None
    server.run(app, chosen, readiness)


if __name__ == "__main__":
    main()

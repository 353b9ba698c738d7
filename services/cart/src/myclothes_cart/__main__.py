"""`python -m myclothes_cart`: the cart service, told by CART_… variables."""

from __future__ import annotations

from myclothes_cart.app import create_app
from myclothes_cart.settings import CartSettings
from myclothes_kit import logs, server
from myclothes_kit.health import Readiness
from myclothes_kit.settings import load


def main() -> None:
    """Serve until SIGTERM."""
    settings = load(CartSettings)
    logs.configure("cart", settings.log_level, settings.log_format)
    readiness = Readiness()
    server.run(create_app(settings, readiness), settings, readiness)


if __name__ == "__main__":
    main()

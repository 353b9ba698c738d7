"""What the handlers of pages and API work with, read from `request.state`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from myclothes_kit.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from myclothes_gateway.accounts import Accounts
    from myclothes_gateway.assets import Assets
    from myclothes_gateway.basket import Basket
    from myclothes_gateway.catalogue import Catalogue
    from myclothes_gateway.orders import Orders
    from myclothes_gateway.settings import GatewaySettings


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one gateway process. A request's session comes from `sessions.current(request)`."""

    settings: GatewaySettings
    assets: Assets
    basket: Basket
    catalogue: Catalogue
    accounts: Accounts
    orders: Orders


def services(request: Request) -> Services:
    """The services behind a request's handler."""
    found = request.state.services
    if not isinstance(found, Services):
        raise Problem
    return found

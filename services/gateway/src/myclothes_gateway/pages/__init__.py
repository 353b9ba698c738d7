"""The storefront: its routes, and its page for a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from myclothes_gateway.pages import account, addresses, cart, catalogue, checkout, orders
from myclothes_gateway.pages.errors import show_problem
from myclothes_gateway.pages.resending import resendable

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

__all__ = ["routes", "show_problem"]

_POST = ["POST"]


def routes() -> list[BaseRoute]:
    """The pages' routes."""
    return [
        Route("/", catalogue.home),
        Route("/search", catalogue.search),
        Route("/categories/{slug}", catalogue.category),
        Route("/products/{handle}", catalogue.product),
        Route("/cart", cart.cart),
        Route("/cart/lines", resendable(cart.add), methods=_POST),
        Route("/cart/lines/{sku}", resendable(cart.change), methods=_POST),
        Route("/cart/lines/{sku}/remove", resendable(cart.remove), methods=_POST),
        Route("/checkout", checkout.checkout),
        Route("/checkout", checkout.place, methods=_POST),
        Route("/register", account.register_form),
        Route("/register", account.register, methods=_POST),
        Route("/login", account.login_form),
        Route("/login", account.login, methods=_POST),
        Route("/logout", resendable(account.logout), methods=_POST),
        Route("/account", account.account),
        Route("/account", account.change, methods=_POST),
        Route("/account/export", account.export),
        Route("/account/delete", resendable(account.delete), methods=_POST),
        Route("/account/addresses/new", addresses.new),
        Route("/account/addresses", addresses.save, methods=_POST),
        Route("/account/addresses/{address_id}", addresses.edit),
        Route("/account/addresses/{address_id}", addresses.save, methods=_POST),
        Route("/account/addresses/{address_id}/delete", resendable(addresses.delete), methods=_POST),
        Route("/orders/{number}", orders.order),
        Route("/orders/{number}/cancel", resendable(orders.cancel), methods=_POST),
    ]

"""What the API offers: one table that its routes, its OpenAPI document and its reference page come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from myclothes_gateway import inputs, models
from myclothes_gateway.api import handlers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

PREFIX = "/api/v1"
SAFE = frozenset({"GET"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A call of the API.

    `answer` is the type of the success' body, None for 204. `refusals` are the statuses that are this call's own;
    those of every call, every write and every body are added by `statuses`.
    """

    method: str
    path: str
    name: str
    summary: str
    handler: Callable[[Request], Awaitable[Response]]
    answer: Any = None
    success: int = 200
    body: Any = None
    query: Any = None
    refusals: tuple[int, ...] = ()
    login: bool = False
    sets_cookie: bool = False
    group: str = "Catalogue"

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method not in SAFE

    def statuses(self) -> list[int]:
        """Every status that it may answer."""
        found = {self.success, 429, 500, 502, 503, *self.refusals}
        if self.query is not None:
            found.add(422)
        if self.writes:
            found |= {400, 403, 408, 413, 422}
        if self.body is not None:
            found.add(415)
        if self.login:
            found.add(401)
        return sorted(found)


OPERATIONS = (
    Operation(
        method="GET",
        path="/products",
        name="listProducts",
        summary="A page of products, found and narrowed",
        handler=handlers.products,
        answer=models.SummaryPage,
        query=inputs.ProductQuery,
        refusals=(400, 404),
    ),
    Operation(
        method="GET",
        path="/products/{handle}",
        name="getProduct",
        summary="A product with its variants",
        handler=handlers.product,
        answer=models.Product,
        refusals=(400, 404, 422),
    ),
    Operation(
        method="GET",
        path="/cart",
        name="getCart",
        summary="The session's cart, priced",
        handler=handlers.cart,
        answer=models.CartView,
        refusals=(422,),
        group="Cart",
    ),
    Operation(
        method="POST",
        path="/cart/lines",
        name="addToCart",
        summary="Put an article into the cart",
        handler=handlers.add_line,
        answer=models.CartView,
        body=inputs.LineInput,
        sets_cookie=True,
        group="Cart",
    ),
    Operation(
        method="PUT",
        path="/cart/lines/{sku}",
        name="setQuantity",
        summary="Set a line's quantity; 0 removes it",
        handler=handlers.set_line,
        answer=models.CartView,
        body=inputs.QuantityInput,
        sets_cookie=True,
        group="Cart",
    ),
    Operation(
        method="DELETE",
        path="/cart/lines/{sku}",
        name="removeLine",
        summary="Remove a line, also when there is none",
        handler=handlers.remove_line,
        answer=models.CartView,
        group="Cart",
    ),
    Operation(
        method="POST",
        path="/account",
        name="register",
        summary="Open an account and log in",
        handler=handlers.register,
        answer=models.AccountView,
        success=201,
        body=inputs.Registration,
        refusals=(409,),
        sets_cookie=True,
        group="Account",
    ),
    Operation(
        method="GET",
        path="/account",
        name="getAccount",
        summary="The account that is logged in",
        handler=handlers.account,
        answer=models.AccountView,
        refusals=(404,),
        login=True,
        group="Account",
    ),
    Operation(
        method="PATCH",
        path="/account",
        name="changeAccount",
        summary="Change name, e-mail or password; the last two end all other sessions",
        handler=handlers.change_account,
        answer=models.AccountView,
        body=inputs.AccountChanges,
        refusals=(404, 409),
        login=True,
        group="Account",
    ),
    Operation(
        method="DELETE",
        path="/account",
        name="deleteAccount",
        summary="Delete the account, its cart and the personal data of its orders",
        handler=handlers.delete_account,
        success=204,
        refusals=(404,),
        login=True,
        group="Account",
    ),
    Operation(
        method="GET",
        path="/account/export",
        name="exportAccount",
        summary="Everything that is kept about the person",
        handler=handlers.export_account,
        answer=dict[str, Any],
        refusals=(404, 422),
        login=True,
        group="Account",
    ),
    Operation(
        method="GET",
        path="/account/addresses",
        name="listAddresses",
        summary="The account's addresses",
        handler=handlers.addresses,
        answer=models.Addresses,
        refusals=(404,),
        login=True,
        group="Account",
    ),
    Operation(
        method="POST",
        path="/account/addresses",
        name="addAddress",
        summary="Add an address",
        handler=handlers.add_address,
        answer=models.Address,
        success=201,
        body=inputs.AddressInput,
        refusals=(404, 409),
        login=True,
        group="Account",
    ),
    Operation(
        method="PUT",
        path="/account/addresses/{address_id}",
        name="replaceAddress",
        summary="Replace an address",
        handler=handlers.replace_address,
        answer=models.Address,
        body=inputs.AddressInput,
        refusals=(404,),
        login=True,
        group="Account",
    ),
    Operation(
        method="DELETE",
        path="/account/addresses/{address_id}",
        name="deleteAddress",
        summary="Forget an address",
        handler=handlers.delete_address,
        success=204,
        refusals=(404,),
        login=True,
        group="Account",
    ),
    Operation(
        method="POST",
        path="/session",
        name="logIn",
        summary="Log in; the guest's cart is merged into the account's",
        handler=handlers.log_in,
        answer=models.AccountView,
        body=inputs.Credentials,
        refusals=(401,),
        sets_cookie=True,
        group="Session",
    ),
    Operation(
        method="DELETE",
        path="/session",
        name="logOut",
        summary="Log out",
        handler=handlers.log_out,
        success=204,
        sets_cookie=True,
        group="Session",
    ),
    Operation(
        method="POST",
        path="/orders",
        name="placeOrder",
        summary="Order what is in the cart",
        handler=handlers.place_order,
        answer=models.Order,
        success=201,
        body=inputs.OrderInput,
        refusals=(401, 404, 409),
        sets_cookie=True,
        group="Orders",
    ),
    Operation(
        method="GET",
        path="/orders",
        name="listOrders",
        summary="The session's orders, newest first",
        handler=handlers.orders,
        answer=models.OrderPage,
        query=inputs.OrdersQuery,
        refusals=(400,),
        group="Orders",
    ),
    Operation(
        method="GET",
        path="/orders/{number}",
        name="getOrder",
        summary="An order",
        handler=handlers.order,
        answer=models.Order,
        refusals=(404, 422),
        group="Orders",
    ),
    Operation(
        method="POST",
        path="/orders/{number}/cancel",
        name="cancelOrder",
        summary="Cancel an order that has not been shipped",
        handler=handlers.cancel_order,
        answer=models.Order,
        refusals=(404, 409),
        group="Orders",
    ),
)


def routes() -> list[Route]:
    """The API's routes."""
    return [Route(PREFIX + each.path, each.handler, methods=[each.method], name=each.name) for each in OPERATIONS]

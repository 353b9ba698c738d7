"""What one shopper finds out alone: what a growing cart costs each request, and whether the browser can cheat."""

import base64
from contextlib import suppress
from http import HTTPStatus

from myclothes_cluster.customer import Customer
from myclothes_ladder.figures import Forgeries, Weight
from myclothes_rig.errors import RigError
from myclothes_rig.waiting import wait_for

SIZES = (1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100)
CART_COOKIE = "myclothes-cart"
ALTERED = 64
CART_LINES = 3
PAGE = 100
ADD_SECONDS = 30.0


def skus(origin: str, count: int) -> list[str]:
    """So many articles of which there are enough. Raises RigError when the shop has fewer."""
    visitor = Customer(origin)
    found: list[str] = []
    for item in visitor.call("GET", f"/api/v1/products?limit={PAGE}")[1]["items"]:
        product = visitor.call("GET", f"/api/v1/products/{item['handle']}")[1]
        found += [variant["sku"] for variant in product["variants"] if variant["available"]]
        if len(found) >= count:
            return found[:count]
    raise RigError(f"the shop sells {len(found)} articles, {count} are needed: import the sample catalogue")


def weigh(origin: str, articles: list[str]) -> tuple[list[Weight], int | None]:
    """The cookies' bytes a request as the cart grows line by line, and the line at which it was full."""
    customer = Customer(origin)
    weights: list[Weight] = []
    for lines, sku in enumerate(articles, 1):
        if _add(customer, sku) != HTTPStatus.OK:
            return weights, lines
        if lines in SIZES:
            weights.append(Weight(lines, len(f"Cookie: {customer.cookie}\r\n")))
    return weights, None


def forge(origin: str, articles: list[str]) -> Forgeries:
    """Try cart cookies with one bit changed, another session's, and this session's older ones."""
    customer, other = Customer(origin), Customer(origin)
    older: list[str] = []
    for sku in articles[:CART_LINES]:
        for one in (customer, other):
            _add(one, sku)
        older.append(customer.cookies[CART_COOKIE])
    honest = older.pop()
    raw = _decoded(honest)
    altered = []
    for place in range(ALTERED):
        at = place * len(raw) // ALTERED
        altered.append(_encoded(raw[:at] + bytes([raw[at] ^ 1 << place % 8]) + raw[at + 1 :]))
    others = [other.cookies[CART_COOKIE]]
    return Forgeries(
        altered=len(altered),
        altered_refused=sum(_is_refused(customer, value) for value in altered),
        of_others=len(others),
        of_others_refused=sum(_is_refused(customer, value) for value in others),
        older=len(older),
        older_refused=sum(_is_refused(customer, value) for value in older),
    )


def _add(customer: Customer, sku: str) -> int:
    """The status of an add; set to one, so that it may be repeated while a shop that has just begun is busy."""
    found: list[int] = []

    def answered() -> bool:
        with suppress(OSError, ValueError):
            found.append(customer.call("PUT", f"/api/v1/cart/lines/{sku}", {"quantity": 1})[0])
        return bool(found) and found[-1] < HTTPStatus.INTERNAL_SERVER_ERROR

    wait_for(f"the shop to take {sku} or refuse it", answered, seconds=ADD_SECONDS)
    return found[-1]


def _is_refused(customer: Customer, value: str) -> bool:
    """Whether a cart cookie is refused; raises RigError for an answer that is neither a cart nor that refusal."""
    kept = dict(customer.cookies)
    customer.cookies[CART_COOKIE] = value
    status, answer = customer.call("GET", "/api/v1/cart")
    customer.cookies = kept
    if status == HTTPStatus.OK:
        return False
    if status == HTTPStatus.UNPROCESSABLE_ENTITY and answer["code"] == "cart_cookie_refused":
        return True
    raise RigError(f"a forged cart cookie is answered with {status}: {answer}")


def _decoded(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

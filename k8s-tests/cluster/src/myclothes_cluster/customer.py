"""One customer with an account and a cart, by the shop's public API: what must still be theirs after an operation."""

import http.client
import json
import secrets
import urllib.parse
from http import HTTPStatus
from typing import Any

from myclothes_rig.errors import RigError

ANSWER_SECONDS = 5.0
ADDRESS = {
    "name": "A Customer",
    "line1": "1 Main Street",
    "city": "Dublin",
    "region": "Co. Dublin",
    "postal_code": "D02 X285",
    "country": "IE",
}


class Customer:
    """A session at one ingress. `host` is the name the shop is asked by, the ingress' own without one."""

    def __init__(self, origin: str, *, host: str = "", cookie: str = "") -> None:
        self._origin = urllib.parse.urlsplit(origin)
        self._host = host
        self.cookies = dict(part.split("=", 1) for part in cookie.split("; ") if part)
        self.email = f"{secrets.token_hex(8)}@example.com"

    @property
    def cookie(self) -> str:
        """All cookies, as they are sent."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def at(self, origin: str) -> "Customer":
        """The same browser, at another ingress."""
        other = Customer(origin, host=self._host)
        other.cookies, other.email = self.cookies, self.email
        return other

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON of one request; cookies are kept as a browser does. Raises OSError."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
        if self._host:
            headers["Host"] = self._host
        if self.cookie:
            headers["Cookie"] = self.cookie
        connection = http.client.HTTPConnection(self._origin.netloc, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        for given in answer.headers.get_all("Set-Cookie", ()):
            name, _, value = given.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, json.loads(text) if text else None

    def register(self) -> None:
        """Open an account, and be logged in. Raises RigError for a refusal."""
        registration = {"email": self.email, "password": secrets.token_urlsafe(16), "name": "A Customer"}
        status, answer = self.call("POST", "/api/v1/account", registration)
        if status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            raise RigError(f"registering answers {status}: {answer}")

    def add(self) -> str:
        """Put the first article that can be had into the cart and return its sku. Raises RigError for a refusal."""
        for item in self.call("GET", "/api/v1/products?limit=20")[1]["items"]:
            for variant in self.call("GET", f"/api/v1/products/{item['handle']}")[1]["variants"]:
                if not variant["available"]:
                    continue
                status, answer = self.call("POST", "/api/v1/cart/lines", {"sku": variant["sku"], "quantity": 1})
                if status != HTTPStatus.OK:
                    raise RigError(f"adding {variant['sku']} answers {status}: {answer}")
                return str(variant["sku"])
        raise RigError("there is nothing to buy")

    def skus(self) -> set[str]:
        """What is in the cart."""
        status, answer = self.call("GET", "/api/v1/cart")
        if status != HTTPStatus.OK:
            raise RigError(f"the cart answers {status}: {answer}")
        return {line["sku"] for line in answer["lines"]}

    def order(self) -> str:
        """Order what is in the cart and return the order's number. Raises RigError for a refusal."""
        status, answer = self.call("POST", "/api/v1/orders", {"address": ADDRESS, "email": self.email})
        if status != HTTPStatus.CREATED:
            raise RigError(f"ordering answers {status}: {answer}")
        return str(answer["number"])

    def orders(self) -> list[str]:
        """The numbers of the account's orders."""
        return [order["number"] for order in self.call("GET", "/api/v1/orders")[1]["items"]]

    def is_known(self) -> bool:
        """Whether the session is logged in as this customer."""
        status, answer = self.call("GET", "/api/v1/account")
        return status == HTTPStatus.OK and answer["email"] == self.email

"""helm test: the shop answers, and an article put into a cart is there when it is asked for again.

An article may be sold out or the shelves empty: then the cart is asked to keep nothing, and says so.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import sys

GATEWAY = os.environ["GATEWAY"]
CALL_SECONDS = 10


def call(method: str, path: str, cookie: str = "", body: object = None) -> tuple[int, str, str]:
    """Status, cookie and text of one request on a connection of its own, so on any pod."""
    host, _, port = GATEWAY.partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=CALL_SECONDS)
    headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
    if cookie:
        headers["Cookie"] = cookie
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, (answer.getheader("Set-Cookie") or cookie).partition(";")[0], text


def main() -> None:
    """Exits with what is wrong."""
    status, _, page = call("GET", "/")
    if status != 200 or "<html" not in page:
        sys.exit(f"the first page answers {status}: {page[:200]}")
    status, _, text = call("GET", "/api/v1/products?limit=1")
    if status != 200:
        sys.exit(f"the catalogue answers {status}: {text[:200]}")
    print("the shop is reachable")  # noqa: T201 - the test's log
    items = json.loads(text)["items"]
    if not items:
        print("the shelves are empty: no cart to try")  # noqa: T201
        return
    sku = json.loads(call("GET", f"/api/v1/products/{items[0]['handle']}")[2])["variants"][0]["sku"]
    status, cookie, text = call("POST", "/api/v1/cart/lines", body={"sku": sku, "quantity": 1})
    if status != 200:
        sys.exit(f"adding {sku} to a cart answers {status}: {text[:200]}")
    for _ in range(3):
        status, _, text = call("GET", "/api/v1/cart", cookie)
        if status != 200 or f'"{sku}"' not in text:
            sys.exit(f"the cart lost {sku}: {status} {text[:200]}")
    print("a cart survives")  # noqa: T201


if __name__ == "__main__":
    main()

"""What a growing cart costs, and how forged cookies fare, at a shop of which both are known."""

import base64
import hashlib
import hmac
import http.cookies
import http.server
import json
import secrets
import threading
from contextlib import contextmanager
from functools import cached_property

import pytest

from myclothes_ladder import probes
from myclothes_ladder.figures import Forgeries
from myclothes_rig.errors import RigError

ARTICLES = [f"shirt-{number}" for number in range(12)]
KEY = b"k"
POLL_SECONDS = 0.05


class Shop(http.server.BaseHTTPRequestHandler):
    """Keeps the cart in a signed cookie, tied to a session."""

    most = 100
    """Lines that go into a cart."""
    forged_is = 422
    """The status for a cookie that is not this session's."""

    def do_GET(self):
        match self.path.partition("?")[0].split("/")[3:]:
            case ["products"]:
                self._answer(200, {"items": [{"handle": "shirt"}, {"handle": "sold-out"}]})
            case ["products", handle]:
                variants = [{"sku": f"{handle}-{number}", "available": handle == "shirt"} for number in range(12)]
                self._answer(200, {"variants": variants})
            case ["cart"]:
                skus = self._cart()
                if skus is None:
                    self._answer(self.forged_is, {"code": "cart_cookie_refused"})
                else:
                    self._answer(200, {"lines": skus})

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        skus = [*self._cart(), self.path.rpartition("/")[2]]
        if len(skus) > self.most:
            self._answer(422, {"code": "cart_cookie_full"})
            return
        payload = json.dumps(skus).encode()
        value = base64.urlsafe_b64encode(self._signature(payload) + payload).rstrip(b"=").decode()
        self._answer(200, {}, f"{probes.CART_COOKIE}={value}; HttpOnly")

    def _cookie(self, name):
        found = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get(name)
        return found.value if found else ""

    def _signature(self, payload):
        return hmac.digest(KEY, self._session.encode() + payload, hashlib.sha256)

    @cached_property
    def _session(self):
        return self._cookie("session") or secrets.token_hex(8)

    def _cart(self):
        value = self._cookie(probes.CART_COOKIE)
        raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        if not raw:
            return []
        signature, payload = raw[:32], raw[32:]
        if self.forged_is == 200:
            return []
        return json.loads(payload) if hmac.compare_digest(signature, self._signature(payload)) else None

    def _answer(self, status, body, cookie=""):
        text = json.dumps(body).encode()
        self.send_response(status)
        for given in (f"session={self._session}", cookie):
            if given:
                self.send_header("Set-Cookie", given)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@contextmanager
def shop(**ways):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("OneShop", (Shop,), ways))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_only_what_can_be_bought_is_put_into_the_cart():
    with shop() as origin:
        assert probes.skus(origin, 5) == ARTICLES[:5]
        with pytest.raises(RigError, match="sells 12 articles, 13 are needed"):
            probes.skus(origin, 13)


def test_a_growing_cart_is_weighed_at_its_sizes():
    with shop() as origin:
        weights, full_at = probes.weigh(origin, ARTICLES)
    assert [weight.lines for weight in weights] == [1, 2, 5, 10]
    heavier = [weight.cookie_bytes for weight in weights]
    assert heavier == sorted(set(heavier))
    assert full_at is None


def test_a_full_cart_is_told_by_its_first_refusal():
    with shop(most=6) as origin:
        weights, full_at = probes.weigh(origin, ARTICLES)
    assert [weight.lines for weight in weights] == [1, 2, 5]
    assert full_at == 7


def test_a_shop_that_checks_refuses_all_but_what_it_has_signed_for_this_session():
    with shop() as origin:
        found = probes.forge(origin, ARTICLES)
    assert found == Forgeries(
        altered=64, altered_refused=64, of_others=1, of_others_refused=1, older=2, older_refused=0
    )


def test_a_shop_that_does_not_check_is_found_out():
    with shop(forged_is=200) as origin:
        found = probes.forge(origin, ARTICLES)
    assert (found.altered_refused, found.of_others_refused, found.older_refused) == (0, 0, 0)


def test_a_shop_that_breaks_on_a_forgery_is_neither():
    with shop(forged_is=500) as origin, pytest.raises(RigError, match="answered with 500"):
        probes.forge(origin, ARTICLES)

"""The real services as processes on real stores, and shoppers who talk to the gateway."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
import uuid
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from myclothes_stores.ports import free_port
from myclothes_stores.processes import ManagedProcess

from .gates import Gate

START_SECONDS = 30
STOP_SECONDS = 15


class Service:
    """One service's process, to be killed and started again on the same port."""

    def __init__(self, package, prefix, environment, log):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._package = package
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")},
            f"{prefix}_PORT": str(self.port),
            f"{prefix}_LOG_FORMAT": "console",
            **{f"{prefix}_{name.upper()}": str(value) for name, value in environment.items()},
        }
        self.process = None

    def run(self, *arguments):
        """Run a command of the service to its end."""
        command = [sys.executable, "-m", self._package, *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def start(self):
        command = [sys.executable, "-m", self._package]
        self.process = ManagedProcess(self._package, command, self.log, env=self.environment)
        self.process.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            assert self.process.alive, f"{self._package} ended:\n{self.log.read_text()[-3000:]}"
            assert time.monotonic() < deadline, f"{self._package} is not ready:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.05)
        return self

    def _ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=1) as answer:  # noqa: S310 - our own
                return answer.status == 200
        except OSError:
            return False

    def kill(self):
        self.process.kill()

    def stop(self):
        if self.process is not None and self.process.alive:
            self.process.stop(STOP_SECONDS)
            assert self.process.exit_code == 0


class Rig:
    """The other services, started once, and gateways in any mode on top of them."""

    def __init__(self, valkey, database, folder, **database_settings):
        self.folder = folder
        self.valkey = valkey
        self.keys = folder / "signing-keys"
        self.keys.write_text("0" * 64 + "\n")
        self.started = []
        postgres = {}
        for name in ("users", "shop"):
            made = database(name)
            postgres[name] = {
                "database_hosts": made.hosts,
                "database_name": made.name,
                "database_user": made.user,
                **database_settings,
            }
        self.cart = self.new_service("cart", valkey_url=valkey.url, ack_replicas=0)
        self.users = self.new_service("users", **postgres["users"], hash_memory_kib=64, hash_rounds=1)
        self.shop = self.new_service("shop", **postgres["shop"], cart_url=self.cart.url)
        self.users.run("migrate")
        self.shop.run("migrate")
        self.shop.run("import", "--sample")
        for service in (self.cart, self.users, self.shop):
            service.start()
        self.gateway = self.new_gateway().start()

    def new_service(self, name, **environment):
        """Another service, not started yet."""
        service = Service(f"myclothes_{name}", name.upper(), environment, self.folder / f"{name}.log")
        self.started.append(service)
        return service

    def new_gateway(self, **environment):
        """Another gateway, not started yet."""
        gateway = self.new_service(
            "gateway",
            **{
                "cart_url": self.cart.url,
                "users_url": self.users.url,
                "shop_url": self.shop.url,
                "valkey_url": self.valkey.url,
                "ack_replicas": 0,
                "signing_keys_file": self.keys,
                "registrations_per_address": 100_000,
                "logins_per_address": 100_000,
                "browsing_per_minute": 100_000,
                **environment,
            },
        )
        gateway.environment.setdefault("GATEWAY_PUBLIC_ORIGIN", gateway.url)
        return gateway

    @contextmanager
    def running(self, name, **environment):
        """A service of the test's own."""
        service = self.new_service(name, **environment).start()
        try:
            yield service
        finally:
            service.stop()

    @contextmanager
    def gateway_with(self, **environment):
        """A gateway of the test's own."""
        gateway = self.new_gateway(**environment).start()
        try:
            yield gateway
        finally:
            gateway.stop()

    def stop(self):
        for service in self.started:
            service.stop()


@pytest.fixture(scope="session")
def rig(valkey_server, database, tmp_path_factory):
    rig = Rig(valkey_server, database, Path(tmp_path_factory.mktemp("rig")))
    yield rig
    rig.stop()


class Shopper:
    """Somebody with a cookie jar, of their own or another's."""

    def __init__(self, url, jar=None):
        self.url = url
        self.http = aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True) if jar is None else jar)

    async def call(self, method, path, body=None, *, key=None, headers=None, expect=None):
        """The answer's status, document and headers."""
        sent = {"Idempotency-Key": key or uuid.uuid4().hex, **(headers or {})}
        async with self.http.request(method, f"/api/v1{path}", json=body, headers=sent) as answer:
            raw = await answer.read()
            document = await answer.json(content_type=None) if raw else None
            if expect is not None:
                assert answer.status == expect, document
            self.last = answer
            return document

    async def add(self, sku, quantity=1, **more):
        return await self.call("POST", "/cart/lines", {"sku": sku, "quantity": quantity}, expect=200, **more)

    async def cart(self):
        return await self.call("GET", "/cart", expect=200)

    async def lines(self):
        return {line["sku"]: line["quantity"] for line in (await self.cart())["lines"]}

    async def register(self, **more):
        body = {"email": f"{uuid.uuid4().hex}@example.com", "password": "correct horse battery", "name": "Ann", **more}
        return {**body, **await self.call("POST", "/account", body, expect=201)}

    async def log_in(self, account, expect=200):
        body = {"email": account["email"], "password": account["password"]}
        return await self.call("POST", "/session", body, expect=expect)

    def plant(self, value, name="myclothes"):
        """Have the cookie `name`, instead of one that the gateway gave."""
        self.http.cookie_jar.update_cookies({name: value}, response_url=URL(self.url))

    @property
    def cookie(self):
        return next((cookie.value for cookie in self.http.cookie_jar if cookie.key.endswith("myclothes")), None)


@pytest.fixture
async def shopper(rig):
    """Makes shoppers: `shopper()`, `shopper(url)` at another gateway, `shopper(url, jar)` with another's cookies."""
    made = []

    def make(url=None, jar=None):
        made.append(Shopper(url or rig.gateway.url, jar))
        return made[-1]

    yield make
    for each in made:
        await each.http.close()


@pytest.fixture
async def gate():
    """Makes gates in front of services, given a port."""
    async with AsyncExitStack() as stack:

        async def make(port):
            made = Gate(port)
            stack.push_async_callback(made.close)
            await made.listen()
            return made

        yield make


@pytest.fixture
async def skus(rig):
    """Some articles that are for sale."""
    found = []
    async with aiohttp.ClientSession(rig.shop.url) as http:
        items = (await (await http.get("/v1/products?limit=6")).json())["items"]
        for item in items:
            product = await (await http.get(f"/v1/products/{item['handle']}")).json()
            found += [variant["sku"] for variant in product["variants"] if variant["available"] > 5][:1]
    assert len(found) >= 3
    return found

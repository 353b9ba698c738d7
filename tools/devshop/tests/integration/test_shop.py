"""The whole command: started, used, killed in parts, stopped."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import pytest

from myclothes_stores.ports import HOST, free_port
from myclothes_stores.processes import descendants, exists, wait_until

READY_SECONDS = 150.0
"""15 s on a machine that is free, once everything is installed; the figure itself is kept."""
AGAIN_SECONDS = 60.0
GONE_SECONDS = 30.0

MARK = "STARTED_BY_TEST"
ACCOUNT = {"email": "shopper@example.com", "password": "correct horse battery", "name": "Sam"}
ONE_OF_EACH = (
    *(f"python\\S* -m myclothes_{name} " for name in ("cart", "users", "shop", "gateway")),
    "valkey-server .*/single/valkey$",
    "valkey-server .*/single/cache$",
    "/postgres -D",
)

pytestmark = pytest.mark.timeout(300)


class Shop:
    """`python -m myclothes_devshop` with its output."""

    def __init__(self, data, *, port=None, arguments=(), become=()):
        self.port = port or free_port()
        command = [
            *become,
            sys.executable,
            "-m",
            "myclothes_devshop",
            "--port",
            str(self.port),
            "--data",
            str(data),
            *arguments,
        ]
        self._data = data
        self._mark = f"{MARK}={uuid.uuid4().hex}"
        environment = os.environ | dict([self._mark.split("=")])
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        self.lines = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def output(self):
        return "\n".join(self.lines)

    def wait_ready(self):
        wait_until(
            lambda: f"ready: http://127.0.0.1:{self.port} (Ctrl-C stops)" in self.lines or self.ended, READY_SECONDS
        )
        assert not self.ended, self.output

    @property
    def ended(self):
        return self.process.poll() is not None

    def get(self, path):
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def products(self):
        status, body = self.get("/api/v1/products?limit=3")
        return json.loads(body)["items"] if status == 200 else None

    def variants(self):
        status, body = self.get(f"/api/v1/products/{self.products()[0]['handle']}")
        assert status == 200
        return json.loads(body)["variants"]

    def below(self):
        """Every process below the launcher: its command and where it works."""
        found = {}
        for pid in descendants(self.process.pid):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[pid] = f"{command} in {Path(f'/proc/{pid}/cwd').readlink()}"
            except OSError:
                continue
        return found

    def pid_of(self, pattern):
        """The process whose command and folder match; None while there is none."""
        return next((pid for pid, command in self.below().items() if re.search(pattern, command)), None)

    def left(self):
        """Whoever was started by this run, however late: its mark in the environment, or a store in its data."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                marked = self._mark.encode() in (process / "environ").read_bytes().split(b"\0")
                if marked or (process / "cwd").readlink().is_relative_to(self._data):
                    found.append(int(process.name))
        return found

    def end(self, number):
        self.process.send_signal(number)
        code = self.process.wait(GONE_SECONDS)
        self._reader.join()
        wait_until(lambda: not self.left(), GONE_SECONDS, what="without processes")
        return code


class Shopper:
    """A browser's cookie; each write has an operation id of its own, kept until it is answered."""

    def __init__(self, shop):
        self._shop = shop
        self._cookie = ""
        self._operations = {}

    def write(self, path, body):
        text = json.dumps(body)
        operation = self._operations.setdefault(path + text, uuid.uuid4().hex)
        return self._call("POST", path, text, {"Content-Type": "application/json", "Idempotency-Key": operation})[0]

    def status(self, path):
        return self._call("GET", path, None, {})[0]

    def cart(self):
        status, body = self._call("GET", "/api/v1/cart", None, {})
        assert status == 200
        return json.loads(body)

    def _call(self, method, path, body, headers):
        connection = http.client.HTTPConnection(HOST, self._shop.port, timeout=10)
        try:
            connection.request(method, path, body, headers | {"Cookie": self._cookie})
            answer = connection.getresponse()
            if cookie := answer.getheader("Set-Cookie"):
                self._cookie = cookie.partition(";")[0]
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()


@pytest.fixture
def ordinary_user():
    """A folder, and the command's start that makes root an ordinary user; empty for one who is."""
    with tempfile.TemporaryDirectory(prefix="myclothes-user-") as folder:
        if os.geteuid() != 0:
            yield Path(folder), []
            return
        shutil.chown(folder, "nobody")
        # The interpreter may lie in a home that only root may enter: the right to pass through is kept.
        through = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
        user = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        yield Path(folder), ["setpriv", *user, *through, "env", f"HOME={folder}"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("shop") / "data"


@pytest.fixture
def start(data):
    started = []

    def run(folder=data, **options):
        shop = Shop(folder, **options)
        started.append(shop)
        return shop

    yield run
    for shop in started:
        if not shop.ended:
            shop.end(signal.SIGKILL)
        shop.process.stdout.close()


def test_it_shows_a_shop_and_stops_cleanly_twice_in_a_row(start, record_property):
    for number, when in ((signal.SIGTERM, "without data"), (signal.SIGINT, "with data")):
        began = time.monotonic()
        shop = start()
        shop.wait_ready()
        record_property(f"ready {when}, seconds", round(time.monotonic() - began, 1))
        assert len(shop.products()) == 3
        assert shop.get("/api/v1/cart")[0] == 200
        assert shop.end(number) == 0, shop.output
        assert "Traceback" not in shop.output
        assert ("import    | " in shop.output) == (number == signal.SIGTERM)  # imported once


def test_a_feed_takes_the_samples_place(start, tmp_path):
    feed = tmp_path / "feed.csv"
    feed.write_text("Handle,Title,Variant Price,Variant Inventory Qty\ncap,Cap,9.90,1\n")
    for arguments in ([], ["--feed", str(feed)]):
        shop = start(arguments=arguments)
        shop.wait_ready()
        handles = [product["handle"] for product in shop.products()]
        assert shop.end(signal.SIGTERM) == 0, shop.output
        assert (handles == ["cap"]) == bool(arguments)


def test_a_second_shop_on_the_same_data_is_refused_and_what_is_killed_comes_back(start):
    shop = start()
    shop.wait_ready()
    second = start()
    assert second.process.wait(READY_SECONDS) == 1
    wait_until(lambda: f"process {shop.process.pid}" in second.output, GONE_SECONDS)
    shopper = Shopper(shop)
    assert shopper.write("/api/v1/account", ACCOUNT) == 201

    def works():
        return shop.products() and {shopper.status(f"/api/v1/{what}") for what in ("cart", "account")} == {200}

    for who in ONE_OF_EACH:
        pid, before = shop.pid_of(who), shop.output.count("started again")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: shop.output.count("started again") > before or shop.ended, AGAIN_SECONDS)  # noqa: B023 -- ends in this turn
        wait_until(works, AGAIN_SECONDS, what=f"{who} back")
        assert shop.pid_of(who) not in (None, pid)
    assert shop.end(signal.SIGTERM) == 0, shop.output


def test_with_replicas_both_primaries_are_killed_and_an_ordinary_user_shops_on(ordinary_user, start):
    folder, become = ordinary_user
    shop = start(folder / "data", arguments=["--ha"], become=become)
    shop.wait_ready()
    shopper = Shopper(shop)
    skus = [variant["sku"] for variant in shop.variants() if variant["available"]][:2]
    assert shopper.write("/api/v1/cart/lines", {"sku": skus[0], "quantity": 1}) == 200
    for store in ("valkey", "postgres"):
        ids = re.findall(rf"^{store}-\d +primary +pid (\d+)", shop.output, re.MULTILINE)
        os.kill(int(ids[-1]), signal.SIGKILL)
    wait_until(
        lambda: shopper.write("/api/v1/cart/lines", {"sku": skus[1], "quantity": 1}) == 200,
        AGAIN_SECONDS,
        what="adding",
    )
    wait_until(lambda: shopper.write("/api/v1/account", ACCOUNT) in (200, 201), AGAIN_SECONDS, what="registering")
    assert {line["sku"] for line in shopper.cart()["lines"]} == set(skus)
    wait_until(lambda: shop.output.count("was started again") >= 2, AGAIN_SECONDS, what="complete again")
    sentinels = dict(re.findall(r"^(sentinel-\d+) +pid (\d+)", shop.output, re.MULTILINE))
    assert len(sentinels) == 3
    for pid in sentinels.values():
        os.kill(int(pid), signal.SIGKILL)
    wait_until(
        lambda: all(f"{name} was started again" in shop.output for name in sentinels),
        AGAIN_SECONDS,
        what="with Sentinels again",
    )
    wait_until(
        lambda: shopper.write("/api/v1/cart/lines", {"sku": skus[0], "quantity": 2}) == 200,
        AGAIN_SECONDS,
        what="adding once more",
    )
    assert shop.end(signal.SIGTERM) == 0, shop.output


def test_nothing_is_left_when_it_is_killed_and_it_starts_again_at_once(start):
    shop = start()
    shop.wait_ready()
    started = shop.left()
    assert len(started) > 7, "the launcher, three stores, four services"
    shop.process.kill()
    again = start()
    again.wait_ready()
    wait_until(lambda: not any(exists(pid) for pid in started), GONE_SECONDS, what="without processes")
    assert again.end(signal.SIGTERM) == 0


def test_it_can_be_stopped_while_it_starts(start, tmp_path):
    shop = start(tmp_path / "fresh")
    wait_until(lambda: len(shop.left()) > 3, READY_SECONDS)
    assert shop.end(signal.SIGTERM) == 0, shop.output


def test_a_taken_port_is_a_clear_error_before_anything_starts(start, tmp_path):
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        shop = start(tmp_path / "fresh", port=port)
        assert shop.process.wait(READY_SECONDS) == 1
    wait_until(lambda: f"error: port {port} is taken" in shop.output, GONE_SECONDS)
    assert not (tmp_path / "fresh").exists()


def test_a_missing_feed_is_a_clear_error(start, tmp_path):
    shop = start(tmp_path / "fresh", arguments=["--feed", str(tmp_path / "none.csv")])
    assert shop.process.wait(READY_SECONDS) == 1
    wait_until(lambda: "there is no file" in shop.output, GONE_SECONDS)

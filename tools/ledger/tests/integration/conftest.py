"""The whole shop on replicated stores, as `make shop HA=1` runs it, with limits wide enough for one address."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from myclothes_stores.ports import HOST, free_port
from myclothes_stores.processes import descendants, wait_until

READY_SECONDS = 150.0
GONE_SECONDS = 30.0
FAILOVER_SECONDS = 60.0
LIMITS = {
    "GATEWAY_BROWSING_PER_MINUTE": "1000000",
    "GATEWAY_LOGINS_PER_ADDRESS": "100000",
    "GATEWAY_LOGINS_PER_ACCOUNT": "100000",
    "GATEWAY_REGISTRATIONS_PER_ADDRESS": "100000",
    # hashing is not what is tested here
    "USERS_HASH_MEMORY_KIB": "64",
    "USERS_HASH_ROUNDS": "1",
}


class Shop:
    """The command, what it said, and the processes below it."""

    def __init__(self, folder):
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._log = folder / "shop.log"
        command = [sys.executable, "-m", "myclothes_devshop", "--ha"]
        command += ["--port", str(self.port), "--data", str(folder / "data")]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=os.environ | LIMITS)

    @property
    def output(self):
        return self._log.read_text(errors="replace")

    def wait_ready(self):
        wait_until(lambda: f"ready: {self.url}" in self.output or self.ended, READY_SECONDS, what="a shop")
        assert not self.ended, self.output[-3000:]

    @property
    def ended(self):
        return self.process.poll() is not None

    def primary(self, store):
        """Process id and port of a store's primary, as the shop said last."""
        found = re.findall(rf"^{store}-\d +primary +pid (\d+) +{HOST}:(\d+)", self.output, re.MULTILINE)
        return tuple(map(int, found[-1]))

    def kill_primary(self, store):
        """Returns when the shop has said who is primary now: it learns that later than its shoppers do."""
        process = self.primary(store)[0]
        os.kill(process, signal.SIGKILL)
        wait_until(lambda: self.primary(store)[0] != process, FAILOVER_SECONDS, what=f"another primary of {store}")

    def freeze_primary(self, store, seconds):
        """Stop it for so long; another is primary then, and it does not know."""
        process = self.primary(store)[0]
        os.kill(process, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.kill(process, signal.SIGCONT)

    def environment(self, service):
        """The settings that one of the shop's services was started with."""
        for pid in descendants(self.process.pid):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if f"myclothes_{service}" in command:
                pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
                return dict(pair.partition("=")[::2] for pair in pairs if pair)
        raise AssertionError(f"{service} is not running")

    def stop(self):
        if not self.ended:
            self.process.terminate()
            self.process.wait(GONE_SECONDS)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    shop = Shop(tmp_path_factory.mktemp("shop"))
    try:
        shop.wait_ready()
        yield shop
    finally:
        shop.stop()


@pytest.fixture
def another(shop, tmp_path):
    """Starts one more of a service beside the shop's own, with other settings; its address."""
    started = []

    def start(service, **settings):
        port = free_port()
        given = {"port": port, "metrics_port": 0} | settings
        environment = shop.environment(service)
        environment |= {f"{service}_{name}".upper(): str(value) for name, value in given.items()}
        command = [sys.executable, "-m", f"myclothes_{service}"]
        with (tmp_path / f"{service}-{port}.log").open("wb") as log:
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        wait_until(lambda: _is_ready(port), READY_SECONDS, what=service)
        return f"http://{HOST}:{port}"

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(GONE_SECONDS)


def _is_ready(port):
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False

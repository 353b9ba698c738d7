"""The whole shop and a Chromium to visit it with."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

import pytest

# shopping.py beside this file: test modules are imported by path and do not see their neighbours
sys.path.insert(0, str(Path(__file__).parent))
import shopping

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "artefacts" / "screenshots"
READY_SECONDS = 150
STOP_SECONDS = 30
OUTPUT_LINES = 60


class Shop:
    """A running `myclothes_devshop` with data of its own."""

    def __init__(self, data):
        self.data = data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._output = deque(maxlen=OUTPUT_LINES)
        self._ready = threading.Event()
        command = [sys.executable, "-m", "myclothes_devshop", "--port", str(self.port), "--data", str(data)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self._output.append(line)
            if "ready: " in line:
                self._ready.set()

    def wait_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready.wait(0.2):
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail("the shop did not start:\n" + "".join(self._output))

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._reader.join(STOP_SECONDS)
            self._process.stdout.close()

    def pid(self, folder):
        """The process that works in a folder of the shop's data."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and (entry / "cwd").resolve() == self.data / folder:
                    return int(entry.name)
        raise LookupError(folder)

    @contextlib.contextmanager
    def frozen(self, folder):
        """Whatever works in `folder` stops answering meanwhile."""
        pid = self.pid(folder)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    running = Shop(tmp_path_factory.mktemp("shop") / "data")
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def chromium():
    with shopping.chromium() as browser:
        yield browser


@pytest.fixture
def visit(chromium, shop):
    """Open a page of a new shopper: `visit(device="phone", scripts=True, scheme="light")`."""
    with contextlib.ExitStack() as stack:

        def open_page(device="desktop", *, scripts=True, scheme="light", locale="en-IE"):
            context = chromium.new_context(
                base_url=shop.url,
                viewport=shopping.DEVICES[device],
                java_script_enabled=scripts,
                color_scheme=scheme,
                locale=locale,
                reduced_motion="reduce",
            )
            stack.callback(context.close)
            context.set_default_timeout(shopping.PAGE_MILLISECONDS)
            return context.new_page()

        yield open_page


@pytest.fixture
def keep():
    """Keep a picture of a page as an artefact."""

    def shoot(page, name, *, whole=False):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.wait_for_load_state("load")
        size = page.viewport_size
        if whole:  # a window as high as the page: late pictures come, and what sticks to its edge is where it belongs
            height = math.ceil(page.locator("body").bounding_box()["height"])
            page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
            page.wait_for_load_state("networkidle")
        page.screenshot(path=str(SCREENSHOTS / f"{name}.png"), full_page=whole)
        page.set_viewport_size(size)

    return shoot

"""Services as tiny child scripts."""

import io
import sys

import pytest

from myclothes_devshop.console import Console
from myclothes_devshop.restarts import LIMIT, GaveUpError
from myclothes_devshop.services import Service
from myclothes_stores.ports import free_port
from myclothes_stores.processes import wait_until

CHILD_SECONDS = 20.0

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404); self.end_headers()
    def log_message(self, *_): pass
print("listening")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def service(tmp_path, out):
    made = []

    def make(script, *arguments, port=None):
        service = Service("child", ["-c", script, *arguments], {"CHILD": "1"}, tmp_path, Console(out), port=port)
        made.append(service)
        return service

    yield make
    for each in made:
        each.process.kill()


def test_a_service_that_dies_is_started_again(service, out):
    port = free_port()
    child = service(SERVER, str(port), port=port)
    child.start()
    assert not child.ready() or child.process.alive
    wait_until(child.ready, CHILD_SECONDS)
    first = child.process.pid
    child.process.kill()
    child.tend()
    wait_until(child.ready, CHILD_SECONDS)
    assert child.process.pid != first
    assert "child died with exit code -9: started again" in out.getvalue()
    child.stop()
    assert out.getvalue().count("listening") == 2


def test_a_service_that_keeps_dying_is_given_up_with_its_last_words(service):
    child = service("raise SystemExit('no such setting')")
    child.start()
    for _ in range(LIMIT):
        wait_until(lambda: not child.process.alive, CHILD_SECONDS)
        child.tend()
    wait_until(lambda: not child.process.alive, CHILD_SECONDS)
    with pytest.raises(GaveUpError, match=r"exit code 1:\n(?s:.*)no such setting"):
        child.tend()


def test_the_environment_reaches_the_service(service, out):
    child = service("import os; print('CHILD is', os.environ['CHILD'])")
    child.start()
    wait_until(lambda: not child.process.alive, CHILD_SECONDS)
    child.stop()
    assert "CHILD is 1" in out.getvalue()
    assert sys.executable in child.process.command

"""Everyone is sent to one server, and to the next when told or when it is dead."""

import http.client
import http.server
import threading
import urllib.parse

import pytest

from myclothes_ladder.balancer import Balancer
from myclothes_rig.waiting import wait_for

LIMIT_SECONDS = 30.0


class Server:
    def __init__(self, name):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(name)))
                self.end_headers()
                self.wfile.write(name.encode())

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.address = self.http.server_address
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def end(self):
        self.http.shutdown()  # harmless a second time
        self.http.server_close()


@pytest.fixture
def servers():
    found = [Server(name) for name in "ab"]
    yield found
    for server in found:
        server.end()


@pytest.fixture
def balancer(servers):
    with Balancer([server.address for server in servers]) as balancer:
        yield balancer


def ask(connection):
    connection.request("GET", "/")
    return connection.getresponse().read().decode()


def fresh(balancer):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(balancer.url).netloc, timeout=LIMIT_SECONDS)
    try:
        return ask(connection)
    except OSError:
        return ""
    finally:
        connection.close()


def test_everyone_goes_to_one_server(balancer):
    assert {fresh(balancer) for _ in range(5)} == {"a"}


def test_a_switch_sends_everyone_to_the_next_one_and_back(balancer):
    balancer.switch()
    wait_for("the other server to answer", lambda: fresh(balancer) == "b", seconds=LIMIT_SECONDS)
    balancer.switch(0)
    wait_for("the first server to answer", lambda: fresh(balancer) == "a", seconds=LIMIT_SECONDS)


def test_a_kept_connection_is_ended_between_two_requests(balancer):
    kept = http.client.HTTPConnection(urllib.parse.urlsplit(balancer.url).netloc, timeout=LIMIT_SECONDS)
    assert ask(kept) == "a"
    balancer.switch()

    def is_ended():
        try:
            return ask(kept) == "b"
        except (OSError, http.client.HTTPException):
            kept.close()
            return False

    wait_for("the kept connection to lead to the other server", is_ended, seconds=LIMIT_SECONDS)
    kept.close()


def test_a_dead_server_is_left(balancer, servers):
    assert fresh(balancer) == "a"
    servers[0].end()
    wait_for("the living server to answer", lambda: fresh(balancer) == "b", seconds=LIMIT_SECONDS)

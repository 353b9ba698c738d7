"""The keeper's HTTP port: /livez, /readyz and Prometheus' /metrics."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from valkeynode.cluster import Server, View, parse_info

if TYPE_CHECKING:
    from valkeynode.resp import Reply
    from valkeynode.settings import Settings

ALIVE_SECONDS = 60.0
"""A keeper whose last round is older than this hangs."""
_GAUGES = (
    "used_memory",
    "maxmemory",
    "connected_clients",
    "connected_slaves",
    "instantaneous_ops_per_sec",
    "aof_current_size",
    "aof_delayed_fsync",
    "rejected_connections",
    "expired_keys",
    "evicted_keys",
)


class Monitor:
    """What the keeper saw last, for the kubelet and Prometheus."""

    def __init__(self, settings: Settings) -> None:
        self._port = settings.metrics_port
        self._last = time.monotonic()
        self._ready = False
        self._on_disk = False
        self._text = ""

    def see(self, server: Server, everything: Reply, view: View | None) -> None:
        """Take note of one round."""
        info = parse_info(everything)
        lag = _lag(server.info)
        values: dict[str, float] = {f"valkey_{name}": float(info[name]) for name in _GAUGES if name in info}
        values["valkey_primary"] = float(server.is_primary)
        values["valkey_settled"] = float(server.settled)
        values["valkey_replication_link_up"] = float(server.is_primary or server.linked)
        values["valkey_replica_lag_bytes"] = float(lag)
        values["valkey_aof_write_ok"] = float(info.get("aof_last_write_status") == "ok")
        if view is not None:
            values["valkey_failover_epoch"] = float(view.epoch)
        self._text = "".join(f"# TYPE {name} gauge\n{name} {value:g}\n" for name, value in values.items())
        in_step = server.is_primary or (server.settled and server.linked)
        # what a primary has just sent as a whole is on disk only when the file has been rewritten once
        rewriting = info.get("aof_rewrite_in_progress") == "1" or info.get("aof_rewrite_scheduled") == "1"
        self._on_disk = in_step and (self._on_disk or not rewriting)
        self._ready = in_step and self._on_disk
        self._last = time.monotonic()

    def away(self) -> None:
        """The server did not answer."""
        self._text = "# TYPE valkey_up gauge\nvalkey_up 0\n"
        self._ready = False
        self._last = time.monotonic()

    def answer(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        if path == "/metrics":
            return 200, self._text
        if path == "/readyz":
            return (200, "ready\n") if self._ready else (503, "neither primary nor in step with one\n")
        if path == "/livez":
            return (200, "alive\n") if time.monotonic() - self._last < ALIVE_SECONDS else (503, "the keeper hangs\n")
        return 404, "try /livez, /readyz or /metrics\n"

    def serve(self) -> None:
        """Answer in the background."""
        monitor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, text = monitor.answer(self.path)
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Probes are not worth a line."""

        server = ThreadingHTTPServer(("", self._port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()


def _lag(info: dict[str, str]) -> int:
    """Bytes that the slowest attached replica is behind, seen from the primary; 0 on a replica."""
    if info["role"] != "master":
        return 0
    behind = [0]
    for name, value in info.items():
        if name.startswith("slave") and name[5:].isdigit():
            fields = dict(part.split("=", 1) for part in value.split(","))
            behind.append(int(info["master_repl_offset"]) - int(fields["offset"]))
    return max(behind)

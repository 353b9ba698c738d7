"""Runs a service: uvicorn on uvloop, a metrics port, and a stop that fails no request."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from typing import TYPE_CHECKING

import structlog
import uvicorn
from prometheus_client import start_http_server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from starlette.types import ASGIApp

    from myclothes_kit.health import Readiness
    from myclothes_kit.settings import ServiceSettings

# longer than any client of ours keeps a connection (10 s), so that it is never the server that closes first
KEEP_ALIVE_SECONDS = 75
CONNECTION_SECONDS = 10.0
"""A connection older than this ends with its next answer: one kept for ever starves new pods and outlives endpoints."""
GC_ALLOCATIONS = 20_000
"""Net allocations between two collections of the youngest generation. With Python's 700, collecting took a fifth to a
quarter of a request's CPU and found next to nothing: requests leave few cycles behind."""
DRAINING = "draining"
_log = structlog.get_logger()


def run(app: ASGIApp, settings: ServiceSettings, readiness: Readiness) -> None:
    """Serve `app` until SIGTERM or SIGINT: unready, `drain_seconds`, no new connections, finish, return.

    Raises SystemExit when the application cannot start or the port is taken.
    """
    if settings.metrics_port:
        start_http_server(settings.metrics_port, settings.host)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=_protocol(settings.body_seconds, readiness),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
    )
    server = _Server(config, readiness, settings.drain_seconds)
    server.run()
    if not server.started:
        raise SystemExit(1)


class _Server(uvicorn.Server):
    """uvicorn's server with a drain before the stop, and exit code 0 after it."""

    def __init__(self, config: uvicorn.Config, readiness: Readiness, drain_seconds: float) -> None:
        super().__init__(config)
        self._readiness = readiness
        self._drain_seconds = drain_seconds
        self._stopping = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # what is there now stays: it need not be looked through again
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_ALLOCATIONS)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again after the stop, which would end the process with the signal's code
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        if self._stopping:  # asked twice: do not wait any longer
            self.should_exit = True
            return
        self._stopping = True
        self._readiness.block(DRAINING)
        _log.info("draining", seconds=self._drain_seconds)
        asyncio.get_running_loop().call_later(self._drain_seconds, self._exit)

    def _exit(self) -> None:
        self.should_exit = True


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, closing a connection whose request headers do not arrive within `header_seconds`.

    And one that is old, or whose server drains, with `Connection: close` on an answer: closed without a word, it would
    cross with the client's next request, which is then neither answered nor safe to repeat.
    """

    header_seconds: float
    readiness: Readiness
    born = 0.0
    in_headers = False
    header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self.born = self.loop.time()
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # hardly ever: the headers of a request come in one piece
        if self.in_headers and self.header_timer is None:
            self._await_headers()

    def on_message_begin(self) -> None:
        self.in_headers = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.in_headers = False
        self._cancel_timer()
        super().on_headers_complete()
        if DRAINING in self.readiness.reasons or self.loop.time() - self.born >= CONNECTION_SECONDS:
            self.cycle.keep_alive = False

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timer()
        super().connection_lost(exc)

    def _await_headers(self) -> None:
        self.header_timer = self.loop.call_later(self.header_seconds, self.transport.close)

    def _cancel_timer(self) -> None:
        if self.header_timer is not None:
            self.header_timer.cancel()
            self.header_timer = None


def _protocol(seconds: float, served: Readiness) -> type[HttpToolsProtocol]:
    """The protocol of one server: uvicorn makes its instances."""

    class Protocol(_Protocol):
        header_seconds = seconds
        readiness = served

    return Protocol

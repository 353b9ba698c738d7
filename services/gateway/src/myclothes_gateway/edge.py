"""The edge: what every request passes before a handler sees it, and every answer on its way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from myclothes_gateway import metrics
from myclothes_gateway.clients import Browsing, client_address, counted_as
from myclothes_gateway.errors import CrossSite, LimitReached
from myclothes_gateway.origins import SAFE_METHODS, is_own
from myclothes_gateway.places import Places
from myclothes_gateway.sessions.session import SCOPE_KEY
from myclothes_kit import deadlines
from myclothes_kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from myclothes_gateway.cookies import Cookies
    from myclothes_gateway.sessions import Session
    from myclothes_gateway.settings import GatewaySettings

PROBES = frozenset({"/livez", "/readyz"})
BROWSING_RETRY_SECONDS = 5.0
FIRST_SERVER_ERROR = 500
_UNCACHED = (b"cache-control", b"private, no-cache")


class Edge:
    """Pure ASGI middleware: session, origin check, limits on browsing and concurrency, protective headers.

    A body is received before the request takes one of the places, and before its time begins to run, so that slow
    senders take neither from others.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: GatewaySettings,
        cookies: Cookies,
        show: Callable[[Request, Problem], Response],
    ) -> None:
        self._app = app
        self._cookies = cookies
        self._show = show
        self._origin = settings.public_origin
        self._trusted_proxies = settings.trusted_proxies
        self._places = Places(settings.max_concurrent)
        self._deadline_seconds = settings.deadline_seconds
        self._browsing = Browsing(settings.browsing_per_minute)
        self._headers = protective_headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        head = _Head(scope["headers"])
        session = self._cookies.read(head.cookies)
        peer = scope["client"][0] if scope.get("client") else ""
        session.address = counted_as(client_address(peer, head.forwarded, self._trusted_proxies))
        scope[SCOPE_KEY] = session
        send = self._protected(send, session)
        try:
            if not self._browsing.allows(session.address):
                metrics.REFUSED_BROWSING.inc()
                raise LimitReached("Please slow down a little.", retry_after=BROWSING_RETRY_SECONDS)
            if scope["method"] not in SAFE_METHODS:
                if not is_own(self._origin, head.origins, head.fetch_sites):
                    metrics.REFUSED_CROSS_SITE.inc()
                    raise CrossSite(f"Open the shop at {self._origin} and try again from there.")
                receive = await _received(receive)
            await self._admitted(scope, receive, send)
        except Problem as problem:  # those of handlers have become answers further in
            await self._show(Request(scope), problem)(scope, receive, send)

    def _protected(self, send: Send, session: Session) -> Send:
        """`send`, adding protective headers and what has changed in `session`."""

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *self._headers]
                cache = next((value for name, value in headers if name == b"cache-control"), None)
                if cache is None:
                    headers.append(_UNCACHED)
                if cache is None or not cache.startswith(b"public"):
                    headers += self._cookies.write(session)
                message["headers"] = headers
            await send(message)

        return send_protected

    async def _admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._places.one() as place, deadlines.within(self._deadline_seconds):

            async def watched(message: Message) -> None:
                if message["type"] == "http.response.start":
                    place.answered = message["status"] < FIRST_SERVER_ERROR
                await send(message)

            await self._app(scope, receive, watched)


class _Head:
    """The request headers that the edge looks at."""

    __slots__ = ("cookies", "fetch_sites", "forwarded", "origins")

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.cookies: list[bytes] = []
        self.origins: list[str] = []
        self.fetch_sites: list[str] = []
        self.forwarded: list[str] = []
        for name, value in headers:
            if name == b"cookie":
                self.cookies.append(value)
            elif name == b"origin":
                self.origins.append(value.decode("latin-1"))
            elif name == b"sec-fetch-site":
                self.fetch_sites.append(value.decode("latin-1"))
            elif name == b"x-forwarded-for":
                self.forwarded.append(value.decode("latin-1"))


async def _received(receive: Receive) -> Receive:
    """`receive` for a body that has arrived whole; its size and time are bounded by the layer around this one.

    Raises ClientDisconnect for a body that was cut off: half a form is not what anybody sent.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    pending: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


def protective_headers(settings: GatewaySettings) -> list[tuple[bytes, bytes]]:
    """The headers on every answer that tell browsers what these pages never do."""
    pictures = " ".join(("'self'", "data:", *settings.picture_origins))
    policy = [
        "default-src 'none'",
        f"img-src {pictures}",
        "style-src 'self'",
        "script-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    headers = {
        "content-security-policy": "; ".join(policy),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "x-frame-options": "DENY",
    }
    if settings.secure:
        headers["strict-transport-security"] = "max-age=31536000"
    return [(name.encode(), value.encode()) for name, value in headers.items()]

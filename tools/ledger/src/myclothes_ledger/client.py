"""Requests as a browser sends them: cookies by hand, a bounded wait, one new try on a connection found closed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import msgspec

from myclothes_ledger.history import NO_CONNECTION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 8.0
"""When a request is given up, its answer unknown; longer than anybody calls a success, to tell late from never."""
IDLE_SECONDS = 2.0
"""How long an idle connection is kept: shorter than servers do, so that they seldom close one that is being used."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `status` 0 and a `reason` when nothing did. `cookies`: those that the answer set, by name."""

    status: int
    body: bytes
    sent: float
    reason: str = ""
    cookies: dict[str, str] | None = None
    retry_after: float = 0.0


class Client:
    """One pool of connections to the shop's URLs, used in turn by all shoppers."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls = [url.rstrip("/") for url in urls]
        self._turn = -1
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS, ttl_dns_cache=5),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS),
            trace_configs=[trace],
            auto_decompress=True,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    def next_url(self) -> int:
        """The place in `urls` whose turn it is."""
        self._turn = (self._turn + 1) % len(self.urls)
        return self._turn

    async def send(
        self,
        url: int,
        method: str,
        path: str,
        *,
        cookies: Mapping[str, str] | None = None,
        key: str | None = None,
        body: Any = None,
    ) -> Answer:
        """One request; never raises for what the shop or the network does."""
        headers: dict[str, str] = {}
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if key is not None:
            headers["Idempotency-Key"] = key
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = msgspec.json.encode(body)
        began = time.monotonic()
        used = SimpleNamespace(reused=False)
        before = ""
        try:
            try:
                return await self._once(url, method, path, headers, data, began, used)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError):
                # an idle connection that was closed as the request went out: browsers send it again on a new one
                if not used.reused:
                    raise
                before = "connection lost, then "
                return await self._once(url, method, path, headers, data, began, SimpleNamespace(reused=False))
        except aiohttp.ConnectionTimeoutError:
            reason = f"{NO_CONNECTION} in time"
        except TimeoutError:
            reason = "no answer in time"
        except aiohttp.ClientConnectorError as error:
            reason = f"{NO_CONNECTION}: {error.os_error.strerror or error.os_error}"
        except (aiohttp.ClientError, OSError) as error:
            reason = f"connection lost: {type(error).__name__}"
        return Answer(0, b"", began, before + reason)

    async def _once(
        self,
        url: int,
        method: str,
        path: str,
        headers: Mapping[str, str],
        data: bytes | None,
        began: float,
        used: SimpleNamespace,
    ) -> Answer:
        async with self._http.request(
            method, self.urls[url] + path, headers=headers, data=data, allow_redirects=False, trace_request_ctx=used
        ) as answer:
            body = await answer.read()
            retry = answer.headers.get("Retry-After", "")
            return Answer(
                answer.status,
                body,
                began,
                cookies=_cookies(answer.headers.getall("Set-Cookie", [])),
                retry_after=float(retry) if retry.isdecimal() else 0.0,
            )


async def _note_reuse(_session: aiohttp.ClientSession, context: SimpleNamespace, _parameters: object) -> None:
    context.trace_request_ctx.reused = True


def _cookies(headers: Sequence[str]) -> dict[str, str] | None:
    """The cookies that an answer set, by name; an empty value where it forgot one."""
    found = {}
    for header in headers:
        name, _, value = header.partition(";")[0].strip().partition("=")
        found[name] = value
    return found or None

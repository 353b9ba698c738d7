"""One pipelined connection to a Valkey node: commands go out at once, the replies of each call come back together.

redis-py's connection costs several awaits, a time-out and a lock per command, and is lost when a caller is cancelled.
Here a call is one write and one callback: a batch of any size costs little, a cancelled caller nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, cast

import hiredis

from myclothes_kit.resolver import StaleResolver

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    Done = Callable[["list[Reply] | WireError"], None]

Argument = str | bytes | int
Command = tuple[Argument, ...]
Reply = Any
"""What hiredis makes of a reply: bytes, int, None, list, or ReplyError."""
ReplyError = hiredis.ReplyError


class WireError(Exception):
    """The connection is gone; what was sent on it may or may not have been done."""


class WireTimeoutError(WireError):
    """A reply did not come in time; the connection was dropped, since a late reply would answer the wrong call."""


_INCOMPLETE = object()


def pack(commands: Iterable[Command]) -> bytes:
    """`commands` in the form that goes over the wire."""
    # hiredis declares a tuple of one element; it takes any length
    return b"".join(hiredis.pack_command(command) for command in commands)  # type: ignore[arg-type]


class _Call:
    __slots__ = ("deadline", "done", "missing", "replies")

    def __init__(self, missing: int, deadline: float, done: Done) -> None:
        self.missing = missing
        self.deadline = deadline
        self.done = done
        self.replies: list[Reply] = []


class Wire(asyncio.Protocol):
    """A connection; made by `connect`.

    It ends once, by `close()`, by the peer or by a late reply, and tells `on_lost`.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(notEnoughData=_INCOMPLETE)
        self._calls: deque[_Call] = deque()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._error: WireError | None = None
        self.on_lost: Callable[[WireError], None] | None = None

    @property
    def is_open(self) -> bool:
        """False once it has ended."""
        return self._error is None

    def start(self, packed: bytes, replies: int, seconds: float, done: Done) -> None:
        """Send `packed`, and give `done` its `replies`, or a WireError when they are not there after `seconds`."""
        if self._error is not None or self._transport is None:
            self._loop.call_soon(done, self._error or WireError("not connected"))
            return
        deadline = self._loop.time() + seconds
        self._calls.append(_Call(replies, deadline, done))
        if self._timer is None or deadline < self._timer.when():
            self._watch(deadline)
        self._transport.write(packed)

    async def call(self, commands: Iterable[Command], seconds: float) -> list[Reply]:
        """Send `commands` and return their replies; errors of single commands are ReplyErrors in it.

        Raises WireError when the connection is lost, WireTimeoutError after `seconds`.
        """
        future: asyncio.Future[list[Reply]] = self._loop.create_future()

        def done(result: list[Reply] | WireError) -> None:
            if future.done():  # the caller was cancelled: its replies are of no use any more
                return
            if isinstance(result, WireError):
                future.set_exception(result)
            else:
                future.set_result(result)

        commands = list(commands)
        self.start(pack(commands), len(commands), seconds, done)
        return await future

    def peer(self) -> str | None:
        """The node's address as this host sees it."""
        name = self._transport.get_extra_info("peername") if self._transport else None
        return str(name[0]) if name else None

    def close(self) -> None:
        """Ends the connection; open calls fail."""
        self._end(WireError("closed"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport, though they act as one
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not _INCOMPLETE:
                self._take(reply)
        except (hiredis.ProtocolError, IndexError):
            self._end(WireError("the node does not speak the protocol"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(WireError(f"the node closed the connection ({exc})" if exc else "the node closed the connection"))

    def _take(self, reply: Reply) -> None:
        call = self._calls[0]
        call.replies.append(reply)
        call.missing -= 1
        if call.missing == 0:
            self._calls.popleft()
            call.done(call.replies)

    def _watch(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._check)

    def _check(self) -> None:
        # one timer for all calls, re-armed for the earliest deadline only when it fires: a call costs no timer
        self._timer = None
        if not self._calls:
            return
        deadline = min(call.deadline for call in self._calls)
        if deadline <= self._loop.time():
            self._end(WireTimeoutError("no reply in time"))
        else:
            self._watch(deadline)

    def _end(self, error: WireError) -> None:
        if self._error is not None:
            return
        self._error = error
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()
        calls, self._calls = self._calls, deque()
        for call in calls:
            call.done(error)
        if self.on_lost is not None:
            self.on_lost(error)


async def connect(
    host: str, port: int, seconds: float, tls: ssl.SSLContext | None = None, resolver: StaleResolver | None = None
) -> Wire:
    """A connection to `host`:`port`; `resolver` remembers addresses from one connection to the next.

    Raises ConnectionRefusedError when nothing listens there, OSError or TimeoutError when it cannot be reached in
    `seconds`.
    """
    loop = asyncio.get_running_loop()

    async def open_at(address: str) -> Wire:
        _, wire = await loop.create_connection(Wire, address, port, ssl=tls, server_hostname=host if tls else None)
        return wire

    async with asyncio.timeout(seconds):
        return await (resolver or StaleResolver()).dial(host, port, open_at)

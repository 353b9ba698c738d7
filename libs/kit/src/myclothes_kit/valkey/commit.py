"""Group commit: all writes of a process share a connection, and the writes in flight share one acknowledgement.

A batch is `[EVALSHA, EVALSHA, …, WAIT, ROLE]` in one send. While it is in flight the next one gathers, so that WAIT,
ROLE and the round trip are paid once for as many writes as arrive meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import structlog

from myclothes_kit import pressure
from myclothes_kit.valkey import metrics
from myclothes_kit.valkey.errors import NotAcknowledged, StoreBusy, StoreUnavailable, kind_of_reply, of_reply
from myclothes_kit.valkey.guard import Guard, Role, Verdict
from myclothes_kit.valkey.nodes import Address
from myclothes_kit.valkey.wire import Reply, ReplyError, Wire, WireError, pack

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from myclothes_kit.valkey.scripts import Script
    from myclothes_kit.valkey.wire import Argument, Command

MAX_BATCH = 256
MAX_QUEUE = 4096
MOST_ACK_SECONDS = 0.5
REPLY_SECONDS = 0.3
"""Beyond WAIT's own limit; a primary that takes longer is treated as lost. Both together stay below the time after
which Sentinels call a primary down (1 s), so that a primary frozen for long enough to be replaced is always noticed."""
HEARTBEAT_SECONDS = 0.25
_PRIMARY_CHANGED = ("READONLY", "MASTERDOWN", "LOADING", "NOAUTH", "UNBLOCKED")

_log = structlog.get_logger()


class _Write:
    __slots__ = ("args", "deadline", "future", "keys", "script", "whole")

    def __init__(
        self,
        script: Script,
        keys: Sequence[str],
        args: Sequence[Argument],
        deadline: float,
        future: asyncio.Future[Reply],
    ) -> None:
        self.script = script
        self.keys = keys
        self.args = args
        self.deadline = deadline
        self.future = future
        self.whole = False


def role_of(reply: Reply) -> Role | None:
    """The primary's ROLE, or None when the node is no primary."""
    if not isinstance(reply, list) or not reply or reply[0] != b"master":
        return None
    return Role(
        offset=int(reply[1]),
        replicas={Address(host.decode(), int(port)): int(offset) for host, port, offset in reply[2]},
    )


class Committer:
    """Takes writes at any time, sends them over the wire that it is given, answers each when it is acknowledged.

    `ask` asks missing replicas directly and tells the guard; `trouble` is called when the primary may have changed.
    """

    def __init__(
        self,
        name: str,
        guard: Guard,
        *,
        ack_replicas: int,
        ack_seconds: float,
        wait_seconds: float,
        ask: Callable[[frozenset[Address]], Awaitable[None]],
        trouble: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._name = name
        self._guard = guard
        self._ack_replicas = ack_replicas
        self._ack_seconds = ack_seconds
        self._wait_seconds = wait_seconds
        self._ask = ask
        self._trouble = trouble
        self._wire: Wire | None = None
        self._queue: deque[_Write] = deque()
        self._busy = False
        self._flush_due = False
        self._expiry: asyncio.TimerHandle | None = None
        self._heartbeat: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None
        self._verdict = Verdict.ACKNOWLEDGED
        self._batch_size = metrics.BATCH_SIZE.labels(name)
        self._outcomes: dict[str, Any] = {}

    def submit(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> asyncio.Future[Reply]:
        """Queue a write; the future gives the script's result once it is acknowledged.

        It raises NotAcknowledged, StoreUnavailable, StoreFull or ScriptError; StoreBusy is raised here.
        """
        if len(self._queue) >= MAX_QUEUE:
            self._count("queue_full")
            raise StoreBusy
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._queue.append(_Write(script, keys, args, self._loop.time() + self._wait_seconds, future))
        if self._wire is None:
            self._expire_later()
        elif not self._busy and not self._flush_due:
            # at the end of this turn of the loop, so that all writes of the turn share the batch
            self._flush_due = True
            self._loop.call_soon(self._flush)
        return future

    def attach(self, wire: Wire) -> None:
        """Send over `wire` from now on."""
        self._wire = wire
        self._flush()
        self._beat_later()

    def detach(self) -> None:
        """There is no primary for now: writes wait, each no longer than `wait_seconds`."""
        self._wire = None
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            self._heartbeat = None
        self._expire_later()

    async def aclose(self) -> None:
        """Refuse what waits."""
        self.detach()
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        if self._expiry is not None:
            self._expiry.cancel()
        while self._queue:
            self._refuse(self._queue.popleft(), StoreUnavailable(), "closed")

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _flush(self) -> None:
        self._flush_due = False
        wire = self._wire
        if self._busy or wire is None or not self._queue:
            return
        batch: list[_Write] = []
        now = self._loop.time()
        while self._queue and len(batch) < MAX_BATCH:
            write = self._queue.popleft()
            if write.deadline <= now:
                self._refuse(write, StoreUnavailable(), "waited_too_long")
            elif not write.future.done():  # done: the caller has gone away before anything was sent
                batch.append(write)
        if batch:
            self._batch_size.observe(len(batch))
            self._send(wire, batch)

    def _send(self, wire: Wire, batch: list[_Write]) -> None:
        commands: list[Command] = [write.script.command(write.keys, write.args, whole=write.whole) for write in batch]
        seconds = min(pressure.patience(self._ack_seconds), MOST_ACK_SECONDS)
        if self._ack_replicas and batch:
            commands.append(("WAIT", max(self._ack_replicas, self._guard.expected()), round(seconds * 1000)))
        if self._ack_replicas or not batch:
            commands.append(("ROLE",))
        self._busy = True
        wire.start(pack(commands), len(commands), seconds + REPLY_SECONDS, lambda result: self._replied(batch, result))

    def _beat_later(self) -> None:
        self._heartbeat = self._loop.call_later(HEARTBEAT_SECONDS, self._beat)

    def _beat(self) -> None:
        # a frozen primary is noticed, and a departed replica seen, also when nobody writes
        if self._wire is not None:
            if not self._busy:
                self._send(self._wire, [])
            self._beat_later()

    # ── answering ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _replied(self, batch: list[_Write], result: list[Reply] | WireError) -> None:
        if isinstance(result, WireError):
            self._busy = False
            for write in batch:
                self._refuse(write, NotAcknowledged("connection_lost"), "connection_lost")
            self._flush()
        elif not batch:
            self._heard(role_of(result[0]))
            self._next()
        elif not self._ack_replicas:
            self._finish(batch, result, Verdict.ACKNOWLEDGED)
        else:
            counted = result[-2] if isinstance(result[-2], int) else 0
            verdict = self._guard.judge(role_of(result[-1]), counted, self._ack_replicas, self._loop.time())
            if verdict is Verdict.ASK:
                self._asking = self._loop.create_task(self._ask_and_finish(batch, result))
            else:
                self._finish(batch, result, verdict)

    async def _ask_and_finish(self, batch: list[_Write], replies: list[Reply]) -> None:
        verdict = Verdict.HELD_BACK
        try:
            await self._ask(self._guard.to_ask)
            verdict = self._guard.conclude(self._loop.time())
        finally:
            self._finish(batch, replies, verdict)

    def _finish(self, batch: list[_Write], replies: list[Reply], verdict: Verdict) -> None:
        again: list[_Write] = []
        troubled = verdict is Verdict.NOT_PRIMARY
        for write, reply in zip(batch, replies, strict=False):
            if isinstance(reply, ReplyError):
                kind = kind_of_reply(reply)
                if kind == "NOSCRIPT" and not write.whole:
                    write.whole = True
                    again.append(write)
                    continue
                troubled = troubled or kind in _PRIMARY_CHANGED
                self._refuse(write, of_reply(reply), kind.lower())
            elif verdict is Verdict.ACKNOWLEDGED:
                self._count("acknowledged")
                if not write.future.done():
                    write.future.set_result(reply)
            else:
                self._refuse(write, NotAcknowledged(verdict.value), verdict.value)
        self._queue.extendleft(reversed(again))
        self._note(verdict)
        if troubled:
            self._trouble()
        self._next()

    def _note(self, verdict: Verdict) -> None:
        """Log when writes begin and cease to be refused for want of acknowledgement."""
        if verdict is self._verdict:
            return
        self._verdict = verdict
        if verdict is Verdict.ACKNOWLEDGED:
            _log.info("store_writes_acknowledged", store=self._name)
        else:
            _log.warning("store_writes_refused", store=self._name, reason=verdict.value, missing=self._guard.describe())

    def _heard(self, role: Role | None) -> None:
        self._guard.observe(role, self._loop.time())
        if role is None:
            self._trouble()

    def _next(self) -> None:
        self._busy = False
        self._flush()

    def _refuse(self, write: _Write, error: Exception, outcome: str) -> None:
        self._count(outcome)
        if not write.future.done():
            write.future.set_exception(error)

    def _count(self, outcome: str) -> None:
        child = self._outcomes.get(outcome)
        if child is None:
            child = self._outcomes[outcome] = metrics.WRITES.labels(self._name, outcome)
        child.inc()

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _expire_later(self) -> None:
        if self._expiry is None and self._queue:
            self._expiry = self._loop.call_at(self._queue[0].deadline, self._expire)

    def _expire(self) -> None:
        self._expiry = None
        if self._wire is not None:
            return
        now = self._loop.time()
        while self._queue and self._queue[0].deadline <= now:
            self._refuse(self._queue.popleft(), StoreUnavailable(), "no_primary")
        self._expire_later()

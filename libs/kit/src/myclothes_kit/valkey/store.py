"""A durable store: acknowledged writes and reads on whatever node is the primary now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

import structlog

from myclothes_kit.valkey import metrics
from myclothes_kit.valkey.commit import HEARTBEAT_SECONDS, Committer, role_of
from myclothes_kit.valkey.discovery import Primary, View, look
from myclothes_kit.valkey.guard import Answer, Guard
from myclothes_kit.valkey.nodes import CONNECT_SECONDS, UNREACHABLE, Address, Dialler, Target, parse
from myclothes_kit.valkey.reads import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from myclothes_kit.valkey.scripts import Script
    from myclothes_kit.valkey.wire import Argument, Command, Reply, Wire, WireError

ACK_SECONDS = 0.15
WAIT_SECONDS = 1.0
LOOK_SECONDS = 1.0
"""How often the Sentinels are asked while all is well: their list of replicas changes rarely."""
SEARCH_SECONDS = 0.05
"""How often while there is no primary."""
ASK_SECONDS = 0.2
FORGOTTEN_SECONDS = 30.0
"""Without a primary for this long, an epoch that most Sentinels name is believed also when it is an older one."""
SETTLE_SECONDS = 0.5
"""How long a primary may be unreachable right after a failover without being suspected of having been replaced too:
Sentinels need a second."""
_log = structlog.get_logger()


async def open_store(
    url: str,
    *,
    name: str,
    username: str | None = None,
    password_file: Path | None = None,
    ca_file: Path | None = None,
    ack_replicas: int = 1,
    ack_seconds: float = ACK_SECONDS,
    wait_seconds: float = WAIT_SECONDS,
) -> Store:
    """The store at `url` (see `nodes.parse`), to be closed by `aclose()` or as a context manager.

    It need not be there yet: calls wait `wait_seconds` for a primary, then raise StoreUnavailable. A write is
    acknowledged when at least `ack_replicas` replicas have it, within `ack_seconds`; 0 asks none. `name` labels
    metrics and logs. Raises ValueError for a malformed URL.
    """
    target = parse(url)
    dialler = Dialler(username, password_file, ca_file, tls=target.tls)
    store = Store(name, target, dialler, ack_replicas=ack_replicas, ack_seconds=ack_seconds, wait_seconds=wait_seconds)
    store.start()
    return store


class Store:
    """Follows the primary in the background; see `open_store`."""

    def __init__(
        self,
        name: str,
        target: Target,
        dialler: Dialler,
        *,
        ack_replicas: int,
        ack_seconds: float,
        wait_seconds: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._name = name
        self._target = target
        self._dialler = dialler
        self._ack_replicas = ack_replicas
        self._primary: Primary | None = None
        self._switched_at = 0.0
        self._connected_at = self._loop.time()
        self._aliases: set[str] = set()
        self._unreachable: tuple[Address, str] | None = None
        self._wire: Wire | None = None
        self._trouble = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._guard = Guard()
        self._reader = Reader(name, dialler, wait_seconds)
        self._committer = Committer(
            name,
            self._guard,
            ack_replicas=ack_replicas,
            ack_seconds=ack_seconds,
            wait_seconds=wait_seconds,
            ask=self._ask_all,
            trouble=self._trouble.set,
        )

    async def write(self, script: Script, keys: Sequence[str], args: Sequence[Argument] = ()) -> Reply:
        """Run `script` and return its result once the write is acknowledged.

        Raises NotAcknowledged (it may or may not have been done, and may be sent again), StoreUnavailable, StoreFull
        or StoreBusy (not done), ScriptError (a mistake in the program). A cancelled caller's write may still be done.
        """
        return await self._committer.submit(script, keys, args)

    async def read(self, *commands: Command) -> list[Reply]:
        """The replies to `commands`, sent together to the primary; raises StoreUnavailable or ScriptError.

        What it shows may not be acknowledged yet: a write through `write` is what proves a state.
        """
        return await self._reader.read(commands)

    def start(self) -> None:
        """Begin to follow the primary."""
        if not self._ack_replicas:
            _log.warning("store_promises_one_node_only", store=self._name, ack_replicas=0)
        self._tasks = [self._loop.create_task(self._follow()), self._loop.create_task(self._watch())]

    async def aclose(self) -> None:
        """Ends all connections; what is open fails."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._disconnect()
        await self._committer.aclose()
        await self._reader.aclose()
        await self._dialler.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # ── following the primary ────────────────────────────────────────────────────────────────────────────────────────

    async def _follow(self) -> None:
        while True:
            try:
                view = await look(self._target, self._dialler)
                await self._take(view)
            except Exception:  # noqa: BLE001 - the one task that finds the primary must outlive any surprise
                _log.exception("store_follow_failed", store=self._name)
            connected = self._wire is not None
            await asyncio.sleep(SEARCH_SECONDS)
            if connected and not self._trouble.is_set():
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._trouble.wait()
                except TimeoutError:
                    pass
            self._trouble.clear()

    async def _take(self, view: View | None) -> None:
        """Follow what the Sentinels say; an epoch below the one that is known is news from the past.

        Unless there has been no primary for long, and most Sentinels say so: then they have been set up anew. Another
        primary of the same epoch is a mistake unless most of them name it.
        """
        now = self._loop.time()
        past = view is not None and self._primary is not None and view.primary.epoch < self._primary.epoch
        past = past or (view is not None and not view.majority and self._contradicts(view.primary))
        lasting = self._wire is None and now - self._connected_at >= FORGOTTEN_SECONDS
        if view is None or (past and not (lasting and view.majority)):
            self._guard.doubted()
            return
        if self._primary is None or view.primary.address != self._primary.address:
            self._switch(view.primary)
        self._primary = view.primary
        self._guard.listed(view.replicas, self._loop.time(), majority=view.majority)
        if self._wire is None:
            await self._connect(view.primary.address)

    def _contradicts(self, primary: Primary) -> bool:
        known = self._primary
        return known is not None and primary.epoch == known.epoch and primary.address != known.address

    def _switch(self, primary: Primary) -> None:
        previous = self._primary
        self._disconnect()
        self._primary = primary
        self._switched_at = self._loop.time()
        failed_over = previous is not None and primary.epoch > previous.epoch
        self._guard.begin(
            self._switched_at, previous=previous.address if previous is not None and failed_over else None
        )
        self._reader.follow(primary.address)
        if previous is not None:
            metrics.SWITCHES.labels(self._name).inc()
        _log.info("store_primary", store=self._name, primary=str(primary.address), epoch=primary.epoch)

    async def _connect(self, address: Address) -> None:
        try:
            wire = await self._dialler.open(address)
            (reply,) = await wire.call([("ROLE",)], CONNECT_SECONDS)
        except UNREACHABLE as error:
            self._not_connected(address, repr(error))
            return
        role = role_of(reply)
        if role is None:
            wire.close()
            self._not_connected(address, f"it is no primary: {reply!r:.100}")
            return
        self._unreachable = None
        self._aliases = {address.host, wire.peer() or address.host}
        self._guard.observe(role, self._loop.time())
        wire.on_lost = self._lost
        self._wire = wire
        self._committer.attach(wire)

    def _not_connected(self, address: Address, reason: str) -> None:
        now = self._loop.time()
        if now - self._switched_at >= SETTLE_SECONDS:  # a new primary may need a moment
            self._guard.interrupted(now)
        if self._unreachable != (address, reason):  # once, not at each of the many attempts
            self._unreachable = (address, reason)
            _log.warning("store_unreachable", store=self._name, primary=str(address), reason=reason)

    def _lost(self, error: WireError) -> None:
        metrics.CONNECTIONS_LOST.labels(self._name).inc()
        _log.warning("store_connection_lost", store=self._name, error=str(error))
        self._wire = None
        self._connected_at = self._loop.time()
        self._guard.interrupted(self._connected_at)
        self._committer.detach()
        self._trouble.set()

    def _disconnect(self) -> None:
        if self._wire is not None:
            self._committer.detach()
            self._connected_at = self._loop.time()
            self._wire.on_lost = None
            self._wire.close()
            self._wire = None

    # ── asking missing replicas ──────────────────────────────────────────────────────────────────────────────────────

    async def _watch(self) -> None:
        """Ask long-missing replicas now and then, so that no write has to."""
        gauge = metrics.MISSING_REPLICAS.labels(self._name)
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            gauge.set(len(self._guard.missing))
            if self._ack_replicas and self._primary is not None:
                await self._ask_all(self._guard.missing)
                self._guard.forget(self._loop.time())

    async def _ask_all(self, replicas: frozenset[Address]) -> None:
        answers = await asyncio.gather(*(self._ask(address) for address in replicas))
        now = self._loop.time()
        for address, answer in zip(replicas, answers, strict=True):
            self._guard.answered(address, answer, now)
        if self._guard.strangers:
            self._trouble.set()

    async def _ask(self, address: Address) -> Answer:
        wire = None
        try:
            async with asyncio.timeout(ASK_SECONDS):
                wire = await self._dialler.open(address)
                (reply,) = await wire.call([("ROLE",)], ASK_SECONDS)
        except ConnectionRefusedError:
            return Answer.DEAD
        except UNREACHABLE:
            return Answer.SILENT
        finally:
            if wire is not None:
                wire.close()
        return self._answer(reply)

    def _answer(self, reply: Reply) -> Answer:
        if not isinstance(reply, list) or not reply:
            return Answer.SILENT
        if reply[0] == b"slave" and self._primary is not None:
            host, port = reply[1].decode(), int(reply[2])
            if port == self._primary.address.port and host in self._aliases:
                return Answer.REPLICA
        return Answer.STRANGER

"""The cart store: what its servers and Sentinels say, and the planned move of its primary."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from myclothes_kit.settings import read_secret
from myclothes_kit.valkey.wire import ReplyError, Wire, WireError, connect
from myclothes_operator.errors import FailedError, RefusedError
from myclothes_operator.model import Server, Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from myclothes_operator.addresses import Addresses

CONNECT_SECONDS = 0.5
REPLY_SECONDS = 1.0
CATCH_UP_SECONDS = 3.0
"""How long writes may be held for replicas to catch up; then the move is given up and tried again later."""
PAUSE_SECONDS = 3.0
"""Writes are held for this long at a time: an operator that dies meanwhile costs no more. Longer than a look takes."""
SWITCH_SECONDS = 10.0
"""How long writes to the old primary stay held once a Sentinel has been told: what it took could be overwritten."""
POLL_SECONDS = 0.02
LAG_BYTES = 1 << 20
"""A replica that is further behind is not in step; writes are never held for so long."""
AWAY = (OSError, TimeoutError, WireError)


@dataclass(frozen=True)
class ValkeyPod:
    """Where a pod's two servers listen."""

    pod: str
    host: str
    port: int
    sentinel_port: int


@dataclass(frozen=True)
class _View:
    epoch: int
    address: str
    port: int
    node: ValkeyPod


class CartStore:
    """Asks all pods at once. Its user may look, hold writes, and point a server at a primary; nothing else."""

    def __init__(
        self, nodes: tuple[ValkeyPod, ...], name: str, user: str, password: Path | None, addresses: Addresses
    ) -> None:
        self._nodes = nodes
        self._name = name
        self._user = user
        self._password = password
        self._addresses = addresses

    async def observe(self) -> Store:
        """What the pods say; those that do not answer in time are away."""
        answers, said = await asyncio.gather(_all(self._info, self._nodes), _all(self._view, self._nodes))
        infos = dict(zip(self._nodes, answers, strict=True))
        views = [view for view in said if view is not None]
        if not views and not any(infos.values()):
            self._addresses.forget()
        newest = _newest(views)
        primary = await self._at(newest) if newest is not None else None
        lead = infos.get(primary) if primary is not None else None
        servers = tuple(_server(node, info, lead) for node, info in infos.items())
        if newest is None:
            return Store(servers, None, 0, ())
        # a Sentinel that watches another primary has no vote on this one's successor
        votes = (view.node.pod for view in views if (view.address, view.port) == (newest.address, newest.port))
        return Store(servers, primary.pod if primary is not None else None, newest.epoch, tuple(votes))

    async def move(self, pod: str, epoch: int) -> str:
        """Have the Sentinels choose another primary than `pod`, which leads since `epoch`; the pod that leads then.

        Writes are held until all replicas have everything, and go on being held by the old primary until it follows
        the new one. Raises RefusedError when `pod` does not lead any more, FailedError otherwise.
        """
        node = next(one for one in self._nodes if one.pod == pod)
        try:
            wire = await self._open(node)
        except AWAY as error:
            raise FailedError(f"{pod}: {error}") from error
        try:
            return await self._move(node, wire, epoch)
        except AWAY as error:
            raise FailedError(f"{pod}: {error}") from error
        finally:
            wire.close()

    async def _move(self, node: ValkeyPod, wire: Wire, epoch: int) -> str:
        if (await _call(wire, "ROLE"))[0] != b"master":
            raise RefusedError(f"{node.pod} does not lead any more")
        try:
            sentinel = await self._hold(node, wire, epoch)
        except (*AWAY, FailedError, RefusedError):
            # no fail-over has begun: there is nothing that writes would have to wait for
            await _call(wire, "CLIENT", "UNPAUSE")
            raise
        await self._command(sentinel, wire)
        loop = asyncio.get_running_loop()
        successor: list[ValkeyPod] = []
        looked = loop.time()

        async def moved() -> bool:
            nonlocal looked
            looked = loop.time()
            successor[:] = await self._successor(node)
            return bool(successor)

        if not await _until(SWITCH_SECONDS, moved):
            raise FailedError(f"{node.pod}: no successor within {SWITCH_SECONDS:g} s")
        address = await self._addresses.of(successor[0].host)
        if loop.time() - looked > PAUSE_SECONDS:
            # it may have been elected again while this process was frozen; the Sentinels know
            raise RefusedError(f"{node.pod}: seen too long ago to have it follow {successor[0].pod}")
        # a Sentinel would get round to this server only after some 10 s
        await _call(wire, "REPLICAOF", address, str(successor[0].port))
        await _call(wire, "CLIENT", "UNPAUSE")
        return successor[0].pod

    async def _hold(self, node: ValkeyPod, wire: Wire, epoch: int) -> Wire:
        """Hold writes until nothing is missing elsewhere; the connection to the Sentinel that is to be told."""
        if not await _until(CATCH_UP_SECONDS, lambda: _in_step(wire)):
            raise FailedError(f"{node.pod}: its replicas do not catch up")
        loop = asyncio.get_running_loop()
        looked = loop.time()
        views = [view for view in await _all(self._view, self._nodes) if view is not None and view.node != node]
        newest = _newest(views)
        if newest is None or newest.epoch != epoch or await self._at(newest) != node:
            raise RefusedError(f"{node.pod}: another epoch than {epoch}, or no other Sentinel answers")
        with contextlib.ExitStack() as stack:
            sentinel = await self._open(newest.node, sentinel=True)
            stack.callback(sentinel.close)
            # the last questions before the act: a process that was frozen since it looked does nothing
            if not await _in_step(wire) or loop.time() - looked > PAUSE_SECONDS:
                raise RefusedError(f"{node.pod}: seen too long ago, or a replica has fallen behind")
            await _call(wire, "CLIENT", "PAUSE", round(SWITCH_SECONDS * 1000), "WRITE")
            stack.pop_all()
        return sentinel

    async def _command(self, sentinel: Wire, wire: Wire) -> None:
        try:
            await _call(sentinel, "SENTINEL", "FAILOVER", self._name)
        except FailedError as error:
            if "INPROG" in str(error):
                # somebody else's fail-over: its hold on the writes is not ours to lift
                raise RefusedError(str(error)) from error
            await _call(wire, "CLIENT", "UNPAUSE")
            raise
        finally:
            sentinel.close()

    async def _successor(self, old: ValkeyPod) -> list[ValkeyPod]:
        """The new primary, once every other pod that answers follows it: no replica is left that `old` could use."""
        others = tuple(one for one in self._nodes if one != old)
        views = [view for view in await _all(self._view, others) if view is not None]
        newest = _newest(views)
        new = await self._at(newest) if newest is not None else None
        if newest is None or new is None or new == old:
            return []
        infos = [info for info in await _all(self._info, others) if info is not None]
        leads = [info for info in infos if info["role"] == "master"]
        place = (newest.address, str(newest.port))
        follow = [info for info in infos if (info.get("master_host"), info.get("master_port")) == place]
        return [new] if leads and len(leads) + len(follow) == len(infos) else []

    async def _at(self, view: _View) -> ValkeyPod | None:
        """The pod that a Sentinel names."""
        for node in self._nodes:
            try:
                if node.port == view.port and await self._addresses.of(node.host) == view.address:
                    return node
            except AWAY:
                continue
        return None

    async def _open(self, node: ValkeyPod, *, sentinel: bool = False) -> Wire:
        wire = await connect(
            await self._addresses.of(node.host), node.sentinel_port if sentinel else node.port, CONNECT_SECONDS
        )
        try:
            await _call(wire, "AUTH", self._user, read_secret(self._password) or "")
        except BaseException:  # a cancellation, too, must leave no connection open
            wire.close()
            raise
        return wire

    async def _info(self, node: ValkeyPod) -> dict[str, str] | None:
        try:
            wire = await self._open(node)
            try:
                text = (await _call(wire, "INFO", "replication")).decode()
            finally:
                wire.close()
        except (*AWAY, FailedError):
            return None
        lines = (line.partition(":") for line in text.splitlines() if ":" in line)
        return {name: value for name, _, value in lines}

    async def _view(self, node: ValkeyPod) -> _View | None:
        try:
            wire = await self._open(node, sentinel=True)
            try:
                flat = [part.decode() for part in await _call(wire, "SENTINEL", "MASTER", self._name)]
            finally:
                wire.close()
        except (*AWAY, FailedError):
            return None
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        return _View(int(fields["config-epoch"]), fields["ip"], int(fields["port"]), node)


def _newest(views: list[_View]) -> _View | None:
    """The view of the highest epoch; of two of one epoch what more Sentinels say."""
    named = Counter((view.epoch, view.address, view.port) for view in views)
    return max(views, key=lambda view: (view.epoch, named[view.epoch, view.address, view.port]), default=None)


def _server(node: ValkeyPod, info: dict[str, str] | None, lead: dict[str, str] | None) -> Server:
    if info is None:
        return Server(node.pod, answers=False, in_step=False)
    if info["role"] == "master":
        # a primary of former times leads nobody
        return Server(node.pod, answers=True, in_step=info is lead or lead is None)
    settled = info.get("slave_priority") != "0"
    if lead is None:
        # its primary is away: what it has is what there is
        return Server(node.pod, answers=True, in_step=settled)
    behind = int(lead["master_repl_offset"]) - int(info.get("slave_repl_offset", "0"))
    linked = info.get("master_link_status") == "up"
    return Server(node.pod, answers=True, in_step=settled and linked and behind <= LAG_BYTES)


async def _in_step(wire: Wire) -> bool:
    """Hold writes a little longer, and see whether every attached replica has all that was written."""
    await _call(wire, "CLIENT", "PAUSE", round(PAUSE_SECONDS * 1000), "WRITE")
    role = await _call(wire, "ROLE")
    if role[0] != b"master":
        raise RefusedError("it does not lead any more")
    return bool(role[2]) and all(int(replica[2]) >= int(role[1]) for replica in role[2])


async def _call(wire: Wire, *words: str | int) -> Any:
    """The reply to one command; raises WireError, or FailedError with the server's own error."""
    (reply,) = await wire.call([words], REPLY_SECONDS)
    if isinstance(reply, ReplyError):
        raise FailedError(f"{words[0]} {words[1] if len(words) > 1 else ''}: {reply}")
    return reply


async def _until(seconds: float, condition: Callable[[], Awaitable[bool]]) -> bool:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not await condition():
        if loop.time() > end:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True


async def _all(question: Callable[[ValkeyPod], Awaitable[Any]], nodes: tuple[ValkeyPod, ...]) -> list[Any]:
    return list(await asyncio.gather(*(question(node) for node in nodes)))

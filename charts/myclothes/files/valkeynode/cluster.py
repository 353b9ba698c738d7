"""Questions to the pods' servers, each answered within the connection's limits or by None."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from valkeynode.resp import AwayError, Connection, RefusedError, Reply
from valkeynode.rule import Beat, Fact
from valkeynode.settings import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from valkeynode.settings import Node, Settings

KEEPER = "keeper"
SENTINEL_USER = "sentinel"
BEAT_KEY = "meta:beat"
UNREACHABLE = (AwayError, RefusedError, OSError)
T = TypeVar("T")


@dataclass(frozen=True)
class Server:
    """A Valkey as it describes itself.

    A server starts unsettled, with priority 0: it may not be elected until it has followed a primary or become one.
    """

    node: Node
    info: dict[str, str]
    fact: Fact

    @property
    def is_primary(self) -> bool:
        return self.info["role"] == "master"

    @property
    def follows(self) -> Address | None:
        """The primary that it was told to follow."""
        return None if self.is_primary else Address(self.info["master_host"], int(self.info["master_port"]))

    @property
    def linked(self) -> bool:
        """It streams from its primary."""
        return self.info.get("master_link_status") == "up"

    @property
    def settled(self) -> bool:
        return self.is_primary or self.info.get("slave_priority") != "0"

    @property
    def replicas(self) -> int:
        return int(self.info.get("connected_slaves", "0"))


@dataclass(frozen=True)
class View:
    """Whom a Sentinel names as the primary, since which epoch, and which Sentinel said so."""

    epoch: int
    primary: Address
    sentinel: Node


class Cluster:
    """The pods, asked all at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = ThreadPoolExecutor(max_workers=2 * len(settings.nodes))

    def server(self, node: Node) -> Server | None:
        """What a pod's Valkey says; None when it does not."""
        try:
            with self.open(self._near(node).valkey) as connection:
                return describe(node, connection)
        except UNREACHABLE:
            return None

    def servers(self, nodes: Iterable[Node]) -> list[Server]:
        """Those that answer."""
        return self._ask(self.server, nodes)

    def view(self, node: Node) -> View | None:
        """What a pod's Sentinel says."""
        try:
            with Connection(*_place(self._near(node).sentinel)) as connection:
                fields = pairs(connection.call("SENTINEL", "MASTER", self._settings.primary_name))
                return View(int(fields["config-epoch"]), Address(fields["ip"], int(fields["port"])), node)
        except UNREACHABLE:
            return None

    def best_view(self, nodes: Iterable[Node]) -> View | None:
        """The newest of what the Sentinels of `nodes` say; of two of one epoch what more of them say."""
        views = self._ask(self.view, nodes)
        named = Counter((view.epoch, view.primary) for view in views)
        return max(views, key=lambda view: (view.epoch, named[view.epoch, view.primary]), default=None)

    def open(self, address: Address, *, reply_seconds: float = 0.5) -> Connection:
        """A connection to a Valkey as the keeper."""
        return Connection(*_place(address), KEEPER, self._settings.password(KEEPER), reply_seconds)

    def open_sentinel(self, node: Node) -> Connection:
        """A connection to a Sentinel that may command it."""
        return Connection(*_place(self._near(node).sentinel), SENTINEL_USER, self._settings.password(SENTINEL_USER))

    def _near(self, node: Node) -> Node:
        """For this pod the loopback address: a pod does not depend on reaching itself through a Service."""
        return (
            replace(node, valkey=_local(node.valkey), sentinel=_local(node.sentinel))
            if node == self._settings.me
            else node
        )

    def _ask(self, question: Callable[[Node], T | None], nodes: Iterable[Node]) -> list[T]:
        return [answer for answer in self._pool.map(question, nodes) if answer is not None]


def describe(node: Node, connection: Connection) -> Server:
    """The server at the other end of `connection`; raises one of UNREACHABLE, also while it loads its data."""
    info = parse_info(connection.call("INFO", "replication"))
    beat = connection.call("GET", BEAT_KEY)
    size = connection.call("DBSIZE")
    fact = Fact(node.name, node.ordinal, has_data=size != 0, beat=Beat.parse(beat if isinstance(beat, str) else None))
    return Server(node, info, fact)


def parse_info(reply: Reply) -> dict[str, str]:
    """INFO's lines."""
    lines = (line.partition(":") for line in str(reply).splitlines() if ":" in line)
    return {name: value for name, _, value in lines}


def pairs(reply: Reply) -> dict[str, str]:
    """A flat list of names and values."""
    flat = [str(part) for part in reply] if isinstance(reply, list) else []
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _local(address: Address) -> Address:
    return Address("127.0.0.1", address.port)


def _place(address: Address) -> tuple[str, int]:
    return address.host, address.port

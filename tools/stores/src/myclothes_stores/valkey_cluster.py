"""A Valkey primary with replicas, watched by Sentinels, with the shop's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from myclothes_stores.errors import StoreError
from myclothes_stores.folders import new_folder
from myclothes_stores.ports import HOST
from myclothes_stores.processes import wait_until
from myclothes_stores.sentinels import PRIMARY_NAME, Sentinel
from myclothes_stores.valkey import ValkeyServer

if TYPE_CHECKING:
    from pathlib import Path

HEALTHY_SECONDS = 40.0
# A primary without a fresh replica takes no writes: design.md, "Cart".
REPLICATED = {"min-replicas-to-write": "1", "min-replicas-max-lag": "2"}


class ClusterNode(ValkeyServer):
    """A server of a cluster: one that comes back asks the Sentinels who is primary before it starts."""

    cluster: ValkeyCluster

    def start(self, *, replica_of: tuple[str, int] | None = None) -> None:
        """Starts it as a replica of the current primary, or as the primary if the Sentinels still say so."""
        if replica_of is None:
            port = self.cluster.primary_port()
            replica_of = (HOST, port) if port != self.port else None
        super().start(replica_of=replica_of)

    def restart(self) -> None:
        """Stops it in order and starts it again, in the role the Sentinels then give it."""
        self.stop()
        self.start()


class ValkeyCluster:
    """A primary with `replicas` replicas and `sentinels` Sentinels.

    Given `folder`, its data stays there between runs, on other ports; the last primary is primary again.
    """

    def __init__(
        self,
        *,
        replicas: int = 2,
        sentinels: int = 3,
        folder: Path | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        folder = folder or new_folder("valkey-cluster")
        settings = REPLICATED | (settings or {})
        self.nodes = [
            ClusterNode(folder=folder / f"node-{index}", name=f"valkey-{index}", settings=settings)
            for index in range(replicas + 1)
        ]
        for node in self.nodes:
            node.cluster = self
        self.sentinels = [Sentinel(folder / f"sentinel-{index}", f"sentinel-{index}") for index in range(sentinels)]
        self._ports = folder / "ports"

    @property
    def sentinel_url(self) -> str:
        """The address for a client's settings: it finds the primary through the Sentinels."""
        hosts = ",".join(f"{HOST}:{sentinel.port}" for sentinel in self.sentinels)
        return f"sentinel://{hosts}/{PRIMARY_NAME}"

    def start(self) -> None:
        """Starts all servers, then the Sentinels, and waits until they are healthy."""
        primary = self.nodes[self._last_primary()]
        primary.launch()
        others = [node for node in self.nodes if node is not primary]
        primary.wait_ready()
        for node in others:
            node.launch(replica_of=(HOST, primary.port))
        for node in others:
            node.wait_ready()
        self._ports.write_text("\n".join(str(node.port) for node in self.nodes))
        for sentinel in self.sentinels:
            rest = [other for other in self.sentinels if other is not sentinel]
            sentinel.configure(primary.port, [node.port for node in others], rest)
        for sentinel in self.sentinels:
            sentinel.process.start()
        for sentinel in self.sentinels:
            sentinel.wait_ready()
        self.wait_healthy()

    def _last_primary(self) -> int:
        """Which node was primary when the Sentinels last wrote their memory; the first for new ones.

        The newest memory wins; the ports in it are those of the last run.
        """
        memories = [memory for sentinel in self.sentinels if (memory := sentinel.remembered())]
        if not memories or not self._ports.exists():
            return 0
        ports = [int(port) for port in self._ports.read_text().split()]
        return ports.index(max(memories)[1])

    def primary_port(self) -> int:
        """The primary's port by the newest word of the Sentinels; StoreError when none answers."""
        views = [view for sentinel in self.sentinels if (view := sentinel.view())]
        if not views:
            raise StoreError("no Sentinel answers")
        return max(views, key=lambda view: view.epoch).primary_port

    def primary(self) -> ValkeyServer:
        """The primary by the newest word of the Sentinels, whether it is up or not."""
        port = self.primary_port()
        return next(node for node in self.nodes if node.port == port)

    def replicas(self) -> list[ClusterNode]:
        """All other servers."""
        port = self.primary_port()
        return [node for node in self.nodes if node.port != port]

    def failover(self) -> None:
        """A planned failover: another primary than now, healthy when this returns."""
        before = self.primary_port()
        next(sentinel for sentinel in self.sentinels if sentinel.alive).failover()
        wait_until(lambda: self.primary_port() != before, HEALTHY_SECONDS, what="failed over")
        self.wait_healthy()

    def wait_healthy(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Waits until every server that is up is in its place and all Sentinels that are up agree on it."""
        wait_until(self.is_healthy, seconds, what="a healthy Valkey cluster")

    def is_healthy(self) -> bool:
        """Whether the primary has all live replicas in step and the live Sentinels agree that it is well."""
        views = [sentinel.view() for sentinel in self.sentinels if sentinel.alive]
        ports = {view.primary_port if view and view.healthy else 0 for view in views}
        if len(ports) != 1:
            return False
        try:
            return self._in_step(ports.pop())
        except redis.RedisError:
            return False

    def _in_step(self, primary_port: int) -> bool:
        live = [node for node in self.nodes if node.alive]
        primary = next((node for node in live if node.port == primary_port), None)
        if primary is None:
            return False
        state = primary.call("INFO", "replication")
        slots = [state.get(f"slave{index}", {}) for index in range(len(self.nodes))]
        online = {int(slot["port"]) for slot in slots if slot.get("state") == "online"}
        links = [node.call("INFO", "replication").get("master_link_status") for node in live if node is not primary]
        return (
            state["role"] == "master"
            and online >= {node.port for node in live} - {primary_port}
            and all(link == "up" for link in links)
        )

    def stop(self) -> None:
        """Ends all in order, the Sentinels first so that they see no failure."""
        for sentinel in self.sentinels:
            sentinel.stop()
        for node in self.nodes:
            node.stop()

    def kill(self) -> None:
        """Ends all at once (SIGKILL); the data stays."""
        for sentinel in self.sentinels:
            sentinel.kill()
        for node in self.nodes:
            node.kill()

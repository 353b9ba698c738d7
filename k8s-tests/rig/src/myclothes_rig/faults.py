"""What can be broken: a zone, a container, a volume, the API server. One call breaks it, another takes that back."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from myclothes_rig import cgroups, network
from myclothes_rig.cluster import Cluster
from myclothes_rig.errors import RigError
from myclothes_rig.layout import Layout, ZoneFacts
from myclothes_rig.nodes import Node
from myclothes_rig.processes import Daemon, stopped
from myclothes_rig.waiting import wait_for

STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone with its machine and its network."""

    layout: Layout
    facts: ZoneFacts

    @property
    def node(self) -> Node:
        return Node(self.layout, self.facts)

    def kill(self) -> None:
        """Lose the machine: its processes and its network are gone at once, its disk stays."""
        self.node.kill()

    def start(self) -> None:
        """Switch a lost machine on again; returns before it is Ready."""
        self.node.start()

    def cut(self) -> None:
        """Cut it off both ways. It lives on alone."""
        network.cut(self.facts, "in", "out")

    def cut_in(self) -> None:
        """Let nothing reach it; what it sends arrives."""
        network.cut(self.facts, "in")

    def cut_out(self) -> None:
        """Let nothing leave it; what is sent to it arrives."""
        network.cut(self.facts, "out")

    def mend(self) -> None:
        """Take every cut back."""
        network.mend(self.facts)

    def freeze(self) -> None:
        """Stop all of its processes at once. Its kernel lives: connections stay open and nobody answers."""
        cgroups.set_frozen(self.facts, frozen=True)

    def thaw(self) -> None:
        """Let its processes go on as if no time had passed."""
        cgroups.set_frozen(self.facts, frozen=False)

    def state(self) -> str:
        """In words: off, running, frozen, and the directions it is cut off in."""
        if self.node.init() is None:
            return "off"
        words = ["frozen" if cgroups.is_frozen(self.facts) else "running"]
        return ", ".join(words + [f"cut {direction}" for direction in network.cuts(self.facts)])


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod, by its names."""

    cluster: Cluster
    namespace: str
    pod: str
    name: str

    def kill(self) -> None:
        """End its processes at once; the kubelet starts it again."""
        for pid in self._processes(*self._place()):
            # one that ends with its parent is as dead as was asked for
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def freeze(self) -> Callable[[], None]:
        """Stop its processes (SIGSTOP): a liveness probe may still have it killed, as on any machine.

        What is returned lets go on what was stopped, without a question to Kubernetes, which may be slow to answer.
        """
        place = self._place()

        def all_stopped() -> bool:
            running = [pid for pid in self._processes(*place) if not stopped(pid)]
            for pid in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            return not running

        wait_for(f"{self.namespace}/{self.pod}/{self.name} to stop", all_stopped, seconds=STOP_SECONDS)
        return lambda: _let_go_on(cgroups.container_processes(*place))

    def thaw(self) -> None:
        """Let its processes go on, whoever has stopped them."""
        _let_go_on(self._processes(*self._place()))

    def _place(self) -> tuple[ZoneFacts, str]:
        """Its zone and its id, as Kubernetes says."""
        zone = self.cluster.zone_of_pod(self.namespace, self.pod)
        return zone, self.cluster.container_id(self.namespace, self.pod, self.name)

    def _processes(self, zone: ZoneFacts, container: str) -> list[int]:
        pids = cgroups.container_processes(zone, container)
        if not pids:
            raise RigError(f"container {self.namespace}/{self.pod}/{self.name} has no process")
        return pids


def _let_go_on(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class ApiServer:
    """Kubernetes' API, of which nothing in the data plane may be in need."""

    daemon: Daemon

    def freeze(self) -> None:
        """Stop it: it takes connections and answers nobody, kubectl neither."""
        os.kill(self._pid(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self._pid(), signal.SIGCONT)

    def _pid(self) -> int:
        pid = self.daemon.pid()
        if pid is None:
            raise RigError(f"{self.daemon.name} does not run")
        return pid


@dataclass(frozen=True, slots=True)
class Volume:
    """A claimed volume of a pod. `name` is the name that the pod gives it."""

    layout: Layout
    cluster: Cluster
    namespace: str
    pod: str
    name: str

    def fill(self) -> None:
        """Take all of its space: the next write fails with ENOSPC."""
        self._run("fill")

    def free(self) -> None:
        """Give the space back."""
        self._run("free")

    def _run(self, action: str) -> None:
        zone = self.cluster.zone_of_pod(self.namespace, self.pod)
        folder = self.cluster.volume_folder(self.namespace, self.pod, self.name)
        Node(self.layout, zone).run("sh", self.layout.scripts / "volume.sh", action, folder)

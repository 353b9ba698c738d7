"""A real three-zone Kubernetes on one machine: build it, boot it, break it.

The control plane runs in the machine's own network namespace, one node a zone in namespaces of its own.
"""

import fcntl
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from myclothes_rig import cache, cgroups, images, leftovers, network, nodes, outside, packages, pki, tools
from myclothes_rig.cluster import Cluster
from myclothes_rig.commands import run
from myclothes_rig.control_plane import API_SERVER, ControlPlane
from myclothes_rig.errors import CommandError, PreparationError, RigError
from myclothes_rig.faults import ApiServer, Container, Volume, Zone
from myclothes_rig.layout import ZONES, Layout, ZoneFacts, data_file
from myclothes_rig.nodes import Node
from myclothes_rig.waiting import wait_for

NODE_READY_SECONDS = 180.0
SYSTEM_READY_SECONDS = 120.0
LOADED_SECONDS = 300.0
DELETE_SECONDS = 120.0

SYSTEM_WORKLOADS = (
    ("kube-system", "deployment/coredns"),
    ("kube-system", "deployment/metrics-server"),
    ("kube-system", "daemonset/traefik"),
    ("local-path-storage", "deployment/local-path-provisioner"),
)

SHOWN_SECONDS = 0.1

Report = Callable[[str, float], None]
"""Hears the name of a finished part and the seconds it took."""


def to_stderr(part: str, seconds: float) -> None:
    """Report a part on the terminal; what was there already is not worth a line."""
    if seconds >= SHOWN_SECONDS:
        sys.stderr.write(f"{seconds:7.1f} s  {part}\n")
        sys.stderr.flush()


class Rig:
    """The rig of one cache folder. Only one can be up on a machine: names and addresses are fixed."""

    def __init__(self, layout: Layout | None = None, report: Report = to_stderr) -> None:
        self.layout = layout or Layout.from_environment()
        self._report = report
        self.control_plane = ControlPlane(self.layout)
        self.cluster = Cluster(tuple(self.control_plane.kubectl()))

    def build(self) -> dict[str, Path]:
        """Install packages, compile the programs and make the cluster's images, as far as they are missing.

        Returns the image archives by name. Raises PreparationError when the machine lacks what cannot be installed.
        """
        with self._part("packages"):
            packages.install()
        packages.require_root()
        self.layout.tools.mkdir(parents=True, exist_ok=True)
        programs = tools.build(self.layout, self._report)
        return images.build(self.layout, programs, self._report)

    def up(self, archives: Sequence[Path] = ()) -> None:
        """Boot the cluster, clearing what an earlier boot left; returns when nodes and system pods are ready.

        `archives` are images for all nodes. Raises RigError with the part that failed and the end of its log.
        """
        packages.require_root()
        cgroups.require()
        with self._locked(), self._part("the rig is up"):
            system = self.build()
            with self._part("cleared"):
                self._clear()
            pki.make(self.layout)
            self._link(system, archives)
            network.create()
            for node in self._nodes():
                node.start()
            with self._part("control plane"):
                self.control_plane.start()
                self.control_plane.define(tools.cilium_files(self.layout) / "crds")
            with self._part("nodes Ready"):
                self._await_nodes()
            with self._part("system pods ready"):
                self._start_system()
            with self._part("images loaded"):
                self._await_images()

    def down(self) -> None:
        """End everything and leave no process, mount, control group or namespace. Raises RigError if one is left."""
        packages.require_root()
        with self._locked(), self._part("the rig is down"):
            self._clear()
            left = leftovers.find(self.layout)
            if left:
                raise RigError(f"the rig is down but has left: {', '.join(left)}")

    def load(self, *archives: Path) -> None:
        """Import images into every running node, and into the others when they start.

        A node that has an archive, as it is now, is left alone.
        """
        for archive in archives:
            if not archive.is_file():
                raise RigError(f"no such image archive: {archive}")
            link = self.layout.preload / "extra" / archive.name
            link.unlink(missing_ok=True)
            link.symlink_to(archive.resolve())
            with self._part(f"load {archive.name}"), ThreadPoolExecutor() as pool:
                running = (node for node in self._nodes() if node.init() is not None)
                list(pool.map(partial(Node.load, archive=archive.resolve()), running))

    def status(self) -> dict[str, str]:
        """What runs, in words: each program of the control plane and each zone."""
        state = {daemon.name: "running" if daemon.pid() else "off" for daemon in self.control_plane.daemons()}
        return state | {zone.node: self.zone(zone.letter).state() for zone in ZONES.values()}

    def is_up(self) -> bool:
        """Whether the whole control plane runs."""
        return all(daemon.pid() for daemon in self.control_plane.daemons())

    def kubectl(self, *words: str | Path, stdin: str | None = None, seconds: float = 60.0) -> str:
        """Run kubectl as the cluster's administrator and return its output."""
        return self.cluster.kubectl(*words, stdin=stdin, seconds=seconds)

    def heard_of(self, letter: str) -> str:
        """When a zone's node was last heard of, in the API server's words; empty when it never was."""
        lease = ("-n", "kube-node-lease", "lease", ZONES[letter].node, "--ignore-not-found")
        return self.cluster.column("{.spec.renewTime}", *lease)

    def wait_ready(self, letter: str, seconds: float = NODE_READY_SECONDS, *, not_as_of: str | None = None) -> None:
        """Return when a zone's node is Ready; with `not_as_of`, an answer of `heard_of`, by something newer than that.

        A dead node is called Ready for another 40 s: one that was started again meanwhile has to be heard of first.
        """
        zone = ZONES[letter]
        wait_for(
            f"{zone.node} to be Ready",
            lambda: (not_as_of is None or self._heard_since(letter, not_as_of)) and self._ready(zone),
            seconds=seconds,
            diagnosis=Node(self.layout, zone).diagnosis,
        )

    def zone(self, letter: str) -> Zone:
        """Zone a, b or c, to be killed, cut off, frozen and brought back."""
        if letter not in ZONES:
            raise RigError(f"no zone {letter}: the zones are {', '.join(ZONES)}")
        return Zone(self.layout, ZONES[letter])

    def container(self, namespace: str, pod: str, container: str) -> Container:
        """A container of a pod, to be killed or frozen."""
        return Container(self.cluster, namespace, pod, container)

    def volume(self, namespace: str, pod: str, volume: str) -> Volume:
        """A claimed volume of a pod, to be filled."""
        return Volume(self.layout, self.cluster, namespace, pod, volume)

    def set_apart(self, pid: int) -> None:
        """Let a process of this machine run however busy the zones are, as shoppers elsewhere would."""
        cgroups.join_control_plane(pid)

    def set_thread_apart(self, thread: int) -> None:
        """The same for one thread, by the kernel's id of it: what else its process starts is left where it is."""
        cgroups.join_control_plane_alone(thread)

    def api_server(self) -> ApiServer:
        """Kubernetes' API, to be frozen."""
        return ApiServer(next(one for one in self.control_plane.daemons() if one.name == API_SERVER))

    @contextmanager
    def outside(self) -> Iterator[list[str]]:
        """A machine beyond the cluster, which also answers for the internet and the clouds' metadata address.

        The context gives the words that run a program on it.
        """
        nodes = {node.zone.letter: node for node in self._nodes()}
        with outside.outside(nodes, {letter: self._pod_network(zone) for letter, zone in ZONES.items()}) as inside:
            yield inside

    def _clear(self) -> None:
        with self._part("machines gone"), ThreadPoolExecutor() as pool:
            list(pool.map(_end, ZONES.values()))
        with self._part("control plane gone"):
            self.control_plane.kill()
        network.remove()
        with self._part("disks deleted"), ThreadPoolExecutor() as pool:
            folders = self.layout.state.glob("*")
            list(pool.map(lambda folder: run(["rm", "-rf", folder], seconds=DELETE_SECONDS), folders))
            cache.remove(self.layout.state)

    def _link(self, system: dict[str, Path], archives: Sequence[Path]) -> None:
        nodes.install(self.layout)
        for name, program in tools.programs(self.layout).items():
            (self.layout.bin / name).symlink_to(program)
        for folder, files in (("system", list(system.values())), ("extra", list(archives))):
            target = self.layout.preload / folder
            target.mkdir(parents=True)
            for archive in files:
                if not archive.is_file():
                    raise PreparationError(f"no such image archive: {archive}")
                (target / archive.name).symlink_to(archive.resolve())

    def _heard_since(self, letter: str, then: str) -> bool:
        try:
            return self.heard_of(letter) != then
        except CommandError:
            return False

    def _ready(self, zone: ZoneFacts) -> bool:
        try:
            return (
                self.cluster.column(
                    '{.status.conditions[?(@.type=="Ready")].status}', "node", zone.node, "--ignore-not-found"
                )
                == "True"
            )
        except CommandError:
            return False

    def _await_nodes(self) -> None:
        for zone in ZONES.values():
            self.wait_ready(zone.letter)
            # a node may be Ready before the controller manager has given it a network
            wait_for(
                f"{zone.node} to have a network for its pods",
                partial(self._has_pod_network, zone),
                seconds=NODE_READY_SECONDS,
                diagnosis=Node(self.layout, zone).diagnosis,
            )
            network.route_pods(self._pod_network(zone), zone.address)
        network.route_services(ZONES["a"].address)

    def _pod_network(self, zone: ZoneFacts) -> str:
        return self.cluster.column("{.spec.podCIDR}", "node", zone.node)

    def _has_pod_network(self, zone: ZoneFacts) -> bool:
        return bool(self._pod_network(zone))

    def _start_system(self) -> None:
        manifest = data_file("system.yaml").read_text().replace("@VOLUME_SH@", str(self.layout.scripts / "volume.sh"))
        self.kubectl("apply", "-f", "-", stdin=manifest)
        for namespace, workload in SYSTEM_WORKLOADS:
            words = ["-n", namespace, "rollout", "status", workload, f"--timeout={SYSTEM_READY_SECONDS:g}s"]
            try:
                self.kubectl(*words, seconds=SYSTEM_READY_SECONDS + 10)
            except CommandError as error:
                pods = self.kubectl("-n", namespace, "describe", "pods")
                raise RigError(f"{workload} is not ready\n{pods[-4000:]}") from error

    def _await_images(self) -> None:
        for node in self._nodes():
            wait_for(
                f"{node.zone.node} to load its images", node.loaded, seconds=LOADED_SECONDS, diagnosis=node.diagnosis
            )

    def _nodes(self) -> list[Node]:
        return [Node(self.layout, zone) for zone in ZONES.values()]

    @contextmanager
    def _part(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self._report(name, time.monotonic() - started)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One boot or end at a time on this cache."""
        self.layout.cache.mkdir(parents=True, exist_ok=True)
        with (self.layout.cache / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RigError("the rig is being booted or ended by another process") from None
            yield


def _end(zone: ZoneFacts) -> None:
    cgroups.kill(zone)
    cgroups.remove(zone)

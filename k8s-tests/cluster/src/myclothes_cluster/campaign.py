"""The rig as the ground of a campaign: `python -m myclothes_cluster.campaign --faults 50 --seed 1`."""

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import helm_python as helm

from myclothes_campaign import GroundError, Kind, Part
from myclothes_campaign.cli import main
from myclothes_campaign.faults import EVERYTHING, POSTGRES, SENTINEL, VALKEY
from myclothes_campaign.ground import Mend
from myclothes_cluster import evidence
from myclothes_cluster.faults import SYSTEM, await_in_step, delete, delete_system, primary, zone_letter
from myclothes_cluster.release import Release
from myclothes_cluster.targets import RigTarget
from myclothes_rig import Rig
from myclothes_rig.errors import CommandError, RigError
from myclothes_rig.layout import ZONES

STORES = {VALKEY: frozenset({VALKEY}), POSTGRES: frozenset({POSTGRES})}
LONGEST_VALKEY_FREEZE = 6.0
LONGEST_POSTGRES_FREEZE = 30.0
"""Beyond the lease on the lead, 20 s: the successor is there when the old primary goes on."""
REPLICAS = 2
PODS = 3
STATELESS = {"gateway": PODS, "cart": PODS, "users": PODS, "shop": PODS, "operator": 2, "cache": 1}
"""Components, and of how many pods of each one is chosen."""
DNS = "dns"
STOCKED_SECONDS = 120.0
HANDED_OVER_SECONDS = 60.0
"""The pod's own limit is 20 s, and the machine may be busy."""
BEFORE_SECONDS = 60.0
"""So much of the logs before a fault is kept, too."""


class RigGround:
    """The shop as its chart installs it, in three zones of real nodes on one machine."""

    name = "rig"

    def __init__(self, folder: Path, weakness: str = "") -> None:  # noqa: ARG002 - the rig has a place of its own
        self._weakness = weakness
        self._rig = Rig()
        self._target = RigTarget(self._rig)
        self._release = Release(self._target)
        self._deeds = _zones(self) | _stores(self) | _stateless(self)
        self._broken_at: float | None = None
        self.kinds: Sequence[Kind] = tuple(self._deeds)

    @property
    def urls(self) -> tuple[str, ...]:
        """The ingress of each zone."""
        return self._target.origins

    @property
    def rig(self) -> Rig:
        """For its faults."""
        return self._rig

    @property
    def release(self) -> Release:
        """The shop."""
        return self._release

    def start(self) -> None:
        """All zones running, the shop installed as this checkout makes it, and in step."""
        if self._weakness:
            raise GroundError(f"the rig has no shop without {self._weakness}: --ground processes has")
        try:
            self._target.up()
            self._target.load(self._release.archives())
            self._mend_containers()
            self._release.ensure()
            await_in_step(self._release)
        except (RigError, helm.HelmError) as error:
            raise GroundError(str(error)) from error

    def stop(self) -> None:
        """All zones running; the shop stays."""
        try:
            self.mend()
        except RigError as error:
            raise GroundError(str(error)) from error

    def stock_up(self) -> None:
        """Import the sample catalogue's stock anew."""
        shop = self.serving("shop", 0)
        words = ("python", "-m", "myclothes_shop", "import", "--sample", "--set-stock")
        try:
            self._release.pods.run(shop, *words, seconds=STOCKED_SECONDS)
        except CommandError as error:
            raise GroundError(str(error)) from error

    def set_apart(self, pid: int) -> None:
        """Shoppers are elsewhere."""
        self._rig.set_apart(pid)

    def inflict(self, part: Part) -> Mend:
        """Begin a fault; what is returned ends it."""
        self._broken_at = time.monotonic()
        try:
            mend = self._deeds[part.kind](part)
        except (RigError, LookupError) as error:
            raise GroundError(f"{part}: {error}") from error

        def end() -> None:
            try:
                mend()
            except RigError as error:
                raise GroundError(f"{part}, its end: {error}") from error

        return end

    def await_whole(self, seconds: float) -> None:
        """Return when every pod is Ready and both stores' replicas are in step."""
        try:
            self.mend()
            self._release.await_ready(seconds)
            await_in_step(self._release, seconds)
            self._release.await_ready(seconds)  # a pod on a node that died is called Ready for a while
            self._release.spread()
        except RigError as error:
            raise GroundError(str(error)) from error

    def keep(self, folder: Path) -> None:
        """The pods' states, events and, of the last fault, logs, those of restarted containers too."""
        age = None if self._broken_at is None else time.monotonic() - self._broken_at + BEFORE_SECONDS
        evidence.keep(self._release.pods, folder, since_seconds=age)

    def zone(self, choice: int) -> str:
        """The zone with Valkey's primary (0), with PostgreSQL's (1), or one that has neither if there is one (2)."""
        first, second = (zone_letter(self._release, self.primary(store)) for store in (VALKEY, POSTGRES))
        third = next(letter for letter in ZONES if letter not in {first, second})
        return (first, second, third)[choice]

    def primary(self, store: str) -> str:
        """The pod with a store's primary."""
        return primary(self._release, store)

    def replica(self, store: str, choice: int) -> str:
        """One of a store's other pods."""
        primary = self.primary(store)
        return [pod.name for pod in self._release.pods.all(store) if pod.name != primary][choice]

    def serving(self, component: str, choice: int) -> str:
        """One of a component's Ready pods."""
        serving = self._release.pods.serving(component)
        return serving[choice % len(serving)].name

    def kill(self, pod: str, container: str) -> Mend:
        """SIGKILL to all processes of a container."""
        self._rig.container(self._release.namespace, pod, container).kill()
        return nothing

    def freeze(self, pod: str, container: str) -> Mend:
        """SIGSTOP to all processes of a container."""
        return self._rig.container(self._release.namespace, pod, container).freeze()

    def delete(self, *pods: str, at_once: bool = False) -> Mend:
        """Delete pods, with the time that they ask for or without."""
        delete(self._release, *pods, at_once=at_once)
        return nothing

    def delete_dns(self) -> Mend:
        """Delete one of the pods that answer for the cluster's names."""
        delete_system(self._release, SYSTEM[DNS])
        return nothing

    def hand_over(self) -> Mend:
        """Have PostgreSQL's primary do what it does before a stop, but for the wait; it lives on as a replica.

        Valkey's would hold writes until it stops: that is its pod deleted.
        """
        words = ("python3", "-m", "postgresnode.handover")
        self._release.pods.run(self.primary(POSTGRES), *words, container=POSTGRES, seconds=HANDED_OVER_SECONDS)
        return nothing

    def fill(self, pod: str) -> Mend:
        """Leave no byte on the volume of a store's pod."""
        volume = self._rig.volume(self._release.namespace, pod, "data")
        volume.fill()
        return volume.free

    def _mend_containers(self) -> None:
        """Let go on what a campaign that was killed has stopped, and give back the disks that it has filled."""
        for pod in (pod for pod in self._release.pods.all() if pod.node and not pod.finished):
            for container in pod.containers:
                with suppress(RigError):  # it has none running: there is nothing to let go on
                    self._rig.container(self._release.namespace, pod.name, container).thaw()
            if pod.component in STORES:
                self._rig.volume(self._release.namespace, pod.name, "data").free()

    def mend(self, *letters: str) -> None:
        """Have zones run, all of them when none is named. Raises RigError."""
        with ThreadPoolExecutor(len(ZONES)) as pool:
            list(pool.map(self._target.mend, letters or ZONES))


Deed = Callable[[Part], Mend]


def _zones(ground: RigGround) -> dict[Kind, Deed]:
    zones = len(ZONES)

    def zone(part: Part, begin: str) -> Mend:
        letter = ground.zone(part.choice)
        getattr(ground.rig.zone(letter), begin)()
        return partial(ground.mend, letter)

    def all_killed(_: Part) -> Mend:
        for letter in ZONES:
            ground.rig.zone(letter).kill()
        return ground.mend

    return {
        Kind("zone killed", EVERYTHING, 5.0, 40.0, zones): partial(zone, begin="kill"),
        Kind("zone cut off both ways", EVERYTHING, 2.0, 40.0, zones): partial(zone, begin="cut"),
        Kind("zone that nothing reaches", EVERYTHING, 2.0, 40.0, zones): partial(zone, begin="cut_in"),
        Kind("zone that nothing leaves", EVERYTHING, 2.0, 40.0, zones): partial(zone, begin="cut_out"),
        Kind("zone frozen", EVERYTHING, 0.8, 30.0, zones): partial(zone, begin="freeze"),
        Kind("everything killed", EVERYTHING): all_killed,
    }


def _stores(ground: RigGround) -> dict[Kind, Deed]:
    deeds: dict[Kind, Deed] = {
        Kind("sentinel killed", frozenset({SENTINEL}), choices=PODS): lambda part: ground.kill(
            ground.serving(VALKEY, part.choice), "sentinel"
        ),
        Kind("sentinel frozen", frozenset({SENTINEL}), 1.0, 6.0, PODS): lambda part: ground.freeze(
            ground.serving(VALKEY, part.choice), "sentinel"
        ),
        Kind("keeper killed", frozenset({SENTINEL}), choices=PODS): lambda part: ground.kill(
            ground.serving(VALKEY, part.choice), "keeper"
        ),
        Kind("keeper frozen", frozenset({SENTINEL}), 1.0, 6.0, PODS): lambda part: ground.freeze(
            ground.serving(VALKEY, part.choice), "keeper"
        ),
        Kind("postgres primary handed over", STORES[POSTGRES]): lambda _: ground.hand_over(),
    }
    for store, longest in ((VALKEY, LONGEST_VALKEY_FREEZE), (POSTGRES, LONGEST_POSTGRES_FREEZE)):
        deeds |= _store(ground, store, longest)
    return deeds


def _store(ground: RigGround, store: str, longest: float) -> dict[Kind, Deed]:
    touches = STORES[store]
    pods = touches | {SENTINEL} if store == VALKEY else touches
    return {
        Kind(f"{store} primary deleted", touches): lambda _: ground.delete(ground.primary(store)),
        Kind(f"{store} primary deleted by force", touches): lambda _: ground.delete(
            ground.primary(store), at_once=True
        ),
        Kind(f"{store} primary killed", touches): lambda _: ground.kill(ground.primary(store), store),
        Kind(f"{store} primary frozen", touches, 0.8, longest): lambda _: ground.freeze(ground.primary(store), store),
        Kind(f"{store} primary's disk full", touches, 2.0, 10.0): lambda _: ground.fill(ground.primary(store)),
        Kind(f"{store} replica deleted", touches, choices=REPLICAS): lambda part: ground.delete(
            ground.replica(store, part.choice)
        ),
        Kind(f"{store} replica killed", touches, choices=REPLICAS): lambda part: ground.kill(
            ground.replica(store, part.choice), store
        ),
        Kind(f"{store} replica frozen", touches, 0.8, longest, REPLICAS): lambda part: ground.freeze(
            ground.replica(store, part.choice), store
        ),
        Kind(f"{store} replica's disk full", touches, 2.0, 10.0, REPLICAS): lambda part: ground.fill(
            ground.replica(store, part.choice)
        ),
        Kind(f"all of {store} deleted", pods): lambda _: ground.delete(
            *(pod.name for pod in ground.release.pods.all(store))
        ),
    }


def _stateless(ground: RigGround) -> dict[Kind, Deed]:
    deeds: dict[Kind, Deed] = {Kind("dns deleted", frozenset({DNS})): lambda _: ground.delete_dns()}
    for component, choices in STATELESS.items():
        touches = frozenset({component})

        def pod(part: Part, component: str = component) -> str:
            return ground.serving(component, part.choice)

        def kill(part: Part, component: str = component) -> Mend:
            return ground.kill(pod(part, component), component)

        def freeze(part: Part, component: str = component) -> Mend:
            return ground.freeze(pod(part, component), component)

        def remove(part: Part, component: str = component) -> Mend:
            return ground.delete(pod(part, component))

        deeds[Kind(f"{component} deleted", touches, choices=choices)] = remove
        deeds[Kind(f"{component} killed", touches, choices=choices)] = kill
        deeds[Kind(f"{component} frozen", touches, 0.5, 4.0, choices)] = freeze
    return deeds


def nothing() -> None:
    """What was done at once needs no end."""


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main({RigGround.name: RigGround}))

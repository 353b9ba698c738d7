"""What is done to the shop of processes."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from myclothes_campaign.faults import EVERYTHING, POSTGRES, SENTINEL, VALKEY, Kind, Part
from myclothes_campaign.ground import GroundError
from myclothes_campaign.processes.freezes import freeze
from myclothes_campaign.processes.handovers import hand_over
from myclothes_campaign.processes.shop import NODES, SERVICES, Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from myclothes_campaign.ground import Mend
    from myclothes_campaign.processes.shop import Store

POLL_SECONDS = 0.5
REPLICAS = NODES - 1

_VALKEY, _POSTGRES, _SENTINEL = frozenset({VALKEY}), frozenset({POSTGRES}), frozenset({SENTINEL})


class ProcessGround:
    """The shop of `make shop HA=1`: three Valkeys under three Sentinels, three PostgreSQLs, four services.

    The launcher stands in for Patroni: it promotes when the primary's process has ended, and only then.
    """

    name = "processes"

    def __init__(self, folder: Path, weakness: str = "") -> None:
        self._shop = Shop(folder, weakness)
        self._deeds: dict[Kind, Callable[[Part], Mend]] = {
            Kind("valkey primary killed", _VALKEY): self._kill_primary("valkey"),
            Kind("valkey primary frozen", _VALKEY, 0.8, 4.0): self._freeze_primary("valkey"),
            Kind("valkey primary handed over", _VALKEY): lambda _: hand_over(self._shop),
            Kind("valkey replica killed", _VALKEY, choices=REPLICAS): self._kill_replica("valkey"),
            Kind("valkey replica frozen", _VALKEY, 0.8, 6.0, REPLICAS): self._freeze_replica("valkey"),
            Kind("valkey replicas detached, then primary killed", _VALKEY, 1.0, 4.0): self._detach_replicas("valkey"),
            Kind("sentinel killed", _SENTINEL, choices=NODES): lambda part: self._kill(f"sentinel-{part.choice}"),
            Kind("sentinel frozen", _SENTINEL, 1.0, 6.0, NODES): lambda part: self._freeze(f"sentinel-{part.choice}"),
            Kind("postgres primary killed", _POSTGRES): self._kill_primary("postgres"),
            Kind("postgres primary stopped", _POSTGRES): self._stop_postgres,
            Kind("postgres primary frozen", _POSTGRES, 1.0, 8.0): self._freeze_primary("postgres"),
            Kind("postgres replica killed", _POSTGRES, choices=REPLICAS): self._kill_replica("postgres"),
            Kind("postgres replica frozen", _POSTGRES, 1.0, 8.0, REPLICAS): self._freeze_replica("postgres"),
            Kind("postgres replicas detached, then primary killed", _POSTGRES, 1.0, 6.0): self._detach_replicas(
                "postgres"
            ),
            **{
                Kind(f"{name} killed", frozenset({name})): partial(_ignoring_part, self._kill, name)
                for name in (*SERVICES, "cache")
            },
            **{
                Kind(f"{name} frozen", frozenset({name}), 0.5, 4.0): partial(_ignoring_part, self._freeze, name)
                for name in (*SERVICES, "cache")
            },
            Kind("everything killed", EVERYTHING): self._restart,
        }
        self.kinds: Sequence[Kind] = tuple(self._deeds)

    @property
    def urls(self) -> tuple[str, ...]:
        """The one gateway."""
        return (self._shop.url,)

    def start(self) -> None:
        """Start it on the data that an earlier campaign has left, if any."""
        self._shop.start()

    def stop(self) -> None:
        """End every process."""
        self._shop.stop()

    def stock_up(self) -> None:
        """There is enough from the start: its catalogue is a feed of large numbers."""

    def set_apart(self, pid: int) -> None:
        """All share the machine alike."""

    def inflict(self, part: Part) -> Mend:
        """Begin a fault; what is returned ends it."""
        return self._deeds[part.kind](part)

    def await_whole(self, seconds: float) -> None:
        """Return when all processes are there and both stores' replicas in step."""
        deadline = time.monotonic() + seconds
        while unwell := self._shop.unwell():
            if time.monotonic() > deadline:
                raise GroundError(f"not whole after {seconds:g} s: {'; '.join(unwell)}")
            time.sleep(POLL_SECONDS)

    def keep(self, folder: Path) -> None:
        """All logs of the launcher, the services and the stores."""
        for log in self._shop.data.parent.rglob("*.log"):
            kept = folder / log.relative_to(self._shop.data.parent)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(log, kept)

    def _kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> Mend:
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(self._shop.pid(name), number)
        return _nothing

    def _freeze(self, name: str) -> Mend:
        return freeze(self._shop.pid(name))

    def _kill_primary(self, store: Store) -> Callable[[Part], Mend]:
        return lambda _: self._kill(self._shop.primary(store))

    def _freeze_primary(self, store: Store) -> Callable[[Part], Mend]:
        return lambda _: self._freeze(self._shop.primary(store))

    def _kill_replica(self, store: Store) -> Callable[[Part], Mend]:
        return lambda part: self._kill(self._shop.replicas(store)[part.choice])

    def _freeze_replica(self, store: Store) -> Callable[[Part], Mend]:
        return lambda part: self._freeze(self._shop.replicas(store)[part.choice])

    def _detach_replicas(self, store: Store) -> Callable[[Part], Mend]:
        """What the primary takes alone, from here to its end, must not have been acknowledged."""

        def begin(_: Part) -> Mend:
            primary = self._shop.pid(self._shop.primary(store))
            for name in self._shop.replicas(store):
                self._shop.detach(name)

            def end() -> None:
                with suppress(ProcessLookupError):
                    os.kill(primary, signal.SIGKILL)

            return end

        return begin

    def _stop_postgres(self, _: Part) -> Mend:
        return self._kill(self._shop.primary("postgres"), signal.SIGINT)  # "fast" shutdown

    def _restart(self, _: Part) -> Mend:
        self._shop.kill()
        return self._shop.start


def _ignoring_part(deed: Callable[[str], Mend], name: str, _: Part) -> Mend:
    return deed(name)


def _nothing() -> None:
    """What was done at once needs no end."""

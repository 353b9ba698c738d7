"""A round: one acts, the other looks on; reports and events follow what has changed."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY
from simulation import shift, store, world

from myclothes_operator.errors import FailedError
from myclothes_operator.kube import Seen
from myclothes_operator.lifecycle import SHIFTED
from myclothes_operator.loop import ASIDE_SECONDS, CALM_SECONDS, CHECKED_SECONDS, GATHER_SECONDS, Loop
from myclothes_operator.model import Report, Status, World


class Cluster:
    """Answers with `world`, and notes what is written."""

    def __init__(self, seen: World, reports: tuple[Report, ...] = ()) -> None:
        self.world = replace(seen, cart_store=None, user_store=None)
        self.reports = reports
        self.looks = 0
        self.written: list[str] = []
        self.dropped: list[str] = []
        self.told: list[tuple[str, bool]] = []

    async def observe(self) -> Seen:
        self.looks += 1
        return Seen(self.world, self.reports)

    async def write_report(self, _old: Report | None, zone: str, *_: object) -> None:
        self.written.append(zone)

    async def drop_report(self, zone: str) -> None:
        self.dropped.append(zone)

    async def tell(self, _shift: Any, reason: str, _message: str, *, warning: bool, now: float) -> None:
        assert now > 0
        self.told.append((reason, warning))


class Holder:
    def __init__(self, *, holds: bool = True) -> None:
        self.holds = holds

    async def hold(self) -> bool:
        return self.holds


class Fixed:
    """A store that says the same each time."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def observe(self) -> Any:
        return store(self._name)


class Executor:
    def __init__(self, *, does: bool = True) -> None:
        self.actions: list[Any] = []
        self._does = does

    async def perform(self, actions: tuple[Any, ...], _seen: float) -> tuple[Any, ...]:
        self.actions += actions
        return actions if self._does else ()


def loop(cluster: Cluster, *, holds: bool = True) -> Loop:
    return Loop(cluster, Holder(holds=holds), Fixed("valkey"), Fixed("postgres"))


async def test_only_the_holder_acts_but_all_can_say_what_they_see() -> None:
    for holds in (True, False):
        cluster, executor = Cluster(world(shift("z", duration=1e12))), Executor()
        one = loop(cluster, holds=holds)
        assert await one.round(executor) is holds
        assert bool(executor.actions) is holds
        assert bool(cluster.written) is holds
        assert one.findings == {"a": (), "b": (), "c": ()}


async def test_whoever_does_not_hold_looks_seldom_and_at_once_when_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    holder, cluster, executor = Holder(holds=False), Cluster(world()), Executor()
    one = Loop(cluster, holder, Fixed("valkey"), Fixed("postgres"))
    for seconds, looks in ((0.0, 1), (CALM_SECONDS, 1), (ASIDE_SECONDS, 2)):
        clock[0] += seconds
        await one.round(executor)
        assert cluster.looks == looks
    holder.holds = True
    await one.round(executor)
    assert cluster.looks == 3


@pytest.mark.parametrize("shifting", [False, True])
async def test_a_pod_s_change_is_urgent_only_while_a_zone_is_shifted(
    monkeypatch: pytest.MonkeyPatch, *, shifting: bool
) -> None:
    monkeypatch.setattr("myclothes_operator.loop.BUSY_SECONDS", CALM_SECONDS)
    in_force = shift("a", duration=1e12, status=Status(phase=SHIFTED, accepted=1.0))
    cluster = Cluster(world(*(in_force,) * shifting))
    one = loop(cluster)
    running = asyncio.create_task(one.run(Executor(does=False)))
    looks = []
    for tell in (lambda: None, one.stir, one.wake):
        tell()
        await asyncio.sleep(3 * GATHER_SECONDS)
        looks.append(cluster.looks)
    running.cancel()
    assert looks == ([1, 2, 3] if shifting else [1, 1, 2])


async def test_a_report_is_written_when_it_changes() -> None:
    now = time.time()
    known = tuple(Report(zone, "1", "Yes", (), checked=now) for zone in ("a", "b", "gone"))
    cluster = Cluster(world(), known)
    await loop(cluster).round(Executor())
    assert (cluster.written, cluster.dropped) == (["c"], ["gone"])
    cluster = Cluster(world(), (replace(known[0], survivable="No"), *known[1:2], replace(known[0], zone="c")))
    await loop(cluster).round(Executor())
    assert (cluster.written, cluster.dropped) == (["a"], [])


async def test_a_report_that_stays_true_says_so_each_minute() -> None:
    now = time.time()
    ages = {"a": CALM_SECONDS, "b": CHECKED_SECONDS + 1}
    aged = (Report(zone, "1", "Yes", (), checked=now - age) for zone, age in ages.items())
    cluster = Cluster(world(), (*aged, Report("c", "1", "Yes", ())))
    await loop(cluster).round(Executor())
    assert sorted(cluster.written) == ["b", "c"]
    assert CHECKED_SECONDS + CALM_SECONDS < 60.0


async def test_the_gauges_of_a_zone_that_is_no_more_go() -> None:
    cluster = Cluster(world())
    one = loop(cluster)
    gauges = ("zone_survivable", "zone_shifted")

    def zones() -> list[list[str]]:
        return [
            [zone for zone in "abc" if REGISTRY.get_sample_value(name, {"zone": zone}) is not None] for name in gauges
        ]

    await one.round(Executor())
    assert zones() == [["a", "b", "c"]] * 2
    cluster.world = replace(cluster.world, nodes=cluster.world.nodes[:2])
    await one.round(Executor())
    assert zones() == [["a", "b"]] * 2


@pytest.mark.parametrize(("zone", "told"), [("z", ("Refused", True)), ("a", ("Preparing", False))])
async def test_each_phase_is_told(zone: str, told: tuple[str, bool]) -> None:
    cluster = Cluster(world(shift(zone, duration=1e12)))
    await loop(cluster).round(Executor())
    assert cluster.told == [told]


async def test_a_phase_that_could_not_be_written_is_not_told() -> None:
    cluster, executor = Cluster(world(shift("a", duration=1e12))), Executor(does=False)
    await loop(cluster).round(executor)
    assert (len(executor.actions), cluster.told) == (1, [])


async def test_a_cluster_that_does_not_answer_fails_the_round() -> None:
    cluster = Cluster(world())

    async def away() -> Seen:
        raise FailedError("away")

    cluster.observe = away
    with pytest.raises(FailedError):
        await loop(cluster).round(Executor())

"""Climbing: the shop brought to each rung, the rung's day, its figures; and the shop as it was, afterwards."""

import asyncio
import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from myclothes_cluster import Release, Target
from myclothes_cluster.release import ROOT
from myclothes_cluster.targets import RigTarget
from myclothes_ladder import cpu, probes, windows
from myclothes_ladder.balancer import Address, Balancer
from myclothes_ladder.day import QUIET, QUIET_SECONDS, Day
from myclothes_ladder.figures import Figures
from myclothes_ladder.rungs import Rung
from myclothes_ladder.steps import leave, step
from myclothes_ledger import Ledger, checking, history
from myclothes_ledger.checking import final
from myclothes_rig import Rig
from myclothes_rig.errors import RigError
from myclothes_rig.layout import INGRESS_NODE_PORT, ZONES
from myclothes_rig.waiting import wait_for

ARTEFACTS = ROOT / "artefacts" / "ladder"
RATE = 60.0
SHOPPERS = 120
"""Each asks every two seconds."""
LINES = 100
SETTLE_SECONDS = 5.0
SERVED_SECONDS = 60.0


def climb(target: Target, rungs: Iterable[Rung]) -> Iterable[Figures]:
    """Measure these rungs on the rig's shop, each as soon as it is asked for; in the end the shop is as it was."""
    rig = target.rig
    if not isinstance(target, RigTarget) or rig is None:
        raise RigError(f"a zone that dies needs the rig (CLUSTER={target.name})")
    release = Release(target)
    target.load(release.archives())
    try:
        for rung in rungs:
            step(release, rung)
            yield _measure(release, target, rig, rung)
    finally:
        leave(release)


def _measure(release: Release, target: RigTarget, rig: Rig, rung: Rung) -> Figures:
    origin = release.origin
    articles = _articles(origin)
    weights, full_at = probes.weigh(origin, articles)
    forgeries = probes.forge(origin, articles) if rung.has_cookie else None
    servers: list[Address] = [(zone.address, INGRESS_NODE_PORT) for zone in ZONES.values()]
    folder = ARTEFACTS / f"{rung.name}-{time.time_ns()}"
    with Balancer(servers) as balancer:
        crowd = Ledger(balancer.url, folder, rate=RATE, shoppers=SHOPPERS, only="carts")
        rig.set_thread_apart(balancer.thread)
        day = Day(rung, release, target, rig, balancer)
        try:
            used = day.pass_with(crowd)
        except BaseException:  # who interrupts it, too, is left a whole shop
            day.mend()
            raise
        verdict = asyncio.run(checking.check(folder, [balancer.url], settle_seconds=SETTLE_SECONDS))
    records = list(history.read(folder))
    felt = crowd.report()
    carts = {name: cart.lines for name, cart in final.load(folder).carts.items()}
    return Figures(
        rung=rung.name,
        date=datetime.now(UTC).date().isoformat(),
        machine=f"{os.cpu_count()} shared cores",
        rate=RATE,
        shoppers=SHOPPERS,
        requests=felt["requests"],
        acknowledged_writes=felt["acknowledged_writes"],
        violations=len(verdict.violations),
        undecided=len(verdict.undecided),
        unread=len(verdict.unread),
        events=windows.events(records, carts),
        latency_ms=windows.latencies(records, QUIET),
        cpu_ms=cpu.per_request(used.idle, used.idle_seconds, used.busy, used.busy_seconds, round(RATE * QUIET_SECONDS)),
        weights=weights,
        full_at=full_at,
        forgeries=forgeries,
    )


def _articles(origin: str) -> list[str]:
    """What can be bought, as soon as the shop is served."""
    found: list[str] = []

    def served() -> bool:
        try:
            found[:] = probes.skus(origin, LINES)
        except (OSError, KeyError, TypeError, ValueError):
            return False
        return True

    wait_for("the shop to be served", served, seconds=SERVED_SECONDS, poll=1.0)
    return found

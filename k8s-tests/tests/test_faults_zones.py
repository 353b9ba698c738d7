"""A zone is lost under shoppers in all three: nothing acknowledged goes, the others go on within bounded seconds."""

import time

import pytest

from myclothes_cluster import Release
from myclothes_cluster.crowd import GOALS, Crowd, record
from myclothes_cluster.faults import (
    await_in_step,
    await_noticed,
    await_primaries,
    await_replaced,
    logs_of,
    mend,
    zone_letter,
)
from myclothes_rig import Rig
from myclothes_rig.layout import ZONES

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

TOLERANCE = 3
"""A goal is for a machine of the shop's own; here three zones, a control plane and the shoppers share two cores."""
CARTS = "that of the carts"
READ_SECONDS = 5.0
"""A page or a cart is shown, or refused, within this time: the gateway's deadline and the way."""
WHOLE_SECONDS = 240.0
STRAYS = 100
"""Of some three thousand requests in the other zones this many may fail while a zone returns: the machine that all
share starts a node and its pods at once, and answers take too long; a slow one has failed 37, others none. Endpoints
that nobody can reach yet would fail hundreds."""


@pytest.mark.parametrize("which", [CARTS, *(pytest.param(letter, marks=pytest.mark.full) for letter in ZONES)])
def test_a_zone_that_dies_costs_seconds_and_no_write(release: Release, rig: Rig, which: str) -> None:
    primaries = {
        "carts": zone_letter(release, release.pods.valkey_primary()),
        "accounts and orders": zone_letter(release, release.pods.postgres_primary()),
    }
    lost = primaries["carts"] if which == CARTS else which
    led = [what for what, letter in primaries.items() if letter == lost]
    name = f"zone lost with the primaries of {', '.join(led) or 'nothing'}"
    began, figures = time.monotonic(), {}
    with Crowd(release, f"zone {lost}") as crowd:
        crowd.mark("killed")
        rig.zone(lost).kill()
        await_primaries(release, lost)
        crowd.await_served()
        if which != CARTS:
            await_noticed(release, lost)
            # the dead zone counts as no place to spread to: what it had is scheduled in the others
            figures["replaced_s"] = round(await_replaced(release, lost), 1)
            crowd.await_served()
        crowd.mark("started")
        started = time.monotonic()
        mend(release, lost)
        release.await_ready(WHOLE_SECONDS)
        await_in_step(release)
        rejoined = time.monotonic() - started
        # its own shoppers come in through it again
        crowd.await_served(at=lost)
        crowd.mark("end")
        gaps = crowd.gaps("killed")
        failed = crowd.failed("killed", without=lost)
        failed_by_return = crowd.failed("started", without=lost)
        slowest = {group: crowd.longest("killed", group, without=lost) for group in ("cart reads", "catalogue reads")}
        record(
            name,
            {
                **figures,
                "goals_s": GOALS,
                "gaps_s": gaps,
                "failed_elsewhere": len(failed),
                "slowest_s": slowest,
                "rejoined_s": round(rejoined, 1),
                "ingress_back_s": round(crowd.back("started", lost), 1),
                "failed_elsewhere_by_its_return": len(failed_by_return),
            },
        )
    crowd.check()
    assert len(failed_by_return) <= STRAYS, failed_by_return
    assert not {group: gaps[group] for group, goal in GOALS.items() if gaps[group] > TOLERANCE * goal}
    assert max(slowest.values()) <= READ_SECONDS, failed
    assert "+tilt" not in logs_of(release, "valkey", "sentinel", seconds=time.monotonic() - began)

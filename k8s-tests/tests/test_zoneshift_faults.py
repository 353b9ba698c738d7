"""What goes wrong while a zone is out: the operator dies, the API server is away, the zone is dead already."""

import json
import time
from collections.abc import Iterator

import pytest

from myclothes_cluster import Release, objects, obstacles
from myclothes_cluster.crowd import Crowd, record
from myclothes_cluster.faults import await_noticed, await_primaries, zone_letter
from myclothes_cluster.mortal import AFTER_ONE, IN_MID_FLIGHT, mortal
from myclothes_cluster.shifts import Shifts
from myclothes_cluster.targets import RigTarget
from myclothes_rig import Rig
from myclothes_rig.layout import ZONES
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.timeout(900)]

TOLERANCE = 3
"""A goal is for a machine of the shop's own; here three zones, a control plane and the shoppers share two cores."""
RATE = 20.0
SERVICES = 4
SHIFTS_IN_A_ROW = 10
ACCEPTED_SECONDS = 30.0
AWAY_SECONDS = 60.0
"""For so long nobody hears from the API server."""
BRIEF_SECONDS = 40
BROWSING_SECONDS, ORDERS_SECONDS = 15.0, 25.0
"""What a frozen zone that is shifted may cost: browsing and carts from the apply, orders from the freeze."""
GOALS = {"carts": 4.0, "accounts": 25.0, "orders": 25.0, "cart reads": 4.0, "catalogue reads": 2.0}
"""Seconds without a success when a zone is lost; as without an operator (test_faults_zones.py)."""
WHOLE_SECONDS = 240.0
RAISED_SECONDS = 120.0
ADDED = 6
"""Pods that an autoscaler may add: what is used goes up and down, and more than the maximum would be refused."""


@pytest.fixture(scope="module")
def shifts(release: Release) -> Shifts:
    """The operator, when it could lose any zone."""
    operator = Shifts(release)
    operator.await_reports()
    return operator


@pytest.fixture(autouse=True)
def nothing_left(shifts: Shifts, release: Release) -> Iterator[None]:
    yield
    release.pods.kubectl("delete", "zoneshifts", "--all")
    shifts.await_restored()


def _minimum(release: Release) -> int:
    found: int = release.pods.get("hpa", f"{release.fullname}-{obstacles.SCALED}")["spec"]["minReplicas"]
    return found


def _used(release: Release) -> int:
    """Percent of the CPU that a pod requests; aimed at that, the pods suffice, and without a zone's they do not."""
    scaler = release.pods.get("hpa", f"{release.fullname}-{obstacles.SCALED}")
    percent: int = scaler["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"]
    return max(1, percent)


@pytest.mark.parametrize("how", ["after each step", "in mid-flight"])
def test_a_shift_is_resumed_by_an_operator_that_dies(release: Release, shifts: Shifts, how: str) -> None:
    zone = release.pods.zone_of(release.pods.postgres_primary())
    before = objects.found(release)
    with mortal(release, shifts, AFTER_ONE if how == "after each step" else IN_MID_FLIGHT) as operator:
        shifts.apply("resumed", zone)
        operator.live(lambda: shifts.status("resumed").get("phase") == "Shifted")
        assert shifts.serving_in(zone) == []
        forth, operator.steps = operator.steps, []
        shifts.delete("resumed")
        operator.live(lambda: not shifts.marked())
        back = operator.steps
    figures = {"lives": len(forth) + len(back), "forth": _counts(forth), "back": _counts(back)}
    record(f"operator killed {how}", figures)
    if how == "after each step":
        # one pod of each service, at least
        steps = {f"{action} {outcome}" for action, outcome in forth}
        assert {"SetStatus done", "TakeOut done", "MoveUserPrimary done"} <= steps, figures
        assert min(forth.count(("TakeOut", "done")), back.count(("PutBack", "done"))) >= SERVICES, figures
    shifts.await_reports()
    assert objects.differences(before, objects.found(release)) == []


def test_an_operator_that_thaws_in_mid_shift_does_no_harm(release: Release, shifts: Shifts, rig: Rig) -> None:
    zone = release.pods.zone_of(release.pods.valkey_primary())
    before = objects.found(release)
    shifts.apply("thawed", zone)
    wait_for("it is accepted", lambda: "acceptedAt" in shifts.status("thawed"), seconds=ACCEPTED_SECONDS)
    holder = shifts.holder()
    frozen = rig.container(release.namespace, holder, "operator")
    frozen.freeze()
    try:
        taken = shifts.await_phase("thawed", "Shifted")
        assert shifts.holder() != holder
        shifts.delete("thawed")
        shifts.await_restored()
    finally:
        frozen.thaw()
    record("operator frozen in mid-shift", {"shifted_by_the_other_s": round(taken, 1)})
    shifts.await_reports()
    assert objects.differences(before, objects.found(release)) == []


def _counts(steps: list[tuple[str, str]]) -> dict[str, int]:
    return {f"{action} {outcome}": steps.count((action, outcome)) for action, outcome in sorted(set(steps))}


def test_minimums_are_raised_for_the_load_and_given_back(release: Release, shifts: Shifts) -> None:
    zone = release.pods.zone_of(release.pods.valkey_primary())
    before = objects.found(release)
    minimum = _minimum(release)
    with obstacles.aimed(release, _used(release), more=ADDED):
        started = time.monotonic()
        shifts.apply("raised", zone)
        wait_for("the minimum to be raised", lambda: _minimum(release) > minimum, seconds=RAISED_SECONDS)
        raised = _minimum(release)
        shifts.await_phase("raised", "Shifted")
        out = time.monotonic() - started
        elsewhere = len(obstacles.elsewhere(release, obstacles.SCALED, zone))
        shifts.delete("raised")
        shifts.await_restored()
        assert _minimum(release) == minimum
    wait_for(
        "the pods that were added to go",
        lambda: len(release.pods.all(obstacles.SCALED)) == minimum,
        seconds=RAISED_SECONDS,
        poll=1.0,
    )
    figures = {"minimum": minimum, "raised": raised, "pods elsewhere": elsewhere, "shifted_s": round(out, 1)}
    record("minimums raised for a shift", figures)
    assert elsewhere >= minimum, figures
    shifts.await_reports()
    assert _same_but_newcomers(before, objects.found(release)) == []


def _same_but_newcomers(before: objects.Objects, after: objects.Objects) -> list[str]:
    """What differs, pods aside: which of them stay when there are too many is Kubernetes' choice."""
    kept = [{name: one for name, one in some.items() if not name.startswith("Pod/")} for some in (before, after)]
    return objects.differences(*kept)


@pytest.mark.parametrize("operator", ["alive", "dead at the time"])
def test_a_shift_ends_when_it_expires(release: Release, shifts: Shifts, operator: str) -> None:
    before = objects.found(release)
    zone = release.pods.zone_of(release.pods.all("valkey")[0].name)
    shifts.apply("brief", zone, expires=f"{BRIEF_SECONDS}s")
    applied = time.monotonic()
    shifts.await_phase("brief", "Shifted", seconds=BRIEF_SECONDS)
    if operator != "alive":
        with shifts.without_operator():
            wait_for(
                "it to expire", lambda: time.monotonic() > applied + BRIEF_SECONDS + 1, seconds=2.0 * BRIEF_SECONDS
            )
            assert shifts.marked(), "nobody has put anything back"
    shifts.await_phase("brief", "Restored")
    assert shifts.condition("brief", "Restored")["reason"] == "Expired"
    record(
        f"expiry, operator {operator}", {"restored_after_it_s": round(time.monotonic() - applied - BRIEF_SECONDS, 1)}
    )
    assert shifts.marked() == []
    shifts.await_reports()
    assert objects.differences(before, objects.found(release)) == []


def test_ten_shifts_in_a_row_leave_nothing(release: Release, shifts: Shifts) -> None:
    before = objects.found(release)
    seconds = []
    for number in range(SHIFTS_IN_A_ROW):
        letter = sorted(ZONES)[number % len(ZONES)]
        started = time.monotonic()
        shifts.await_reports()
        shifts.apply(f"number-{number}", f"zone-{letter}")
        shifts.await_phase(f"number-{number}", "Shifted")
        shifts.delete(f"number-{number}")
        shifts.await_restored()
        seconds.append(round(time.monotonic() - started, 1))
    record("ten shifts in a row", {"seconds": seconds})
    shifts.await_reports()
    assert objects.differences(before, objects.found(release)) == []


def test_the_api_server_is_away_for_a_minute_in_mid_shift(release: Release, shifts: Shifts, rig: Rig) -> None:
    zone = release.pods.zone_of(release.pods.valkey_primary())
    before = objects.found(release)
    with Crowd(release, "API server away in a shift", rate=RATE) as crowd:
        crowd.mark("away")
        shifts.apply("cut-short", zone)
        wait_for("it is accepted", lambda: "acceptedAt" in shifts.status("cut-short"), seconds=ACCEPTED_SECONDS)
        rig.api_server().freeze()
        frozen = time.monotonic()
        try:
            wait_for("a minute", lambda: time.monotonic() > frozen + AWAY_SECONDS, seconds=2 * AWAY_SECONDS, poll=1.0)
        finally:
            rig.api_server().thaw()
        crowd.mark("back")
        shifted = shifts.await_phase("cut-short", "Shifted")
        crowd.await_served()
        shifts.delete("cut-short")
        shifts.await_restored()
        crowd.mark("end")
        figures = {
            "shifted_after_its_return_s": round(shifted, 1),
            "gaps_s": crowd.gaps("away"),
            "failed_meanwhile": len(crowd.failed("away")),
            "failed_after_its_return": len(crowd.failed("back")),
        }
        record("API server away for a minute in mid-shift", figures)
    crowd.check()
    for letter in ZONES:
        rig.wait_ready(letter)
    release.await_ready()
    shifts.await_reports()
    assert objects.differences(before, objects.found(release)) == []


def test_a_zone_dies_while_no_operator_lives(release: Release, shifts: Shifts, rig: Rig) -> None:
    """In mid-shift at that: the primaries were moved out of one zone, and the one they went to dies."""
    shifted = zone_letter(release, release.pods.valkey_primary())
    shifts.apply("orphaned", f"zone-{shifted}")
    shifts.await_phase("orphaned", "Shifted")
    lost = zone_letter(release, release.pods.valkey_primary())
    assert lost != shifted
    with shifts.without_operator(), Crowd(release, "no operator", rate=RATE) as crowd:
        crowd.mark("killed")
        rig.zone(lost).kill()
        await_primaries(release, lost)
        crowd.await_served()
        await_noticed(release, lost)
        crowd.await_served()
        crowd.mark("started")
        _mend(release, lost)
        release.await_ready(WHOLE_SECONDS)
        crowd.await_served()
        gaps, failed = crowd.gaps("killed"), crowd.failed("killed", without=lost)
        record("zone lost, no operator", {"goals_s": GOALS, "gaps_s": gaps, "failed_elsewhere": len(failed)})
    crowd.check()
    assert not {group: gap for group, gap in gaps.items() if gap > TOLERANCE * GOALS[group]}


def _mend(release: Release, letter: str) -> None:
    assert isinstance(release.target, RigTarget)
    release.target.mend(letter)


def test_a_frozen_zone_is_shifted_before_kubernetes_notices(release: Release, shifts: Shifts, rig: Rig) -> None:
    """Once without a shift and once with one, in the same run."""
    figures = {}
    with Crowd(release, "frozen zone", rate=RATE) as crowd:
        for how in ("alone", "shifted"):
            shifts.await_reports()
            letter = zone_letter(release, release.pods.valkey_primary())
            crowd.mark(f"frozen, {how}")
            rig.zone(letter).freeze()
            frozen = time.monotonic()
            figures[how] = {}
            if how == "shifted":
                shifts.apply("unplanned", f"zone-{letter}")
                figures[how]["applied_s"] = round(time.monotonic() - frozen, 1)
                figures[how]["shifted_s"] = round(shifts.await_phase("unplanned", "Shifted"), 1)
            await_noticed(release, letter)
            figures[how]["noticed_s"] = round(time.monotonic() - frozen, 1)
            crowd.await_served()
            crowd.mark(f"thawed, {how}")
            figures[how] |= {
                "browsing_and_carts_s": round(
                    crowd.normal(f"frozen, {how}", "catalogue reads", "cart reads", "carts", without=letter), 1
                ),
                "orders_s": round(crowd.normal(f"frozen, {how}", "orders", "accounts", without=letter), 1),
                "gaps_s": crowd.gaps(f"frozen, {how}"),
                "failed_elsewhere": len(crowd.failed(f"frozen, {how}", without=letter)),
            }
            record("frozen zone, alone and shifted", figures)
            _mend(release, letter)
            release.await_ready(WHOLE_SECONDS)
            release.spread()
            crowd.await_served()
        shifts.delete("unplanned")
        shifts.await_restored()
    verdict = crowd.check()
    shifted = figures["shifted"]
    assert shifted["browsing_and_carts_s"] - shifted["applied_s"] <= TOLERANCE * BROWSING_SECONDS, json.dumps(figures)
    assert shifted["orders_s"] <= TOLERANCE * ORDERS_SECONDS, verdict


def test_a_namespace_goes_with_a_shift_in_force(release: Release, shifts: Shifts) -> None:
    """No finalizer is there to be waited for; the shop is installed anew afterwards."""
    shifts.apply("left-behind", release.pods.zone_of(release.pods.valkey_primary()))
    shifts.await_phase("left-behind", "Shifted")
    assert "finalizers" not in release.pods.get("zoneshift", "left-behind")["metadata"]
    release.uninstall()
    assert shifts.status("left-behind")["phase"] == "Shifted", "it outlives the release, as whoever applied it made it"
    started = time.monotonic()
    release.remove()
    record("namespace deleted with a shift in force", {"gone_s": round(time.monotonic() - started, 1)})
    release.ensure()
    shifts.await_reports()

"""What goes wrong while a zone is out: the operator dies, the API server is away, the zone is dead already."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import pytest

from myclothes_cluster import Release, objects, obstacles
from myclothes_cluster.crowd import GOALS, Crowd, record
from myclothes_cluster.faults import await_noticed, await_primaries, bring_together, mend, zone_letter
from myclothes_cluster.mortal import AFTER_ONE, IN_MID_FLIGHT, mortal
from myclothes_cluster.release import SERVICES
from myclothes_cluster.shifts import OPERATOR, Shifts
from myclothes_rig import Rig
from myclothes_rig.errors import CommandError
from myclothes_rig.layout import ZONES
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.timeout(1500)]

TOLERANCE = 3
"""A goal is for a machine of the shop's own; here three zones, a control plane and the shoppers share two cores."""
RATE = 20.0
SHIFTS_IN_A_ROW = 10
ACCEPTED_SECONDS = 30.0
TAKEN_OVER_SECONDS = 60.0
THAWED_SECONDS = 60.0
AWAY_SECONDS = 60.0
"""For so long nobody hears from the API server."""
BACK_SECONDS = 120.0
BRIEF_SECONDS = 40
BROWSING_SECONDS, ORDERS_SECONDS = 15.0, 25.0
"""What a frozen zone that is shifted may cost: browsing and carts from the apply, orders from the freeze."""
WHOLE_SECONDS = 240.0
MEASURED_SECONDS = 120.0
RAISED_SECONDS = 120.0
FEWER_SECONDS = 400.0
"""The autoscaler waits for half a minute, takes one pod a minute away, and each drains."""
ADDED = 6
"""Pods that an autoscaler may add: what is used goes up and down, and more than the maximum would be refused."""
_ROUNDS = re.compile(r'^operator_rounds_total\{outcome="[a-z]+"\} ([0-9.e+]+)$', re.MULTILINE)


@pytest.fixture(scope="module")
def shifts(release: Release) -> Shifts:
    """The operator, when it could lose any zone."""
    operator = Shifts(release)
    operator.await_reports()
    return operator


@pytest.fixture(autouse=True)
def nothing_left(shifts: Shifts, release: Release) -> Iterator[None]:
    """What a test finds is a shop at rest, and no shift stays when it ends."""
    shifts.await_calm()
    yield
    release.pods.kubectl("delete", "zoneshifts", "--all")
    shifts.await_restored()


def _minimum(release: Release) -> int:
    found: int = release.pods.get("hpa", f"{release.fullname}-{obstacles.SCALED}")["spec"]["minReplicas"]
    return found


def _used(release: Release) -> int:
    """Percent of the CPU that a pod requests; aimed at that, the pods suffice, and without a zone's they do not."""
    found: list[int] = []

    def measured() -> bool:
        status = release.pods.get("hpa", f"{release.fullname}-{obstacles.SCALED}")["status"]
        uses = (one["resource"]["current"] for one in status.get("currentMetrics") or () if "resource" in one)
        found.extend(use["averageUtilization"] for use in uses if "averageUtilization" in use)
        return bool(found)

    wait_for("the autoscaler to have measured", measured, seconds=MEASURED_SECONDS, poll=1.0)
    return max(1, found[0])


@contextmanager
def _scarce(release: Release) -> Iterator[None]:
    """The load needs all the pods there are: a shift has to add some, which are gone again afterwards."""
    before = len(release.pods.all(obstacles.SCALED))
    with obstacles.aimed(release, _used(release), more=ADDED):
        yield
    _await_fewer(release, {obstacles.SCALED: before})


def _counts_of(release: Release) -> dict[str, int]:
    return {component: len(release.pods.all(component)) for component in SERVICES}


def _await_fewer(release: Release, counts: Mapping[str, int]) -> None:
    """Return when no more pods than `counts` are there: a shift's own stay until the autoscaler takes them away."""
    wait_for(
        "the pods that were added to go",
        lambda: all(len(release.pods.all(component)) <= count for component, count in counts.items()),
        seconds=FEWER_SECONDS,
        diagnosis=release.diagnosis,
        poll=1.0,
    )


def _if_answered(condition: Callable[[], bool]) -> Callable[[], bool]:
    """`condition`, and False while who is asked does not answer."""

    def answered() -> bool:
        try:
            return condition()
        except CommandError:
            return False

    return answered


@pytest.mark.parametrize("how", ["after each step", "in mid-flight"])
def test_a_shift_is_resumed_by_an_operator_that_dies(release: Release, shifts: Shifts, how: str) -> None:
    letter = bring_together(release)
    zone = f"zone-{letter}"
    shifts.await_reports()
    before = objects.found(release)
    program = AFTER_ONE if how == "after each step" else IN_MID_FLIGHT
    with _scarce(release), mortal(release, shifts, program) as operator:
        shifts.apply("resumed", zone)
        operator.live(lambda: shifts.status("resumed").get("phase") == "Shifted")
        assert shifts.serving_in(zone) == []
        await_primaries(release, letter)
        forth, operator.steps = operator.steps, []
        shifts.delete("resumed")
        operator.live(lambda: not shifts.marked())
        back = operator.steps
    figures = {"lives": len(forth) + len(back), "forth": _counts(forth), "back": _counts(back)}
    record(f"operator killed {how}", figures)
    if how == "after each step":
        assert {"SetMinimum done", "SetStatus done", "TakeOut done"} <= _counts(forth).keys(), figures
        # a switch-over that Patroni gives up on may be done all the same: the primaries are elsewhere
        assert {"MoveCartPrimary", "MoveUserPrimary"} <= {action for action, _ in forth}, figures
        # one pod of each service, at least
        assert min(forth.count(("TakeOut", "done")), back.count(("PutBack", "done"))) >= len(SERVICES), figures
    shifts.await_reports()
    assert _same_but_newcomers(before, objects.found(release)) == []


def _counts(steps: list[tuple[str, str]]) -> dict[str, int]:
    return {f"{action} {outcome}": steps.count((action, outcome)) for action, outcome in sorted(set(steps))}


def test_an_operator_that_thaws_in_mid_shift_does_no_harm(release: Release, shifts: Shifts, rig: Rig) -> None:
    # the moves of both primaries are long enough to be frozen in
    zone = f"zone-{bring_together(release)}"
    shifts.await_reports()
    before = objects.found(release)
    holder = shifts.holder()
    frozen = rig.container(release.namespace, holder, "operator")
    shifts.apply("thawed", zone)
    wait_for("it is accepted", lambda: "acceptedAt" in shifts.status("thawed"), seconds=ACCEPTED_SECONDS)
    frozen.freeze()
    try:
        assert shifts.status("thawed")["phase"] != "Shifted", "it was over before the operator was frozen"
        wait_for("the other to act", lambda: shifts.holder() != holder, seconds=TAKEN_OVER_SECONDS)
        taken = shifts.await_phase("thawed", "Shifted")
        shifts.delete("thawed")
        shifts.await_restored()
    finally:
        frozen.thaw()
    _await_rounds(release, shifts, holder)
    record("operator frozen in mid-shift", {"shifted_by_the_other_s": round(taken, 1)})
    shifts.await_reports()
    assert objects.differences(before, objects.found(release)) == []


def _await_rounds(release: Release, shifts: Shifts, operator: str) -> None:
    """Return when an operator has ended the round in which it was frozen, and has made another."""
    pod = next(one for one in release.pods.all(OPERATOR) if one.name == operator)
    seen: list[float] = []

    def made() -> bool:
        seen.append(sum(float(count) for count in _ROUNDS.findall(shifts.page(pod, "metrics"))))
        return seen[-1] >= seen[0] + 2

    wait_for("two rounds of the one that thawed", _if_answered(made), seconds=THAWED_SECONDS, diagnosis=shifts.logs)


def test_minimums_are_raised_for_the_load_and_given_back(release: Release, shifts: Shifts) -> None:
    zone = release.pods.zone_of(release.pods.valkey_primary())
    before = objects.found(release)
    minimum = _minimum(release)
    with _scarce(release):
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
    before, counts = objects.found(release), _counts_of(release)
    api_server = rig.api_server()
    with Crowd(release, "API server away in a shift", rate=RATE) as crowd:
        crowd.mark("away")
        shifts.apply("cut-short", zone)
        wait_for("it is accepted", lambda: "acceptedAt" in shifts.status("cut-short"), seconds=ACCEPTED_SECONDS)
        api_server.freeze()
        frozen = time.time()
        try:
            wait_for("a minute", lambda: time.time() > frozen + AWAY_SECONDS, seconds=2 * AWAY_SECONDS, poll=1.0)
        finally:
            api_server.thaw()
        crowd.mark("back")
        there = _if_answered(lambda: bool(shifts.status("cut-short")))
        wait_for("the API server to answer again", there, seconds=BACK_SECONDS, poll=1.0)
        shifted = shifts.await_phase("cut-short", "Shifted")
        completed = datetime.fromisoformat(shifts.condition("cut-short", "Completed")["lastTransitionTime"]).timestamp()
        assert completed > frozen, "it was over before the API server was away"
        crowd.await_served()
        shifts.delete("cut-short")
        shifts.await_restored()
        crowd.mark("end")
        figures = {
            "goal_s": GOALS["carts"],
            "shifted_after_its_return_s": round(shifted, 1),
            "gaps_s": crowd.gaps("away"),
            "failed_meanwhile": len(crowd.failed("away")),
            "failed_after_its_return": len(crowd.failed("back")),
        }
        record("API server away for a minute in mid-shift", figures)
    verdict = crowd.check()
    assert crowd.gaps("away")["carts"] <= TOLERANCE * GOALS["carts"], verdict
    for letter in ZONES:
        rig.wait_ready(letter)
    release.await_ready()
    # without the API server nothing is measured, and a shift adds pods for a load that it does not know
    _await_fewer(release, counts)
    shifts.await_reports()
    assert _same_but_newcomers(before, objects.found(release)) == []


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
        mend(release, lost)
        release.await_ready(WHOLE_SECONDS)
        crowd.await_served()
        gaps, failed = crowd.gaps("killed"), crowd.failed("killed", without=lost)
        record("zone lost, no operator", {"goals_s": GOALS, "gaps_s": gaps, "failed_elsewhere": len(failed)})
    crowd.check()
    assert not {group: gaps[group] for group, goal in GOALS.items() if gaps[group] > TOLERANCE * goal}


def test_a_frozen_zone_is_shifted_before_kubernetes_notices(release: Release, shifts: Shifts, rig: Rig) -> None:
    """Once without a shift and once with one, in the same run; what is felt counts until Kubernetes notices."""
    figures = {}
    with Crowd(release, "frozen zone", rate=RATE) as crowd:
        for how in ("alone", "shifted"):
            letter = bring_together(release)
            shifts.await_reports()
            crowd.mark(f"frozen, {how}")
            rig.zone(letter).freeze()
            frozen = time.monotonic()
            figures[how] = {}
            if how == "shifted":
                shifts.apply("unplanned", f"zone-{letter}")
                figures[how]["applied_s"] = round(time.monotonic() - frozen, 1)
                figures[how]["shifted_s"] = round(shifts.await_phase("unplanned", "Shifted"), 1)
            await_noticed(release, letter)
            crowd.mark(f"noticed, {how}")
            figures[how]["noticed_s"] = round(time.monotonic() - frozen, 1)
            crowd.await_served()
            figures[how] |= {
                "browsing_and_carts_s": round(
                    crowd.normal(f"frozen, {how}", "catalogue reads", "cart reads", "carts", without=letter), 1
                ),
                "orders_s": round(crowd.normal(f"frozen, {how}", "orders", "accounts", without=letter), 1),
                "gaps_s": crowd.gaps(f"frozen, {how}"),
                "failed_elsewhere": len(crowd.failed(f"frozen, {how}", without=letter)),
            }
            record("frozen zone, alone and shifted", figures)
            mend(release, letter)
            release.await_ready(WHOLE_SECONDS)
            release.spread()
            crowd.await_served()
        shifts.delete("unplanned")
        shifts.await_restored()
    verdict = crowd.check()
    shifted = figures["shifted"]
    assert shifted["browsing_and_carts_s"] - shifted["applied_s"] <= TOLERANCE * BROWSING_SECONDS, json.dumps(figures)
    assert shifted["orders_s"] <= TOLERANCE * ORDERS_SECONDS, verdict
    felt = max(shifted["browsing_and_carts_s"], shifted["orders_s"])
    assert felt < figures["alone"]["noticed_s"], "all is as usual again before Kubernetes would have noticed"


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

"""A zone is taken out under shoppers before it can take the shop down, and is given back as it was found."""

import contextlib
import gc
import json
import time
from collections.abc import Iterator

import pytest
from kopf.testing import KopfRunner
from kubernetes_asyncio.config import kube_config

from myclothes_cluster import Release, objects, obstacles
from myclothes_cluster.crowd import Crowd, record
from myclothes_cluster.faults import await_in_step, await_primaries, delete, zone_letter
from myclothes_cluster.quiet import Quiet
from myclothes_cluster.shifts import REPORT_SECONDS, Shifts
from myclothes_operator import handlers
from myclothes_rig import Rig
from myclothes_rig.errors import CommandError
from myclothes_rig.layout import ZONES
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

TOLERANCE = 3
"""A goal is for a machine of the shop's own; here three zones, a control plane and the shoppers share two cores."""
QUIET_SECONDS = 15.0
PRIMARIES_SECONDS = 10.0
RESTORED_SECONDS = 15.0
RATE = 20.0
CARTS = "that of the carts"
WOKEN_SECONDS = 60.0
TRUE_SECONDS = TOLERANCE * REPORT_SECONDS
OBSTACLES = {
    "Zones": obstacles.zones,
    "Rollout": obstacles.rollout,
    "Capacity": obstacles.capacity,
    "Budget": obstacles.budget,
    "CartStore": obstacles.cart_store,
    "UserStore": obstacles.user_store,
    "Volumes": obstacles.volumes,
}
"""By refusal what brings it about."""
FOUND = {code: {code} for code in OBSTACLES} | {"Volumes": {"CartStore", "Volumes"}}
"""What is found then."""
FOUND_LATER = {"Budget"}
"""And what may be found besides: a pod that says nothing is unready after a while."""


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


@pytest.mark.parametrize("which", [CARTS, *(pytest.param(letter, marks=pytest.mark.full) for letter in ZONES)])
def test_a_planned_shift_fails_no_request_and_loses_no_write(release: Release, shifts: Shifts, which: str) -> None:
    primary = release.pods.zone_of(release.pods.valkey_primary())
    zone = primary if which == CARTS else f"zone-{which}"
    letter = zone.removeprefix("zone-")
    led = [
        store
        for store, leader in (("carts", primary), ("accounts", release.pods.zone_of(release.pods.postgres_primary())))
        if leader == zone
    ]
    shifts.await_calm()
    before = objects.found(release)
    with Crowd(release, f"planned shift {letter}", rate=RATE) as crowd:
        with Quiet(release.pods, zone) as requests:
            crowd.mark("shift")
            applied = time.monotonic()
            shifts.apply("planned", zone)
            primaries = await_primaries(release, letter)
            last = requests.await_last(since=applied)
        shifted = shifts.await_phase("planned", "Shifted")
        assert shifts.serving_in(zone) == []
        crowd.mark("restore")
        shifts.delete("planned")
        restored = shifts.await_restored()
        crowd.await_served()
        crowd.mark("end")
        figures = {
            "goals_s": {
                "primaries out": PRIMARIES_SECONDS,
                "last request": QUIET_SECONDS,
                "restored": RESTORED_SECONDS,
            },
            "primaries_out_s": round(primaries, 1),
            "last_request_s": round(last, 1),
            "shifted_after_that_s": round(shifted, 1),
            "restored_s": round(restored, 1),
            "gaps_s": crowd.gaps("shift"),
            "failed": crowd.failed("shift"),
            "failed_restoring": crowd.failed("restore"),
        }
        record(f"planned shift of {letter} with the primaries of {', '.join(led) or 'nothing'}", figures)
    verdict = crowd.check()
    assert primaries <= TOLERANCE * PRIMARIES_SECONDS
    assert last <= TOLERANCE * QUIET_SECONDS
    assert restored <= TOLERANCE * RESTORED_SECONDS
    assert figures["failed"] + figures["failed_restoring"] == [], verdict
    shifts.await_reports()
    assert objects.differences(before, objects.found(release)) == []


@pytest.mark.full
def test_what_comes_into_a_zone_that_is_out_is_kept_out(release: Release, shifts: Shifts) -> None:
    """A pod's successor there does not serve, and primaries that have to leave elsewhere do not stay there."""
    shifts.await_calm()
    letter = zone_letter(release, release.pods.valkey_primary())
    zone = f"zone-{letter}"
    shifts.apply("kept-out", zone)
    shifts.await_phase("kept-out", "Shifted")
    known = {pod.name for pod in release.pods.all("cart")}
    leaving = [release.pods.valkey_primary(), release.pods.postgres_primary()]
    delete(release, release.pods.by_zone("cart")[zone][0].name, *leaving)
    release.await_ready()
    newcomers = {pod.name for pod in release.pods.by_zone("cart").get(zone, ())} - known
    assert newcomers, "its successor is in the zone too"
    wait_for("the successor to be out of service", lambda: newcomers <= set(shifts.marked()), seconds=TRUE_SECONDS)
    await_in_step(release)
    await_primaries(release, letter)
    shifts.await_phase("kept-out", "Shifted")
    assert shifts.serving_in(zone) == []


def test_all_that_stands_in_the_way_is_told_at_once(release: Release, shifts: Shifts, rig: Rig) -> None:
    zone = release.pods.zone_of(release.pods.valkey_primary())
    other = next(name for name in shifts.reports() if name != zone)
    shifts.apply("nowhere", "zone-z")
    shifts.await_phase("nowhere", "Refused")
    assert "zone-z" in shifts.condition("nowhere", "Accepted")["message"]
    with contextlib.ExitStack() as stack:
        for code in OBSTACLES.keys() - {"CartStore"}:
            stack.enter_context(OBSTACLES[code](release, rig, zone))
        told = shifts.await_reported(zone, set(OBSTACLES), TRUE_SECONDS)
        shifts.apply("barred", zone)
        shifts.await_phase("barred", "Refused")
        assert shifts.codes("barred") == sorted(OBSTACLES)
        assert release.pods.zone_of(release.pods.valkey_primary()) == zone
        assert shifts.marked() == []
    # the control: the same shift, when they are gone
    mended = shifts.await_reports()
    record("report", {"goal_s": REPORT_SECONDS, "told_s": round(told, 1), "mended_s": round(mended, 1)})
    assert shifts.status("barred")["phase"] == "Refused", "it is judged anew only when it is changed"
    shifts.change("barred", reason="the obstacles are gone")
    shifts.await_phase("barred", "Shifted")
    shifts.apply("second", other)
    shifts.await_phase("second", "Refused")
    assert "barred has zone" in shifts.condition("second", "Accepted")["message"]


@pytest.mark.full
@pytest.mark.parametrize("code", OBSTACLES)
def test_what_would_do_harm_is_refused_unless_forced(release: Release, shifts: Shifts, rig: Rig, code: str) -> None:
    shifts.await_reports()
    zone = release.pods.zone_of(release.pods.valkey_primary())
    with OBSTACLES[code](release, rig, zone):
        told = shifts.await_reported(zone, FOUND[code], TRUE_SECONDS)
        shifts.apply("harmful", zone)
        shifts.await_phase("harmful", "Refused")
        assert FOUND[code] <= set(shifts.codes("harmful")) <= FOUND[code] | FOUND_LATER
        # the control: who says that he knows may
        shifts.change("harmful", force=sorted(FOUND[code] | FOUND_LATER))
        wait_for(
            "it to be accepted",
            lambda: shifts.condition("harmful", "Accepted").get("reason") == "Forced",
            seconds=TRUE_SECONDS,
            diagnosis=shifts.logs,
        )
        shifts.delete("harmful")
        shifts.await_restored()
    mended = shifts.await_reports()
    record(f"report of {code}", {"goal_s": REPORT_SECONDS, "told_s": round(told, 1), "mended_s": round(mended, 1)})


@pytest.mark.harmless
@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"zone": "zone-a"}, "spec.expiresAfter: Required value"),
        ({"expiresAfter": "1h"}, "spec.zone: Required value"),
        ({"zone": "zone-a", "expiresAfter": "73h"}, "between 10s and 72h"),
        ({"zone": "zone-a", "expiresAfter": "9s"}, "between 10s and 72h"),
        ({"zone": "zone-a", "expiresAfter": "soon"}, "spec.expiresAfter"),
        ({"zone": "zone-a", "expiresAfter": "1h", "force": ["ShiftUnderWay"]}, "spec.force"),
        ({"zone": "zone-a", "expiresAfter": "1h", "force": ["Volumes"], "reason": "a word"}, ""),
    ],
)
def test_kubernetes_itself_refuses_what_is_no_shift(shifts: Shifts, spec: dict[str, object], said: str) -> None:
    if not said:
        shifts.try_out(spec)
        return
    with pytest.raises(CommandError, match=said):
        shifts.try_out(spec)


@pytest.mark.harmless
def test_the_operator_may_do_nothing_else(release: Release, shifts: Shifts) -> None:
    account = f"system:serviceaccount:{release.namespace}:{release.fullname}-operator"

    def may(verb: str, group: str, resource: str, name: str = "", namespace: str = release.namespace) -> bool:
        attributes = {"namespace": namespace, "verb": verb, "group": group, "resource": resource, "name": name}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": account, "groups": ["system:authenticated"], "resourceAttributes": attributes},
        }
        words = ("create", "-o", "jsonpath={.status.allowed}", "-f", "-")
        return release.target.cluster.kubectl(*words, stdin=json.dumps(review)).strip() == "true"

    allowed = [
        ("patch", "", "pods"),
        ("patch", "autoscaling", "horizontalpodautoscalers"),
        ("list", "", "nodes"),
        ("get", "", "persistentvolumes"),
        ("list", "", "persistentvolumeclaims"),
        ("patch", "myclothes.com", "zoneshifts/status"),
        ("patch", "coordination.k8s.io", "leases", f"{release.fullname}-operator"),
    ]
    refused = [
        ("delete", "", "pods"),
        ("update", "", "pods"),
        ("get", "", "pods"),
        ("create", "", "pods/exec"),
        ("patch", "", "nodes"),
        ("update", "", "nodes"),
        ("delete", "", "nodes"),
        ("patch", "", "persistentvolumes"),
        ("delete", "", "persistentvolumeclaims"),
        ("get", "", "secrets"),
        ("get", "", "configmaps"),
        ("patch", "apps", "deployments"),
        ("patch", "apps", "statefulsets"),
        ("delete", "policy", "poddisruptionbudgets"),
        ("patch", "myclothes.com", "zoneshifts"),
        ("update", "myclothes.com", "zoneshifts/status"),
        ("create", "batch", "jobs"),
        ("patch", "coordination.k8s.io", "leases", "another"),
        ("update", "coordination.k8s.io", "leases", f"{release.fullname}-operator"),
    ]
    assert [one for one in allowed if not may(*one)] == []
    assert [one for one in refused if may(*one)] == []
    elsewhere = [("patch", "", "pods"), ("list", "", "pods"), ("list", "", "persistentvolumeclaims")]
    assert [one for one in elsewhere if may(*one, namespace="kube-system")] == []


@pytest.mark.harmless
def test_a_shift_keeps_its_zone(shifts: Shifts) -> None:
    shifts.apply("nowhere", "zone-z")
    with pytest.raises(CommandError, match="a shift keeps its zone"):
        shifts.change("nowhere", zone="zone-y")
    # the control: all else may be changed
    shifts.change("nowhere", reason="another")


@pytest.mark.harmless
def test_a_person_can_read_it(release: Release, shifts: Shifts) -> None:
    """Columns, explanations, metrics and the page say what the operator has done and would do."""
    explained = release.pods.kubectl("explain", "zoneshift", "--recursive")
    for field in ("zone", "expiresAfter", "force", "reason", "phase", "conditions"):
        assert f"{field}\t" in explained
    assert "no store has its primary there" in " ".join(explained.split())
    assert "at most 72h" in release.pods.kubectl("explain", "zoneshift.spec.expiresAfter")
    shifts.apply("nowhere", "zone-z")
    shifts.await_phase("nowhere", "Refused")
    head, line = release.pods.kubectl("get", "zs").splitlines()
    assert head.split() == ["NAME", "ZONE", "PHASE", "CARTS", "USERS", "EXPIRES", "AGE"]
    assert line.split()[:3] == ["nowhere", "zone-z", "Refused"]
    head, *lines = release.pods.kubectl("get", "zr").splitlines()
    assert head.split() == ["NAME", "SURVIVABLE", "SINCE", "CHECKED", "REASON"]
    assert [line.split()[:2] for line in lines] == [[name, "Yes"] for name in sorted(shifts.reports())]
    assert "Refused" in release.pods.kubectl("get", "events", "--field-selector=involvedObject.name=nowhere")
    pages = [shifts.page(pod, "metrics") for pod in shifts.operators()]
    assert any('operator_actions_total{action="SetStatus",outcome="done"}' in page for page in pages)
    assert all('zone_survivable{zone="zone-a"} 1.0' in page for page in pages)
    assert "zone-a: the shop could lose it now" in shifts.page(shifts.operators()[0], "survivability")
    steps = [
        json.loads(text) for line in shifts.logs().splitlines() if (text := line.partition(" ")[2]).startswith("{")
    ]
    assert [
        one for one in steps if one["event"] == "step" and one["action"] == "SetStatus" and one["shift"] == "nowhere"
    ]


@pytest.mark.harmless
# kopf's runner leaves its connections to the garbage collector
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_change_wakes_the_operator_and_nothing_is_kept_on_the_object(
    release: Release, shifts: Shifts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kopf's own runner with the operator's handlers, beside the operators that act."""
    # the library reads the variable KUBECONFIG only once, when it is imported
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(release.target.kubeconfig))
    woken: list[float] = []
    seen: list[float] = []
    runner = KopfRunner(
        ["run", "--standalone", "--namespace", release.namespace],
        registry=handlers.registry(lambda: woken.append(time.monotonic()), lambda: seen.append(time.monotonic())),
        settings=handlers.settings(),
        timeout=WOKEN_SECONDS,
    )
    with runner:
        wait_for("what is there to be seen", lambda: bool(seen), seconds=WOKEN_SECONDS)
        shifts.apply("nowhere", "zone-z")
        wait_for("it to be woken", lambda: bool(woken), seconds=WOKEN_SECONDS)
        shifts.await_phase("nowhere", "Refused")
    assert runner.exit_code == 0
    gc.collect()
    meta = release.pods.get("zoneshift", "nowhere")["metadata"]
    assert "finalizers" not in meta
    assert set(meta.get("annotations", {})) == {"kubectl.kubernetes.io/last-applied-configuration"}

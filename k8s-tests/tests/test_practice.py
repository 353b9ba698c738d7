"""A zone is taken out for practice while the ledger shops, and the cost is kept; too many failures end it at once."""

import contextlib
import time
from collections.abc import Iterator

import pytest

from myclothes_cluster import Release
from myclothes_cluster.crowd import record
from myclothes_cluster.practices import Practices
from myclothes_cluster.shifts import Shifts
from myclothes_rig import Rig
from myclothes_rig.faults import Container

# full: the ledger's image is built for them alone, and each practice takes minutes
pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.timeout(900)]

SHIFT_FOR = "45s"
LONG = "10m"
GENEROUS_PERCENT = 10
"""Three zones, the control plane and the shoppers share two cores: a busy moment is no failure of the shop."""
BACK_SECONDS = 60.0
"""From the first failure until the shift is gone: what the shoppers wait for an answer, and a round of the operator."""
HELM_TEST_SECONDS = 600


@pytest.fixture(scope="module")
def shifts(release: Release) -> Shifts:
    return Shifts(release)


@pytest.fixture(scope="module")
def zone(release: Release) -> str:
    """The one of the carts' primary, which makes for the hardest practice."""
    return release.pods.zone_of(release.pods.valkey_primary())


@pytest.fixture(scope="module")
def practices(release: Release, shifts: Shifts, zone: str) -> Iterator[Practices]:
    practices = Practices(release)
    practices.install(zone)
    yield practices
    practices.remove()
    shifts.await_restored()


def _shifts(release: Release) -> list[str]:
    return [item["metadata"]["name"] for item in release.pods.get("zoneshifts")["items"]]


def test_a_practice_says_what_the_loss_of_a_zone_costs(
    release: Release, shifts: Shifts, practices: Practices, zone: str
) -> None:
    practices.apply("drill", zone, shiftFor=SHIFT_FOR, errorBudgetPercent=GENEROUS_PERCENT)
    practices.await_out("drill")
    assert shifts.serving_in(zone) == []
    assert release.pods.zone_of(release.pods.valkey_primary()) != zone
    practices.await_phase("drill", "Done")
    result = practices.result("drill")
    record("practice", result)
    assert (result["zone"], result["verdict"], result["lost"]) == (zone, "Passed", 0), practices.logs()
    assert result["acknowledgedWrites"] > 0
    assert _shifts(release) == []
    assert shifts.marked() == []
    assert shifts.serving_in(zone)


@contextlib.contextmanager
def _frozen(containers: list[Container]) -> Iterator[None]:
    for one in containers:
        one.freeze()
    try:
        yield
    finally:
        for one in containers:
            one.thaw()


def test_an_error_budget_that_is_spent_puts_the_zone_back(
    release: Release, shifts: Shifts, practices: Practices, rig: Rig, zone: str
) -> None:
    practices.apply("stopped", zone, shiftFor=LONG, errorBudgetPercent=0)
    practices.await_out("stopped")
    others = [pod for pod in release.pods.serving("cart") if release.pods.zone_of(pod.name) != zone]
    with _frozen([rig.container(release.namespace, pod.name, "cart") for pod in others]):
        started = time.monotonic()
        practices.await_phase("stopped", "Judging", BACK_SECONDS)
        shifts.await_restored(BACK_SECONDS)
        back = time.monotonic() - started
        assert shifts.serving_in(zone)
    practices.await_phase("stopped", "Done")
    result = practices.result("stopped")
    record("practice, stopped", result | {"back_s": round(back, 1)})
    assert (result["verdict"], result["lost"]) == ("Stopped", 0), practices.logs()
    assert "error budget" in result["reason"]
    assert _shifts(release) == []


def test_helm_test_can_practise_one_zone(release: Release, practices: Practices) -> None:
    name = f"{release.fullname}-test-practice"
    release.helm.test(release.name, timeout=HELM_TEST_SECONDS, include_names=[name])
    assert '"Passed"' in release.pods.kubectl("logs", name)
    assert practices.logs()

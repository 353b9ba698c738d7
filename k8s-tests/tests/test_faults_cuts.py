"""A zone is cut off with a primary that lives on: it acknowledges nothing until the cut is mended."""

import json
import uuid

import pytest

from myclothes_cluster import Release
from myclothes_cluster.crowd import Crowd, record
from myclothes_cluster.faults import await_primaries, zone_letter
from myclothes_rig import Rig

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

ATTEMPTS = 100
REFUSED_SHARE = 0.05
"""At least so many of the attempts are refused with 503, by a service that asked its store: silence proves nothing.
Most of a burst of new accounts ends before that, with 429."""
WHOLE_SECONDS = 240.0

# Inside the zone: writes straight to the zone's own pod, several at a time; prints the answers' statuses as JSON.
SHOPPER = """
import json, sys, urllib.error, urllib.request
from concurrent.futures import ThreadPoolExecutor
url, body, number, unique = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
def attempt(i):
    name = f"{unique}{i:020}"
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"cut-{name}"}
    request = urllib.request.Request(url.replace("NAME", name), body.replace("NAME", name).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=8) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
print(json.dumps(list(ThreadPoolExecutor(20).map(attempt, range(number)))))
"""
SHOPPER_SECONDS = 200.0
WRITES = {
    "valkey": ("cart", ":8081/v1/carts/guest-NAME/lines", {"sku": "CUT-1", "quantity": 1}),
    "postgres": (
        "users",
        ":8082/v1/accounts",
        {"email": "NAME@example.com", "password": "a cut goes through it", "name": "Cut"},
    ),
}
"""By store: the service before it, where its writes go, and one of them."""


@pytest.mark.parametrize("store", ["valkey", pytest.param("postgres", marks=pytest.mark.full)])
def test_a_primary_that_is_cut_off_acknowledges_nothing(release: Release, rig: Rig, store: str) -> None:
    primary = release.pods.valkey_primary() if store == "valkey" else release.pods.postgres_primary()
    lost = zone_letter(release, primary)
    with Crowd(release, f"cut {store}", without=lost) as crowd:
        # control: the very same client is answered before
        assert set(_shop(release, rig, lost, store, 10)) <= {200, 201}
        crowd.mark("cut")
        rig.zone(lost).cut()
        statuses = _shop(release, rig, lost, store, ATTEMPTS)
        took = await_primaries(release, lost)
        crowd.await_served()
        statuses += _shop(release, rig, lost, store, ATTEMPTS)
        crowd.mark("mended")
        rig.zone(lost).mend()
        release.await_ready(WHOLE_SECONDS)
        crowd.await_served()
        crowd.mark("end")
        acknowledged = sum(200 <= status < 300 for status in statuses)
        refused = statuses.count(503)
        found = {
            "attempts": len(statuses),
            "acknowledged": acknowledged,
            "refused": refused,
            "primaries_s": round(took, 1),
        }
        record(f"cut off with the primary of {store}", found | {"gaps_s": crowd.gaps("cut")})
    crowd.check()
    assert acknowledged == 0
    assert refused >= REFUSED_SHARE * len(statuses)


def _shop(release: Release, rig: Rig, letter: str, store: str, number: int) -> list[int]:
    """The statuses of writes by a client in a zone to that zone's own pod; 0 for no answer."""
    component, path, body = WRITES[store]
    (pod, *_) = [pod for pod in release.pods.all(component) if pod.node == f"zone-{letter}"]
    words = (f"http://{pod.address}{path}", json.dumps(body), str(number), uuid.uuid4().hex[:12])
    answer = rig.zone(letter).node.run("python3", "-c", SHOPPER, *words, seconds=SHOPPER_SECONDS)
    statuses: list[int] = json.loads(answer)
    return statuses

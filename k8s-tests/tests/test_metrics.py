"""What alerts and dashboard ask for is in the metrics that running pods give."""

import metric_names
import pytest

from myclothes_cluster import Release

pytestmark = [pytest.mark.cluster, pytest.mark.harmless, pytest.mark.timeout(300)]

FETCH = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:{}/metrics', timeout=5).read().decode())"
PORTS = {"gateway": 9080, "cart": 9081, "users": 9082, "shop": 9083, "keeper": 9121, "postgres": 8008}
COMPONENTS = {"keeper": "valkey"}
"""Of containers that are not called as their component."""


def _given(release: Release, container: str) -> dict[str, set[str]]:
    """The metrics of all pods with this container; a primary has some that a replica has not."""
    found: dict[str, set[str]] = {}
    for pod in release.pods.serving(COMPONENTS.get(container, container)):
        page = release.pods.run(pod.name, "python3", "-c", FETCH.format(PORTS[container]), container=container)
        for name, labels in metric_names.given(page).items():
            found.setdefault(name, set()).update(labels)
    return found


@pytest.mark.parametrize(("container", "prefix"), [("keeper", "valkey_"), ("postgres", "patroni_")])
def test_a_store_gives_what_is_asked_for(release: Release, container: str, prefix: str) -> None:
    given = _given(release, container)
    assert any(name.startswith(prefix) for name in given)
    assert metric_names.missing(given, prefix) == []


@pytest.mark.parametrize("container", ["gateway", "cart", "users", "shop"])
def test_a_service_counts_its_requests(release: Release, container: str) -> None:
    given = _given(release, container)
    assert given["http_request_seconds_count"] == {"method", "route", "status"}

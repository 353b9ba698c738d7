"""Each rung is made by the chart's values alone."""

import helm_python as helm
import pytest
import yaml

from myclothes_cluster.release import CHART, VALUES_FILE, merged
from myclothes_ladder.rungs import RUNGS, STEADY

SECRETS = ("gateway", "cart", "users", "shop", "valkey", "postgres", "operator")
OFFLINE = {
    **{name: {"existingSecret": f"my-{name}"} for name in SECRETS},
    "networkPolicy": {"kubernetesApi": {"cidrs": ["10.0.0.1/32"]}},
    "gateway": {"existingSecret": "my-gateway", "publicOrigin": "http://198.18.0.1:30080"},
}


@pytest.fixture(scope="module")
def chart() -> helm.Chart:
    return helm.Chart.load(str(CHART))


def rendered(chart, rung):
    values = merged(merged(yaml.safe_load(VALUES_FILE.read_text()), OFFLINE), merged(STEADY, rung.values))
    texts = chart.render(values, name="shop", namespace="shop", is_install=False, is_upgrade=True)
    manifests = [
        one for path, text in texts.items() if path.endswith(".yaml") for one in yaml.safe_load_all(text) if one
    ]
    return {(one["kind"], one["metadata"]["name"].removeprefix("shop-myclothes-")): one for one in manifests}


def environment(manifests, component):
    (container,) = manifests["Deployment", component]["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value") for each in container["env"]}


@pytest.mark.parametrize("name", RUNGS)
def test_the_chart_makes_the_rung(chart, name):
    rung = RUNGS[name]
    manifests = rendered(chart, rung)
    carts = {"memory": "memory", "sticky": "memory", "cookie": "cookie"}.get(name, "service")
    assert environment(manifests, "gateway")["GATEWAY_CARTS"] == carts
    assert environment(manifests, "cart")["CART_ACK_REPLICAS"] == ("0" if name == "single" else "1")
    assert manifests["StatefulSet", "valkey"]["spec"]["replicas"] == rung.valkey_pods
    assert (("Deployment", "cache") in manifests) == (name == "reads")
    assert ("sticky" in str(manifests["Service", "gateway"]["metadata"])) == (name == "sticky")
    assert manifests["HorizontalPodAutoscaler", "gateway"]["spec"]["maxReplicas"] == 3

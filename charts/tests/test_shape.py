"""What the chart promises of its objects: selectors that stay, edges at both ends, scaling, secrets."""

from __future__ import annotations

import json
import re
from typing import Any

import helm_python as helm
import pytest
import rendering
from rendering import OFFLINE, SERVICES, merged, of_kind, pod_specs, render

SELECTOR = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}
SERVING = "myclothes.dev/serving"
EDGES = {
    "gateway-to-cart": ("gateway", "cart", {8081}),
    "gateway-to-users": ("gateway", "users", {8082}),
    "gateway-to-shop": ("gateway", "shop", {8083}),
    "gateway-to-valkey": ("gateway", "valkey", {6379, 26379}),
    "cart-to-valkey": ("cart", "valkey", {6379, 26379}),
    "users-to-postgres": ("users", "postgres", {5432}),
    "shop-to-postgres": ("shop", "postgres", {5432}),
    "shop-to-cache": ("shop", "cache", {6379}),
    "shop-to-cart": ("shop", "cart", {8081}),
    "valkey-to-valkey": ("valkey", "valkey", {6379, 26379}),
    "postgres-to-postgres": ("postgres", "postgres", {5432, 8008}),
}


def test_selectors_hold_nothing_that_changes() -> None:
    for kind in ("Deployment", "StatefulSet", "PodDisruptionBudget"):
        for name, one in of_kind(render(), kind).items():
            assert one["spec"]["selector"]["matchLabels"].keys() == SELECTOR, name
            claims = one["spec"].get("volumeClaimTemplates", [])
            assert all(claim["metadata"]["labels"].keys() == SELECTOR for claim in claims), name


def test_a_new_version_leaves_selectors_and_claims_alone() -> None:
    old, new = render(), render({"image": {"tag": "9.9.9"}, "logLevel": "debug"})
    for kind in ("Deployment", "StatefulSet"):
        for name, one in of_kind(old, kind).items():
            after = of_kind(new, kind)[name]
            assert one["spec"]["selector"] == after["spec"]["selector"]
            assert one["spec"].get("volumeClaimTemplates") == after["spec"].get("volumeClaimTemplates")


def test_jobs_are_the_installs_or_hooks_of_an_upgrade() -> None:
    sample = {"sampleData": {"enabled": True}}
    installed, upgraded = of_kind(render(sample), "Job"), of_kind(render(sample, upgrade=True), "Job")
    assert len(installed) == 4
    assert len(upgraded) == 3  # the sample is imported once
    for one in installed.values():
        assert "helm.sh/hook" not in one["metadata"].get("annotations", {})
    for one in upgraded.values():
        assert one["metadata"]["annotations"]["helm.sh/hook"] == "pre-upgrade"
    # a rollback to the install makes its Jobs again, which must not be there already
    assert not installed.keys() & upgraded.keys()


def test_a_job_of_a_long_name_is_another_one_whenever_it_differs() -> None:
    def jobs(*, upgrade: bool = False, tag: str = "1.0.0") -> set[str]:
        values = {"fullnameOverride": "x" * 40, "image": {"tag": tag}}
        return set(of_kind(render(values, upgrade=upgrade), "Job"))

    forms = [jobs(), jobs(tag="1.0.1"), jobs(upgrade=True), jobs(upgrade=True, tag="1.0.1")]
    assert max(len(name) for form in forms for name in form) <= 63
    assert len(set.union(*forms)) == sum(map(len, forms)) == 4 * 3


@pytest.mark.parametrize("upgrade", [False, True])
def test_a_job_runs_where_the_component_does_that_it_works_for(*, upgrade: bool) -> None:
    def place(component: str) -> dict[str, Any]:
        return {
            "nodeSelector": {"for": component},
            "tolerations": [{"key": component, "operator": "Exists"}],
            "priorityClassName": component,
        }

    node = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}
    beside = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}}
    more = {"affinity": node | beside, "extraEnv": [{"name": "TZ", "value": "UTC"}]}
    values = merged(
        {name: place(name) | more for name in ("gateway", "users", "shop", "postgres")},
        merged(rendering.with_practice({}), {"sampleData": {"enabled": True}, "feed": {"enabled": True, "volume": {}}}),
    )
    owners = {"shop": "shop", "users": "users", "postgres": "postgres", "ledger": "gateway", "test": "gateway"}
    seen = set()
    for name, pod in pod_specs(render(values, upgrade=upgrade)):
        kind, _, rest = name.partition("/shop-myclothes-")
        if kind not in {"Job", "CronJob", "Pod"}:
            continue
        owner = owners[rest.partition("-")[0]]
        seen.add(rest.partition("-")[0])
        assert {key: pod["spec"][key] for key in place(owner)} == place(owner), name
        # not beside whom: the component's own pods may be on every node
        assert pod["spec"]["affinity"] == node, name
        assert "topologySpreadConstraints" not in pod["spec"], name
        if owner != "gateway":
            assert more["extraEnv"][0] in pod["spec"]["containers"][0]["env"], name
    assert seen == set(owners)


def test_a_pod_can_be_taken_out_of_service() -> None:
    manifests = render()
    for component in (*SERVICES, "cache"):
        name = f"shop-myclothes-{component}"
        pods = of_kind(manifests, "Deployment")[name]["spec"]
        assert pods["template"]["metadata"]["labels"][SERVING] == "true"
        assert SERVING not in pods["selector"]["matchLabels"]
        assert of_kind(manifests, "Service")[name]["spec"]["selector"][SERVING] == "true"


def test_a_spread_counts_neither_lost_nodes_nor_the_version_before() -> None:
    """Scaling out while a zone is dead schedules, and so does a new version beside the old one."""
    deployments = of_kind(render(rendering.with_operator({})), "Deployment")
    assert deployments.pop("shop-myclothes-cache")["spec"]["replicas"] == 1  # nothing to spread
    assert deployments.keys() == {f"shop-myclothes-{name}" for name in (*SERVICES, "operator")}
    for name, one in deployments.items():
        zones, hosts = one["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert zones["topologyKey"] == "topology.kubernetes.io/zone", name
        assert hosts["topologyKey"] == "kubernetes.io/hostname", name
        for spread in (zones, hosts):
            assert spread["nodeTaintsPolicy"] == "Honor", name
            assert spread["matchLabelKeys"] == ["pod-template-hash"], name


def test_replicas_belong_to_the_autoscaler_or_to_the_manifest() -> None:
    scaled, fixed = render(), render({name: {"autoscaling": {"enabled": False}} for name in SERVICES})
    for name in SERVICES:
        full = f"shop-myclothes-{name}"
        assert "replicas" not in of_kind(scaled, "Deployment")[full]["spec"]
        assert of_kind(scaled, "HorizontalPodAutoscaler")[full]["spec"]["minReplicas"] == 3
        assert of_kind(fixed, "Deployment")[full]["spec"]["replicas"] == 3
        assert full not in of_kind(fixed, "HorizontalPodAutoscaler")


def test_a_single_replica_has_no_budget() -> None:
    small = rendering.with_operator(merged(rendering.values_file("values-small.yaml"), {"operator": {"replicas": 1}}))
    assert of_kind(render(small), "PodDisruptionBudget") == {}
    budgets = of_kind(render(rendering.with_operator({})), "PodDisruptionBudget")
    assert budgets.keys() == {f"shop-myclothes-{name}" for name in (*SERVICES, "valkey", "postgres", "operator")}
    for one in budgets.values():
        assert one["spec"].keys() & {"minAvailable", "maxUnavailable"} == {"maxUnavailable"}


def test_a_drain_leaves_a_store_the_replica_that_catches_up() -> None:
    policies = {
        name.removeprefix("shop-myclothes-"): one["spec"]["unhealthyPodEvictionPolicy"]
        for name, one in of_kind(render(), "PodDisruptionBudget").items()
    }
    assert policies == dict.fromkeys(SERVICES, "AlwaysAllow") | dict.fromkeys(("valkey", "postgres"), "IfHealthyBudget")


def test_everything_is_denied_first() -> None:
    policy = of_kind(render(), "NetworkPolicy")["shop-myclothes-default-deny"]["spec"]
    assert policy == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


OPERATOR_EDGES = {
    "operator-to-valkey": ("operator", "valkey", {6379, 26379}),
    "operator-to-postgres": ("operator", "postgres", {8008}),
}


@pytest.mark.parametrize("edge", EDGES | OPERATOR_EDGES)
def test_an_edge_has_two_ends(edge: str) -> None:
    client, server, ports = (EDGES | OPERATOR_EDGES)[edge]
    manifests = render(rendering.with_operator({}))
    policies = of_kind(manifests, "NetworkPolicy")
    out = policies[f"shop-myclothes-{edge}-egress"]["spec"]
    into = policies[f"shop-myclothes-{edge}-ingress"]["spec"]
    (to,), (from_,) = out["egress"][0]["to"], into["ingress"][0]["from"]
    assert to["podSelector"] == into["podSelector"]
    assert from_["podSelector"] == out["podSelector"]
    assert into["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == server
    assert {port["port"] for port in out["egress"][0]["ports"]} == ports
    assert out["egress"][0]["ports"] == into["ingress"][0]["ports"]
    (label,) = (key for key in out["podSelector"]["matchLabels"] if key.startswith("edge."))
    holders = {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]
        for name, pod in pod_specs(manifests)
        if label in pod["metadata"]["labels"] and name.split("/")[0] in {"Deployment", "StatefulSet"}
    }
    assert holders == {client}


def test_a_job_that_shops_is_of_this_release() -> None:
    manifests = render({"ledger": {"enabled": True}})
    policies = of_kind(manifests, "NetworkPolicy")
    *_, peer = policies["shop-myclothes-ingress-to-gateway"]["spec"]["ingress"][0]["from"]
    client = peer["podSelector"]["matchLabels"]
    assert policies["shop-myclothes-ingress-to-gateway-egress"]["spec"]["podSelector"]["matchLabels"] == client
    assert client.items() >= {"app.kubernetes.io/name": "myclothes", "app.kubernetes.io/instance": "shop"}.items()
    ledger = of_kind(manifests, "CronJob")["shop-myclothes-ledger"]["spec"]["jobTemplate"]["spec"]["template"]
    assert ledger["metadata"]["labels"].items() >= client.items()


def test_there_is_no_edge_beside_the_picture() -> None:
    names = {name.removeprefix("shop-myclothes-") for name in of_kind(render(), "NetworkPolicy")}
    ends = {f"{edge}-{end}" for edge in EDGES for end in ("egress", "ingress")}
    assert names == ends | {
        "default-deny",
        "dns",
        "ingress-to-gateway",
        "ingress-to-gateway-egress",
        "postgres-to-kubernetes",
    }
    more = (
        of_kind(render(rendering.with_operator({})), "NetworkPolicy").keys() - of_kind(render(), "NetworkPolicy").keys()
    )
    assert {name.removeprefix("shop-myclothes-") for name in more} == {
        "operator-to-kubernetes",
        *(f"{edge}-{end}" for edge in OPERATOR_EDGES for end in ("egress", "ingress")),
    }


def _allowed(manifests: list[dict[str, Any]], role: str) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in of_kind(manifests, "Role")[f"shop-myclothes-{role}"]["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_operator_may_do_little() -> None:
    manifests = render(rendering.with_operator({}))
    (role,) = of_kind(manifests, "ClusterRole").values()
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": ["get"]},
    ]
    allowed = _allowed(manifests, "operator")
    assert not {(group, resource) for group, resource, _ in allowed} & {("", "secrets"), ("", "configmaps")}
    # all else is looked at as a list
    assert {resource for _, resource, verb in allowed if verb == "get"} == {"leases"}
    changes = {(resource, verb) for _, resource, verb in allowed if verb not in {"get", "list", "watch"}}
    assert changes == {
        ("pods", "patch"),
        ("horizontalpodautoscalers", "patch"),
        ("zoneshifts/status", "patch"),
        ("zonereports/status", "patch"),
        ("zonereports", "create"),
        ("zonereports", "delete"),
        ("leases", "create"),
        ("leases", "patch"),
        ("events", "create"),
    }


def test_practice_needs_jobs_only_where_there_is_a_ledger() -> None:
    without = _allowed(render(rendering.with_operator({})), "operator-practice")
    assert {one for one in without if one[2] not in {"list", "watch"}} == {
        ("myclothes.com", "zoneshiftpractices/status", "patch"),
        ("myclothes.com", "zoneshifts", "create"),
        ("myclothes.com", "zoneshifts", "delete"),
    }
    manifests = render(rendering.with_practice({}))
    assert _allowed(manifests, "operator-practice") - without == {
        ("batch", "cronjobs", "get"),
        ("batch", "jobs", "create"),
    }
    (form,) = of_kind(manifests, "CronJob")
    (named,) = (
        rule["resourceNames"]
        for rule in of_kind(manifests, "Role")["shop-myclothes-operator-practice"]["rules"]
        if "cronjobs" in rule["resources"]
    )
    assert named == [form]


def test_the_ledger_s_jobs_are_a_form_until_they_have_a_schedule() -> None:
    (form,) = of_kind(render({"ledger": {"enabled": True}}), "CronJob").values()
    assert form["spec"]["suspend"] is True
    (daily,) = of_kind(render({"ledger": {"enabled": True, "schedule": "3 4 * * *"}}), "CronJob").values()
    assert (daily["spec"]["suspend"], daily["spec"]["schedule"]) == (False, "3 4 * * *")
    assert of_kind(render(), "CronJob") == {}


def test_the_ledger_takes_nothing_from_the_stock_but_a_test_article() -> None:
    def words(values: dict[str, Any]) -> list[str]:
        (form,) = of_kind(render({"ledger": {"enabled": True, **values}}), "CronJob").values()
        shoppers, _ = form["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        found: list[str] = shoppers["args"]
        return found

    assert words({})[-2:] == ["--only", "carts"]
    assert words({"testSku": "TEST-1"})[-2:] == ["--test-sku", "TEST-1"]


def test_without_the_operator_nothing_knows_of_it() -> None:
    assert not [one for one in render() if "operator" in f"{one['kind']} {one['metadata']['name']}"]
    pods = "".join(str(pod) for _, pod in pod_specs(render()))
    assert "operator-to" not in pods
    assert "shop-myclothes-operator" not in pods
    assert "operator-to" in "".join(str(pod) for _, pod in pod_specs(render(rendering.with_operator({}))))


def test_external_stores_are_reached_by_their_addresses_only() -> None:
    policies = of_kind(render(rendering.branches()["external"]), "NetworkPolicy")
    egress = policies["shop-myclothes-cart-to-valkey-egress"]["spec"]["egress"]
    assert egress == [{"to": [{"ipBlock": {"cidr": "10.9.0.0/16"}}], "ports": [{"protocol": "TCP", "port": 6379}]}]
    assert "shop-myclothes-cart-to-valkey-ingress" not in policies
    assert of_kind(render(rendering.branches()["external"]), "StatefulSet") == {}


def test_memory_for_data_leaves_room() -> None:
    units = {"mb": 1 << 20, "gb": 1 << 30}
    binary = {"Mi": 1 << 20, "Gi": 1 << 30}
    for name in ("values.yaml", "values-small.yaml", "values-production.yaml"):
        valkey = merged(rendering.values_file("values.yaml"), rendering.values_file(name))["valkey"]
        data = int(valkey["maxmemory"][:-2]) * units[valkey["maxmemory"][-2:]]
        limit = int(valkey["resources"]["limits"]["memory"][:-2]) * binary[valkey["resources"]["limits"]["memory"][-2:]]
        assert data <= 0.6 * limit, name


def _patroni(values: dict[str, Any]) -> dict[str, Any]:
    (server,) = of_kind(render(values), "StatefulSet")["shop-myclothes-postgres"]["spec"]["template"]["spec"][
        "containers"
    ]
    (dynamic,) = (one["value"] for one in server["env"] if one["name"] == "NODE_DYNAMIC")
    found: dict[str, Any] = json.loads(dynamic)
    return found


def test_patroni_s_calls_take_as_long_as_its_lease_allows() -> None:
    patroni = _patroni({})
    # with more Patroni would change the figures itself
    assert patroni["loop_wait"] + 2 * patroni["retry_timeout"] == patroni["ttl"] == 20


def test_patroni_is_told_whether_commits_wait_for_a_replica() -> None:
    one, three = _patroni({"postgres": {"replicas": 1}}), _patroni({})
    assert (three["synchronous_mode"], three["synchronous_mode_strict"]) == ("quorum", True)
    # in so many words: what is left out of a change stays as it was
    assert (one["synchronous_mode"], one["synchronous_mode_strict"]) == (False, False)


def test_sticky_is_the_services_business() -> None:
    def annotations(values: dict[str, Any]) -> dict[str, str]:
        found: dict[str, str] = of_kind(render(values), "Service")["shop-myclothes-gateway"]["metadata"].get(
            "annotations", {}
        )
        return found

    assert annotations({}) == {"traefik.ingress.kubernetes.io/service.nativelb": "true"}
    sticky = annotations({"ingress": {"sticky": {"enabled": True}}})
    assert "traefik.ingress.kubernetes.io/service.sticky.cookie" in sticky
    # its stickiness is between pods that Traefik chooses itself
    assert "traefik.ingress.kubernetes.io/service.nativelb" not in sticky


# each refusal, with a word of its sentence, beside values that pass
REFUSALS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "unknown key": ({"gatway": {}}, "gatway", {"gateway": {}}),
    "unknown key of a component": ({"cart": {"imag": {}}}, "imag", {"cart": {"image": {"tag": "1"}}}),
    "wrong type": ({"drainSeconds": "long"}, "drainSeconds", {"drainSeconds": 3}),
    "cidrs of an external store": (
        {"cache": {"external": {"enabled": True, "url": "valkey://c:6379"}}},
        "cache.external.cidrs",
        {"cache": {"external": {"enabled": True, "url": "valkey://c:6379", "cidrs": ["10.0.0.0/8"]}}},
    ),
    "address of an external valkey": (
        {"valkey": {"external": {"enabled": True, "cidrs": ["10.0.0.0/8"]}}},
        "valkey.external.url",
        {"valkey": {"external": {"enabled": True, "cidrs": ["10.0.0.0/8"], "url": "valkey://v:6379"}}},
    ),
    "hosts of an external postgres": (
        {"postgres": {"external": {"enabled": True, "cidrs": ["10.0.0.0/8"]}}},
        "postgres.external.hosts",
        {"postgres": {"external": {"enabled": True, "cidrs": ["10.0.0.0/8"], "hosts": ["db:5432"]}}},
    ),
    "several caches": ({"cache": {"replicas": 3}}, "replicas", {"cache": {"maxmemory": "1gb"}}),
    "even number of stores": ({"valkey": {"replicas": 2}}, "odd number", {"valkey": {"replicas": 5}}),
    "maximum below minimum": (
        {"cart": {"autoscaling": {"maxReplicas": 2}}},
        "cart.autoscaling.maxReplicas",
        {"cart": {"autoscaling": {"maxReplicas": 3}}},
    ),
    "connections": (
        {"shop": {"autoscaling": {"maxReplicas": 40}}},
        "postgres.maxConnections",
        {"shop": {"autoscaling": {"maxReplicas": 40}}, "postgres": {"maxConnections": 600}},
    ),
    "http for shoppers": (
        {"gateway": {"publicOrigin": "http://shop.example.com"}},
        "gateway.publicOrigin",
        {"gateway": {"publicOrigin": "http://shop.example.com", "insecure": True}},
    ),
    "a zone to practise, and nobody to do it": (
        {"operator": {"enabled": True, "testZone": "zone-a"}},
        "operator.testZone",
        {"operator": {"enabled": True, "testZone": "zone-a"}, "ledger": {"enabled": True}},
    ),
    "tls without its secret": (
        {"ingress": {"enabled": True, "host": "a.example", "tls": {"enabled": True}}},
        "ingress.tls.secretName",
        {"ingress": {"enabled": True, "host": "a.example", "tls": {"enabled": True, "secretName": "tls"}}},
    ),
    "a route to nowhere": (
        {"httpRoute": {"enabled": True}},
        "httpRoute.parentRefs",
        {"httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]}},
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_work_is_refused_by_name(case: str) -> None:
    wrong, word, right = REFUSALS[case]
    with pytest.raises(helm.HelmError, match=word):
        render(wrong)
    assert render(right)


@pytest.mark.parametrize("component", [*SERVICES, "valkey", "postgres", "operator"])
def test_without_a_cluster_a_secret_must_exist(component: str) -> None:
    with pytest.raises(helm.HelmError, match=f"{component}.existingSecret"):
        render(rendering.with_operator({component: {"existingSecret": ""}}))


CLUSTER: dict[str, dict[str, Any]] = {"Service/kubernetes": {"spec": {"clusterIP": "10.0.0.1"}}}


def test_one_postgres_pod_becomes_three_only_when_replicas_are_there() -> None:
    def upgraded(have: int, want: int) -> list[dict[str, Any]]:
        claim = {"spec": {"resources": {"requests": {"storage": "8Gi"}}}}
        there = {"StatefulSet/shop-myclothes-postgres": {"spec": {"replicas": have, "volumeClaimTemplates": [claim]}}}
        return render({"postgres": {"replicas": want}}, upgrade=True, cluster=CLUSTER | there)

    with pytest.raises(helm.HelmError, match=r"kubectl scale statefulset shop-myclothes-postgres --replicas=3"):
        upgraded(1, 3)
    for have, want in ((1, 1), (3, 3), (3, 1), (3, 5)):
        assert upgraded(have, want)


def test_a_secret_is_no_part_of_the_release() -> None:
    made = of_kind(render(rendering.with_operator({}), offline=False, cluster=CLUSTER), "Secret")
    assert len(made) == len(SERVICES) + 3
    for one in made.values():
        notes = one["metadata"]["annotations"]
        assert notes["helm.sh/hook"] == "pre-install,pre-upgrade"
        assert notes["helm.sh/hook-delete-policy"] == "hook-failed"
        assert all(one["data"].values())
    # what exists is not rendered, so that nothing can write it again: neither an upgrade nor a rollback
    there = CLUSTER | {f"Secret/{name}": {"data": one["data"] | {"more": "eA=="}} for name, one in made.items()}
    del there["Secret/shop-myclothes-cart"]
    again = of_kind(render(rendering.with_operator({}), offline=False, upgrade=True, cluster=there), "Secret")
    assert again.keys() == {"shop-myclothes-cart"}


def test_a_secret_that_lacks_a_key_is_refused_by_name() -> None:
    def upgraded(*keys: str) -> list[dict[str, Any]]:
        secret = {"data": dict.fromkeys(keys, "eA==")}
        there = CLUSTER | {"Secret/shop-myclothes-users": secret}
        return render({"users": {"existingSecret": ""}}, upgrade=True, cluster=there)

    assert upgraded("postgres-username", "postgres-password")
    with pytest.raises(helm.HelmError, match="shop-myclothes-users lacks the key postgres-password"):
        upgraded("postgres-username")


def test_without_a_cluster_the_api_must_be_named() -> None:
    with pytest.raises(helm.HelmError, match=r"networkPolicy\.kubernetesApi\.cidrs"):
        render({"networkPolicy": {"kubernetesApi": {"cidrs": []}}})
    assert render(OFFLINE, offline=False)


@pytest.mark.parametrize("store", ["valkey", "postgres"])
def test_a_pod_of_a_store_has_all_that_it_runs(store: str) -> None:
    manifests = render()
    scripts = of_kind(manifests, "ConfigMap")[f"shop-myclothes-{store}-scripts"]["data"]
    containers = of_kind(manifests, "StatefulSet")[f"shop-myclothes-{store}"]["spec"]["template"]["spec"]["containers"]
    run = [each["command"] for each in containers]
    stopped = [each["lifecycle"]["preStop"]["exec"]["command"] for each in containers]  # none stops without a word
    modules = set(re.findall(rf"-m {store}node\.(\w+)", "\n".join(" ".join(words) for words in [*run, *stopped])))
    assert "calm" in modules
    assert {"__init__.py", *(f"{module}.py" for module in modules)} <= scripts.keys()


def test_what_starts_beside_others_gives_way_to_who_serves() -> None:
    deployments = of_kind(render({"operator": {"enabled": True}}), "Deployment")
    for component in (*SERVICES, "operator"):
        (container,) = deployments[f"shop-myclothes-{component}"]["spec"]["template"]["spec"]["containers"]
        assert container["command"] == ["python", "-m", "myclothes_kit.start", f"myclothes_{component}"]

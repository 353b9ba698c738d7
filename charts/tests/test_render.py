"""Every branch of the chart, rendered and held against what Kubernetes and the services accept."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import helm_python as helm
import known_fields
import kubernetes_validate
import pytest
import rendering
from rendering import SERVICES, STORES, of_kind, pod_specs, render

from myclothes_cart.settings import CartSettings
from myclothes_gateway.settings import GatewaySettings
from myclothes_operator.settings import OperatorSettings
from myclothes_shop.settings import ShopSettings
from myclothes_users.settings import UsersSettings

KUBERNETES = ("1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37")
# kinds of other projects, which kubernetes-validate does not know
FOREIGN = {"HTTPRoute", "ServiceMonitor", "PrometheusRule"}
SETTINGS = {"cart": CartSettings, "gateway": GatewaySettings, "shop": ShopSettings, "users": UsersSettings}
OPERATOR = {"operator": OperatorSettings}
BRANCHES = rendering.branches()


@pytest.fixture(scope="module", params=sorted(BRANCHES))
def branch(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return render(BRANCHES[request.param])


def test_lint_finds_nothing() -> None:
    messages = helm.lint(str(rendering.CHART))["messages"]
    info = 1  # the severity of a recommendation
    assert [one for one in messages if one["severity"] > info] == []


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_accepts_every_object(branch: list[dict[str, Any]], version: str) -> None:
    for one in branch:
        if one["kind"] not in FOREIGN:
            kubernetes_validate.validate(one, version, strict=True)


def test_kubernetes_validate_refuses_a_mistake() -> None:
    broken = copy.deepcopy(of_kind(render(), "Deployment")["shop-myclothes-cart"])
    broken["spec"]["template"]["spec"]["terminationGracePeriod"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES[-1], strict=True)


def test_others_kinds_have_known_fields(branch: list[dict[str, Any]]) -> None:
    for one in branch:
        if one["kind"] in FOREIGN:
            known_fields.check(known_fields.KINDS, one["kind"], one)


@pytest.mark.parametrize("kind", sorted(FOREIGN))
def test_an_unknown_field_of_anothers_kind_would_be_seen(kind: str) -> None:
    one = next(iter(of_kind(render(BRANCHES["everything"]), kind).values()))
    known_fields.check(known_fields.KINDS, kind, one)
    with pytest.raises(AssertionError, match="/spec/backends is no field"):
        known_fields.check(known_fields.KINDS, kind, one | {"spec": one["spec"] | {"backends": []}})


def test_every_pod_is_restricted(branch: list[dict[str, Any]]) -> None:
    for name, pod in pod_specs(branch):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["enableServiceLinks"] is False, name
        token = name.endswith(("-postgres", "-operator")) and name.startswith(("StatefulSet", "Deployment"))
        token = token or name.endswith("-test-practice")
        assert spec["automountServiceAccountToken"] is token, name
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["limits"]["memory"], name
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"}, name
        for volume in spec.get("volumes", []):
            assert "hostPath" not in volume, name


def test_services_are_told_only_what_they_know(branch: list[dict[str, Any]]) -> None:
    seen = set()
    for name, pod in pod_specs(branch):
        for container in pod["spec"]["containers"]:
            service = container["name"]
            if service not in SETTINGS | OPERATOR:
                continue
            seen.add(service)
            prefix = f"{service.upper()}_"
            known = {f"{prefix}{field}".upper() for field in (SETTINGS | OPERATOR)[service].model_fields}
            asked = {one["name"] for one in container["env"] if one["name"].startswith(prefix)}
            assert asked <= known, name
    assert seen - set(OPERATOR) == set(SETTINGS)


@pytest.mark.parametrize(
    "name",
    ["defaults", "defaults with operator", "external", "external with operator", "practice", "production", "small"],
)
def test_services_accept_what_they_are_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in of_kind(render(BRANCHES[name]), "Deployment").values():
        (container,) = one["spec"]["template"]["spec"]["containers"]
        if container["name"] in SETTINGS | OPERATOR:
            for variable in container["env"]:
                monkeypatch.setenv(variable["name"], variable.get("value", "from-a-secret"))
            (SETTINGS | OPERATOR)[container["name"]]()


def test_a_wrong_variable_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CART_VALKEY_URL", "nonsense://")
    with pytest.raises(ValueError, match=r"valkey_url"):
        CartSettings()


def _leaves(values: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for key, value in values.items():
        here = (*path, key)
        found += _leaves(value, here) if isinstance(value, dict) and value else [here]
    return found


def _changed(value: Any, path: tuple[str, ...]) -> Any:
    """Another value that the schema allows."""
    special: dict[str, Any] = {
        "publicOrigin": "https://other.example",
        "carts": "cookie",
        "whenUnsatisfiable": "ScheduleAnyway" if value == "DoNotSchedule" else "DoNotSchedule",
        "pullPolicy": "Always",
        "logLevel": "debug",
        "trafficDistribution": "",
        "digest": f"sha256:{'1' * 64}",
        "interval": "7s",
        "schedule": "3 3 * * *",
        "cidrs": ["10.7.0.0/16"],
        "hosts": ["other.example.com:5432"],
        "hostnames": ["other.example.com"],
        "arguments": ["--set-stock"],
        "ports": [6444],
        "size": "9Gi",
        "maxmemory": "77mb",
        "sharedBuffers": "77MB",
        "extraEnv": [{"name": "X", "value": "y"}],
        "volume": {"emptyDir": {}},
        "resources": {"limits": {"memory": "123Mi"}},
        "affinity": {"podAffinity": {}},
        "url": "valkey://other.example.com:6379",
        "alertmanager": "http://alertmanager.example:9093",
    }
    key = path[-1]
    if key in special:
        return special[key]
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 2
        case str():
            return "400m" if "resources" in " ".join(path).lower() else f"{value}x"
        case dict():
            return {"changed": "yes"}
        case list():
            return [{"name": "changed"}] if key in {"pullSecrets", "parentRefs"} else [{"key": "changed"}]
    raise AssertionError(path)


def _over(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    return value


def _base_for(path: tuple[str, ...]) -> dict[str, Any]:
    """Values under which a key matters: its switch is on."""
    base: dict[str, Any] = {}
    # spelt out, so that one key at a time can change what it alone decides
    if path[-1] == "replicas" and path[0] in SERVICES:
        base = {path[0]: {"autoscaling": {"enabled": False}}}
    if "external" in path:
        base = {
            path[0]: {
                "external": {
                    "enabled": True,
                    "cidrs": ["10.9.0.0/16"],
                    **({"hosts": ["db:5432"]} if path[0] == "postgres" else {"url": "valkeys://store:6379"}),
                }
            }
        }
    if path[0] in {"ingress", "httpRoute", "feed"}:
        base = {
            "ingress": {
                "enabled": True,
                "host": "a.example",
                "tls": {"enabled": True, "secretName": "tls"},
                "sticky": {"enabled": "sticky" in path},
            },
            "httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]},
            "feed": {"enabled": True, "volume": {"configMap": {"name": "feed"}}},
        }
    if path[0] == "monitoring":
        base = {"monitoring": {part: {"enabled": True} for part in ("serviceMonitor", "prometheusRule", "dashboard")}}
    if path[0] == "operator" and path[1] != "enabled":
        base = rendering.with_operator({})
    if path[0] == "ledger" and path[1] != "enabled":
        base = {"ledger": {"enabled": True}}
    if path[:2] == ("operator", "testZone"):
        base = rendering.merged(base, {"ledger": {"enabled": True}})
    return base


@pytest.mark.parametrize("path", _leaves(rendering.values_file("values.yaml")), ids=".".join)
def test_every_value_is_read(path: tuple[str, ...]) -> None:
    base = _base_for(path)
    default = rendering.merged(rendering.merged(rendering.values_file("values.yaml"), rendering.OFFLINE), base)
    value: Any = default
    for key in path:
        value = value[key]
    if path[-1] == "enabled" and path[0] in STORES and "external" in path:
        base, value = rendering.merged(base, _over(path, False)), False
    over = rendering.merged(base, _over(path, _changed(value, path)))
    assert render(base) != render(over), f"no template reads {'.'.join(path)}"


def test_every_value_is_documented() -> None:
    """Each line's comment in values.yaml is the schema's description, so that neither grows old alone."""
    schema = json.loads((rendering.CHART / "values.schema.json").read_text())
    comments = _comments((rendering.CHART / "values.yaml").read_text())
    for path in _leaves(rendering.values_file("values.yaml")):
        described, node = "", schema
        for depth, key in enumerate(path):
            node = _resolved(schema, node)["properties"].get(key) if "properties" in _resolved(schema, node) else None
            if node is None:
                break  # free-form below this
            described = node.get("description", described)
            comment = comments.get(".".join(path[: depth + 1]))
            if comment is not None:
                assert described == comment, ".".join(path)
        assert described, ".".join(path)


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref", "")
    return schema["definitions"][reference.rsplit("/", 1)[-1]] if reference else node


def _comments(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    stack: list[tuple[int, str]] = []
    pending: list[str] = []
    for line in text.splitlines():
        if line.strip().startswith("#"):
            pending.append(line.strip()[1:].strip())
            continue
        if match := re.match(r"^(\s*)([A-Za-z][\w.]*):", line):
            indent = len(match[1])
            stack = [entry for entry in stack if entry[0] < indent]
            stack.append((indent, match[2]))
            if pending:
                found[".".join(name for _, name in stack)] = " ".join(pending)
        pending = []
    return found


def test_no_object_takes_keys_that_nobody_knows() -> None:
    schema = json.loads((rendering.CHART / "values.schema.json").read_text())
    open_ones, seen = [], 0
    pending: list[tuple[str, Any]] = [("", schema)]
    while pending:
        path, node = pending.pop()
        if isinstance(node, dict):
            seen += "properties" in node
            if "properties" in node and node.get("additionalProperties") is not False:
                open_ones.append(path)
            pending += [(f"{path}/{key}", value) for key, value in node.items()]
    assert seen > 20
    assert open_ones == []

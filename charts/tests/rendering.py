"""Renders the chart with Helm's own SDK, without a cluster."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import helm_python as helm
import yaml

CHART = Path(__file__).parents[1] / "myclothes"
RELEASE, NAMESPACE = "shop", "clothes"
STORES = ("valkey", "postgres", "cache")
SERVICES = ("gateway", "cart", "users", "shop")

# what rendering without a cluster needs
OFFLINE: dict[str, Any] = {
    **{name: {"existingSecret": f"my-{name}"} for name in (*SERVICES, "valkey", "postgres", "operator")},
    "networkPolicy": {"kubernetesApi": {"cidrs": ["10.0.0.1/32"]}},
}

Manifest = dict[str, Any]


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `base`, as Helm does."""
    out = dict(base)
    for key, value in over.items():
        kept = out.get(key)
        out[key] = merged(kept, value) if isinstance(kept, Mapping) and isinstance(value, Mapping) else value
    return out


def values_file(name: str) -> dict[str, Any]:
    """A values file of the chart."""
    loaded: dict[str, Any] = yaml.safe_load((CHART / name).read_text())
    return loaded


@cache
def _chart() -> helm.Chart:
    return helm.Chart.load(str(CHART))


def _chart_in(cluster: Mapping[str, Manifest]) -> helm.Chart:
    """The chart as a cluster renders it that has these objects, by `Kind/name`: the SDK itself finds nothing."""
    with TemporaryDirectory() as folder:
        chart = Path(folder) / CHART.name
        shutil.copytree(CHART, chart, ignore=shutil.ignore_patterns("__pycache__"))
        objects = f'index ({json.dumps(json.dumps(cluster))} | fromJson) (printf "%s/%s" .kind .name) | default dict'
        # Helm takes the last definition that it reads, and reads the first name last
        override = f'{{{{- define "myclothes.found" -}}}}{{{{ {objects} | toJson }}}}{{{{- end -}}}}'
        (chart / "templates" / "0.tpl").write_text(override)
        return helm.Chart.load(str(chart))


def render(
    values: Mapping[str, Any] | None = None,
    *,
    offline: bool = True,
    upgrade: bool = False,
    cluster: Mapping[str, Manifest] | None = None,
) -> list[Manifest]:
    """All objects for `values`, of an install or an upgrade, in a `cluster` or without; raises helm.HelmError."""
    asked = merged(OFFLINE, values or {}) if offline else dict(values or {})
    chart = _chart() if cluster is None else _chart_in(cluster)
    texts = chart.render(asked, name=RELEASE, namespace=NAMESPACE, is_install=not upgrade, is_upgrade=upgrade)
    return [
        manifest
        for path, text in sorted(texts.items())
        if not path.endswith(".txt")
        for manifest in yaml.safe_load_all(text)
        if manifest
    ]


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Those of a kind, by name."""
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def pod_specs(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Every pod template, or pod, by `Kind/name`."""
    for one in manifests:
        name = f"{one['kind']}/{one['metadata']['name']}"
        match one["kind"]:
            case "Pod":
                yield name, one
            case "Deployment" | "StatefulSet" | "Job":
                yield name, one["spec"]["template"]
            case "CronJob":
                yield name, one["spec"]["jobTemplate"]["spec"]["template"]


def with_operator(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with the operator on."""
    return merged(values, {"operator": {"enabled": True}})


def with_practice(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with the operator and the ledger on, and a practice among the tests."""
    practising = {"testZone": "zone-a", "alertmanager": "http://alertmanager.monitoring:9093"}
    return merged(with_operator(values), {"ledger": {"enabled": True}, "operator": practising})


def branches() -> dict[str, dict[str, Any]]:
    """Values that between them reach every branch of every template."""
    outside = {"enabled": True, "cidrs": ["10.9.0.0/16"], "caSecret": "store-ca"}
    found: dict[str, dict[str, Any]] = {
        "defaults": {},
        "small": values_file("values-small.yaml"),
        "production": values_file("values-production.yaml"),
        "external": {
            "valkey": {"external": {**outside, "url": "valkeys://carts.example.com:6379", "username": "shop"}},
            "postgres": {"external": {**outside, "hosts": ["db.example.com:5432"]}},
            "cache": {"external": {**outside, "url": "valkeys://cache.example.com:6379"}},
        },
        "everything": {
            "nameOverride": "clothes",
            "fullnameOverride": "wear",
            "image": {"pullSecrets": [{"name": "registry"}], "tag": "1.2.3"},
            **{
                name: {
                    "image": {"repository": name, "digest": f"sha256:{'0' * 64}"},
                    "podAnnotations": {"a": "b"},
                    "nodeSelector": {"disk": "fast"},
                    "tolerations": [{"key": "k", "operator": "Exists"}],
                    "affinity": {"nodeAffinity": {}},
                    "priorityClassName": "high",
                    "extraEnv": [{"name": "TZ", "value": "UTC"}],
                    "networkPolicy": {
                        "extraIngress": [{"from": [{"podSelector": {}}]}],
                        "extraEgress": [{"to": [{"podSelector": {}}]}],
                    },
                }
                for name in (*SERVICES, *STORES, "operator")
            },
            "sampleData": {"enabled": True},
            "feed": {
                "enabled": True,
                "volume": {"persistentVolumeClaim": {"claimName": "feed"}},
                "arguments": ["--currency", "USD"],
            },
            "ledger": {"enabled": True, "schedule": "0 * * * *", "testSku": "TEST-1"},
            "ingress": {
                "enabled": True,
                "className": "traefik",
                "host": "shop.example.com",
                "annotations": {"a": "b"},
                "tls": {"enabled": True, "secretName": "tls"},
                "sticky": {"enabled": True},
            },
            "httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}], "hostnames": ["shop.example.com"]},
            "monitoring": {
                "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
                "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
                "dashboard": {"enabled": True},
            },
            "networkPolicy": {"metricsScraper": {"peers": [{"namespaceSelector": {}}]}, "denyWholeNamespace": False},
        },
        "open": {"networkPolicy": {"enabled": False}, "gateway": {"carts": "memory"}},
        "routed": {
            "reload": {"enabled": True},
            "httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]},
            **{name: {"persistence": {"storageClassName": "fast"}} for name in ("valkey", "postgres")},
        },
    }
    found["practice"] = with_practice({})
    found |= {f"{name} with operator": with_operator(found[name]) for name in ("defaults", "external", "everything")}
    return found

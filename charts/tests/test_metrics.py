"""What the alerts and the dashboard ask for is there, and every alert is explained.

The services' metrics come from their own registries, Valkey's from a running pod. Patroni's are listed here; the
cluster tests read them, and all others, from the pods.
"""

from __future__ import annotations

import importlib
import re
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import metric_names
import rendering
from prometheus_client.metrics import MetricWrapperBase
from rendering import of_kind, render
from valkey_pods import Pods, wait_for

if TYPE_CHECKING:
    import pytest

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
MODULES = (
    "myclothes_kit.metrics",
    "myclothes_kit.postgres.metrics",
    "myclothes_kit.valkey.metrics",
    *(f"myclothes_{service}.metrics" for service in (*rendering.SERVICES, "operator")),
)
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
# https://patroni.readthedocs.io/en/latest/rest_api.html#monitoring-endpoint
PATRONI = {
    name: {"scope", "name"}
    for name in (
        "patroni_postgres_streaming",
        "patroni_postgres_timeline",
        "patroni_primary",
        "patroni_replica",
        "patroni_xlog_location",
        "patroni_xlog_replayed_location",
    )
}


def _of_services() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for module in MODULES:
        for one in vars(importlib.import_module(module)).values():
            if isinstance(one, MetricWrapperBase):
                for suffix in SUFFIXES[one._type]:
                    found[f"{one._name}{suffix}"] = {*one._labelnames, *(["le"] if suffix == "_bucket" else [])}
    return found


def _of_valkey(folder: Path) -> dict[str, set[str]]:
    pods = Pods(folder, count=1)
    pods.start()
    try:
        url = f"http://127.0.0.1:{pods.pods[0].metrics_port}/metrics"

        def text() -> str:
            try:
                with urllib.request.urlopen(url, timeout=1) as answer:
                    page: str = answer.read().decode()
            except OSError:
                return ""
            return page if "valkey_failover_epoch" in page else ""

        return metric_names.given(wait_for("a Sentinel's view among the metrics", text))
    finally:
        pods.stop()


def test_every_metric_that_is_asked_for_exists(tmp_path: Path) -> None:
    assert metric_names.missing(_of_services() | _of_valkey(tmp_path) | PATRONI) == []


def test_a_wrong_name_or_label_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    available = {"shop_orders_total": {"outcome"}}
    monkeypatch.setattr(
        metric_names,
        "expressions",
        lambda: {
            "right": 'sum by (outcome) (rate(shop_orders_total{namespace="x"}[1m]))',
            "name": 'shop_order_total{namespace="x"}',
            "label": 'sum by (result) (shop_orders_total{namespace="x"})',
        },
    )
    assert metric_names.missing(available) == [
        "name: no metric shop_order_total",
        "label: shop_orders_total has no label result",
    ]


def test_every_metric_is_of_this_release_alone() -> None:
    for place, expression in metric_names.expressions().items():
        uses = re.findall(r"\b(?:[a-z]+_)+[a-z]+\b(?=[{\[])|\bup\b(?=\{)", expression)
        assert expression.count("namespace=") == len(uses), place


def test_every_alert_is_explained() -> None:
    explained = set(re.findall(r"^### (MyClothes\w+)$", OPERATIONS.read_text(), re.MULTILINE))
    assert explained == {rule["alert"] for rule in metric_names.rules()}


def _alerts(values: dict[str, Any]) -> set[str]:
    values = rendering.merged(values, {"monitoring": {"prometheusRule": {"enabled": True}}})
    (rule,) = of_kind(render(values), "PrometheusRule").values()
    return {one["alert"] for group in rule["spec"]["groups"] for one in group["rules"]}


def test_anothers_store_has_no_alerts_of_ours() -> None:
    everything = {rule["alert"] for rule in metric_names.rules()}
    assert _alerts(rendering.with_operator({})) == everything
    ours = {alert for alert in everything if "Valkey" not in alert and "Postgres" not in alert}
    assert _alerts(rendering.branches()["external with operator"]) == ours


def test_without_the_operator_nobody_is_told_that_it_is_away() -> None:
    of_operator = _alerts(rendering.with_operator({})) - _alerts({})
    assert of_operator == {"MyClothesZoneNotSurvivable", "MyClothesOperatorAway"}

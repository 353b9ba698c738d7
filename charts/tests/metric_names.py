"""The metrics that the alerts and the dashboard ask for, and those that each part of the shop gives."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml
from rendering import CHART

if TYPE_CHECKING:
    from collections.abc import Iterator

Expressions = dict[str, str]

_NAMED = re.compile(r"([a-z_]+)\{([^}]*)\}")
_SAMPLE = re.compile(r"^(?P<name>[a-z_]+) ?(?:\{(?P<labels>[^}]*)\})? ", re.MULTILINE)
_LABEL = re.compile(r"([a-z_]+)\s*[=!~]+")
_GROUPED = re.compile(r"\b(?:by|on|group_right|group_left) ?\(([^)]*)\)")

OF_OTHERS = {
    # Prometheus' own
    "up": set(),
    # kube-state-metrics'
    "kube_horizontalpodautoscaler_status_current_replicas": {"horizontalpodautoscaler"},
    "kube_horizontalpodautoscaler_spec_max_replicas": {"horizontalpodautoscaler"},
}
ADDED = {"namespace", "pod", "component"}
"""Labels of the scrape: the operator's Prometheus adds the first two, the chart's ServiceMonitors the last."""


def rules() -> Iterator[dict[str, Any]]:
    """Every alert, external stores or not."""
    for path in sorted((CHART / "files" / "rules").glob("*.yaml")):
        yield from yaml.safe_load(path.read_text())


def expressions() -> Expressions:
    """Every PromQL expression, by where it is."""
    found = {f"alert {rule['alert']}": rule["expr"] for rule in rules()}
    for panel in json.loads((CHART / "files" / "dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            found[f"panel {panel['title']} {target['refId']}"] = target["expr"]
    return found


def asked(expression: str) -> dict[str, set[str]]:
    """Metric names with the labels that an expression expects of each."""
    grouped = {label.strip() for words in _GROUPED.findall(expression) for label in words.split(",") if label.strip()}
    return {name: set(_LABEL.findall(labels)) | grouped for name, labels in _NAMED.findall(expression)}


def given(text: str) -> dict[str, set[str]]:
    """Metric names with their labels in a /metrics page."""
    found: dict[str, set[str]] = {}
    for sample in _SAMPLE.finditer(text):
        found.setdefault(sample["name"], set()).update(_LABEL.findall(sample["labels"] or ""))
    return found


def missing(available: dict[str, set[str]], prefix: str = "") -> list[str]:
    """What an alert or a panel asks for and `available` has not, of the metrics whose name begins with `prefix`."""
    known = OF_OTHERS | available
    wrong = []
    for place, expression in expressions().items():
        names = asked(expression)
        assert names, place
        for name, labels in names.items():
            if name.startswith(prefix) and name not in known:
                wrong.append(f"{place}: no metric {name}")
            elif name.startswith(prefix) and not labels <= known[name] | ADDED:
                wrong.append(f"{place}: {name} has no label {', '.join(sorted(labels - known[name] - ADDED))}")
    return wrong

"""The fields of others' formats that are used here, each with its type: Skaffold's file, kinds that Kubernetes lacks.

Excerpts of what is published; what is not here is to be looked up there. A type is a Python type, the name of another
object, the set of the values that are used, a list of one of these, or a map of names to one.
"""

from __future__ import annotations

from typing import Any

# docs-v2/content/en/schemas/v4beta13.json in Skaffold's repository
SKAFFOLD: dict[str, dict[str, Any]] = {
    "SkaffoldConfig": {
        "apiVersion": {"skaffold/v4beta13"},
        "kind": {"Config"},
        "metadata": "Metadata",
        "build": "BuildConfig",
        "deploy": "DeployConfig",
        "portForward": ["PortForwardResource"],
        "profiles": ["Profile"],
    },
    "Metadata": {"name": str},
    "BuildConfig": {"artifacts": ["Artifact"], "local": "LocalBuild"},
    "LocalBuild": {"push": bool},
    "Artifact": {"image": str, "context": str, "docker": "DockerArtifact", "sync": "Sync"},
    "DockerArtifact": {"dockerfile": str, "buildArgs": {str: str}},
    "Sync": {"manual": ["SyncRule"]},
    "SyncRule": {"src": str, "dest": str, "strip": str},
    "DeployConfig": {"helm": "LegacyHelmDeploy"},
    "LegacyHelmDeploy": {"releases": ["HelmRelease"]},
    "HelmRelease": {
        "name": str,
        "chartPath": str,
        "namespace": str,
        "createNamespace": bool,
        "valuesFiles": [str],
        "setValues": {str: object},
        "setValueTemplates": {str: object},
    },
    "PortForwardResource": {
        "resourceType": str,
        "resourceName": str,
        "namespace": str,
        "port": int,
        "localPort": int,
    },
    "Profile": {
        "name": str,
        "activation": ["Activation"],
        "build": "BuildConfig",
        "patches": ["JSONPatch"],
    },
    "Activation": {"command": str},
    "JSONPatch": {"op": {"replace", "remove"}, "path": str, "value": object},
}
# the Gateway API's v1 (gateway-api.sigs.k8s.io/reference/spec), the Prometheus operator's v1 (its Documentation/api.md)
KINDS: dict[str, dict[str, Any]] = {
    "HTTPRoute": {
        "apiVersion": {"gateway.networking.k8s.io/v1"},
        "kind": str,
        "metadata": "ObjectMeta",
        "spec": "HTTPRouteSpec",
    },
    "HTTPRouteSpec": {"parentRefs": ["ParentReference"], "hostnames": [str], "rules": ["HTTPRouteRule"]},
    "ParentReference": {"name": str},
    "HTTPRouteRule": {"matches": ["HTTPRouteMatch"], "backendRefs": ["HTTPBackendRef"]},
    "HTTPRouteMatch": {"path": "HTTPPathMatch"},
    "HTTPPathMatch": {"type": {"PathPrefix"}, "value": str},
    "HTTPBackendRef": {"name": str, "port": int},
    "ServiceMonitor": {
        "apiVersion": {"monitoring.coreos.com/v1"},
        "kind": str,
        "metadata": "ObjectMeta",
        "spec": "ServiceMonitorSpec",
    },
    "ServiceMonitorSpec": {"selector": "LabelSelector", "endpoints": ["Endpoint"]},
    "LabelSelector": {"matchLabels": {str: str}},
    "Endpoint": {"port": str, "interval": str, "relabelings": ["RelabelConfig"]},
    "RelabelConfig": {"targetLabel": str, "replacement": str},
    "PrometheusRule": {
        "apiVersion": {"monitoring.coreos.com/v1"},
        "kind": str,
        "metadata": "ObjectMeta",
        "spec": "PrometheusRuleSpec",
    },
    "PrometheusRuleSpec": {"groups": ["RuleGroup"]},
    "RuleGroup": {"name": str, "rules": ["Rule"]},
    "Rule": {"alert": str, "expr": str, "for": str, "labels": {str: str}, "annotations": {str: str}},
    "ObjectMeta": {"name": str, "labels": {str: str}},
}


def check(known: dict[str, dict[str, Any]], kind: Any, value: object, place: str = "") -> None:
    """Raises AssertionError with the place of the first field that is unknown or of another type."""
    match kind:
        case str():
            assert isinstance(value, dict), f"{place} is no {kind}"
            for key, below in value.items():
                assert key in known[kind], f"{place}/{key} is no field of {kind}"
                check(known, known[kind][key], below, f"{place}/{key}")
        case [one]:
            assert isinstance(value, list), f"{place} is no list"
            for number, below in enumerate(value):
                check(known, one, below, f"{place}/{number}")
        case dict():
            assert isinstance(value, dict), f"{place} is no map"
            for key, below in value.items():
                check(known, kind[str], below, f"{place}/{key}")
        case set():
            assert value in kind, f"{place} is no value of {kind}"
        case _:
            # to Python a bool is an int
            assert kind is object or type(value) is kind, f"{place} is no {kind.__name__}"

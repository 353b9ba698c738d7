"""The fields of Skaffold's configuration that skaffold.yaml uses, each with its type.

An excerpt of the published schema v4beta13 (docs-v2/content/en/schemas/v4beta13.json in Skaffold's repository): what is
not here is to be looked up there. A type is a Python type, the name of another object, a list of one of these, or a map
of names to one.
"""

from __future__ import annotations

from typing import Any

FIELDS: dict[str, dict[str, Any]] = {
    "SkaffoldConfig": {
        "apiVersion": str,
        "kind": str,
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
    "JSONPatch": {"op": str, "path": str, "value": object},
}


def check(value: object, kind: Any = "SkaffoldConfig", place: str = "") -> None:
    """Raises AssertionError with the place of the first field that is unknown or of another type."""
    match kind:
        case str():
            assert isinstance(value, dict), f"{place} is no {kind}"
            for key, below in value.items():
                assert key in FIELDS[kind], f"{place}/{key} is no field of {kind}"
                check(below, FIELDS[kind][key], f"{place}/{key}")
        case [one]:
            assert isinstance(value, list), f"{place} is no list"
            for number, below in enumerate(value):
                check(below, one, f"{place}/{number}")
        case dict():
            assert isinstance(value, dict), f"{place} is no map"
            for key, below in value.items():
                check(below, kind[str], f"{place}/{key}")
        case _:
            # to Python a bool is an int
            assert kind is object or type(value) is kind, f"{place} is no {kind.__name__}"

"""Generated and hand-kept papers of the chart: the README's table and skaffold.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import rendering
import yaml
from rendering import of_kind, pod_specs, render

ROOT = Path(__file__).parents[2]
SKAFFOLD = yaml.safe_load((ROOT / "skaffold.yaml").read_text())

# Fields of skaffold's published schema v4beta13 (docs-v2/content/en/schemas/v4beta13.json), of the parts used here.
FIELDS = {
    "SkaffoldConfig": {
        "apiVersion",
        "build",
        "customActions",
        "deploy",
        "kind",
        "manifests",
        "metadata",
        "portForward",
        "profiles",
        "requires",
        "resourceSelector",
        "test",
        "verify",
    },
    "Artifact": {"context", "docker", "hooks", "image", "platforms", "requires", "runtimeType", "sync"},
    "HelmRelease": {
        "chartPath",
        "createNamespace",
        "dependsOn",
        "name",
        "namespace",
        "overrides",
        "packaged",
        "recreatePods",
        "remoteChart",
        "repo",
        "setFiles",
        "setValueTemplates",
        "setValues",
        "skipBuildDependencies",
        "skipTests",
        "upgradeOnChange",
        "useHelmSecrets",
        "valuesFiles",
        "version",
        "wait",
    },
    "Sync": {"auto", "hooks", "infer", "manual"},
    "SyncRule": {"dest", "src", "strip"},
    "DockerArtifact": {
        "addHost",
        "buildArgs",
        "cacheFrom",
        "cacheTo",
        "cliFlags",
        "dockerfile",
        "network",
        "noCache",
        "pullParent",
        "secrets",
        "squash",
        "ssh",
        "target",
    },
    "LocalBuild": {"concurrency", "push", "tryImportMissing", "useBuildkit", "useDockerCLI"},
    "Metadata": {"annotations", "labels", "name"},
    "PortForwardResource": {"address", "localPort", "namespace", "port", "resourceName", "resourceType"},
    "JSONPatch": {"from", "op", "path", "value"},
    "Profile": {
        "activation",
        "build",
        "customActions",
        "deploy",
        "manifests",
        "name",
        "patches",
        "portForward",
        "requiresAllActivations",
        "resourceSelector",
        "test",
        "verify",
    },
    "Helm": {"flags", "releases"},
    "Activation": {"command", "env", "kubeContext"},
}


def _uses(name: str, found: dict[str, Any]) -> None:
    assert found.keys() <= FIELDS[name], (name, found.keys() - FIELDS[name])


def test_the_values_table_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "charts"))
    import values_table

    readme = values_table.README.read_text()
    assert readme == values_table.rendered(readme), "run: python charts/values_table.py"


def test_skaffold_uses_known_fields() -> None:
    assert SKAFFOLD["apiVersion"] == "skaffold/v4beta13"
    _uses("SkaffoldConfig", SKAFFOLD)
    for artifact in SKAFFOLD["build"]["artifacts"]:
        _uses("Artifact", artifact)
        _uses("DockerArtifact", artifact.get("docker", {}))
        _uses("Sync", artifact.get("sync", {}))
        for rule in artifact.get("sync", {}).get("manual", []):
            _uses("SyncRule", rule)
    _uses("Metadata", SKAFFOLD["metadata"])
    for build in (SKAFFOLD["build"], *(profile.get("build", {}) for profile in SKAFFOLD["profiles"])):
        _uses("LocalBuild", build.get("local", {}))
    for resource in SKAFFOLD["portForward"]:
        _uses("PortForwardResource", resource)
    _uses("Helm", SKAFFOLD["deploy"]["helm"])
    for release in SKAFFOLD["deploy"]["helm"]["releases"]:
        _uses("HelmRelease", release)
    for profile in SKAFFOLD["profiles"]:
        _uses("Profile", profile)
        for patch in profile.get("patches", []):
            _uses("JSONPatch", patch)
        for activation in profile.get("activation", []):
            _uses("Activation", activation)


def test_an_unknown_field_would_be_seen() -> None:
    with pytest.raises(AssertionError, match="tagg"):
        _uses("Artifact", {"image": "x", "tagg": "y"})


def _install() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    (release,) = SKAFFOLD["deploy"]["helm"]["releases"]
    values: dict[str, Any] = rendering.values_file(Path(release["valuesFiles"][0]).name)
    for path, value in (release["setValues"] | dict.fromkeys(release["setValueTemplates"], "tag")).items():
        nested: Any = value
        for key in reversed(path.split(".")):
            nested = {key: nested}
        values = rendering.merged(values, nested)
    return release, render(values)


def test_skaffold_builds_every_image_of_the_chart() -> None:
    _, manifests = _install()
    used = {
        container["image"].rsplit(":", 1)[0]
        for _, pod in pod_specs(manifests)
        for container in pod["spec"]["containers"]
    }
    assert used == {artifact["image"] for artifact in SKAFFOLD["build"]["artifacts"]}
    for artifact in SKAFFOLD["build"]["artifacts"]:
        dockerfile = artifact.get("docker", {}).get("dockerfile", f"{artifact['context']}/Dockerfile")
        assert (ROOT / dockerfile).is_file()


def test_skaffold_copies_into_what_reloads() -> None:
    _, manifests = _install()
    commands = {
        pod["spec"]["containers"][0]["name"]: " ".join(pod["spec"]["containers"][0].get("args", []))
        for name, pod in pod_specs(manifests)
        if name.startswith("Deployment")
    }
    for artifact in SKAFFOLD["build"]["artifacts"]:
        for rule in artifact.get("sync", {}).get("manual", []):
            service = artifact["image"].rsplit("/", 1)[-1]
            assert rule["dest"] in commands[service]
            assert rule["src"].startswith(rule["strip"])
            assert (ROOT / rule["strip"]).is_dir()


def test_skaffold_forwards_the_gateway() -> None:
    (forward,) = SKAFFOLD["portForward"]
    release, _ = _install()
    name = f"{release['name']}-gateway"
    assert forward["resourceName"] == name
    assert forward["port"] == forward["localPort"] == 8080
    assert {"gateway": 8080}["gateway"] in {
        port["port"] for port in of_kind(render(), "Service")["shop-myclothes-gateway"]["spec"]["ports"]
    }


@pytest.mark.parametrize("profile", [one["name"] for one in SKAFFOLD["profiles"]])
def test_a_profiles_patches_find_their_places(profile: str) -> None:
    (found,) = (one for one in SKAFFOLD["profiles"] if one["name"] == profile)
    for patch in found.get("patches", []):
        node: Any = SKAFFOLD
        for part in patch["path"].strip("/").split("/"):
            node = node[int(part)] if isinstance(node, list) else node[part]
        if isinstance(patch.get("value"), str):
            assert (ROOT / patch["value"]).is_file()

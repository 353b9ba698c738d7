"""Generated and hand-kept papers of the chart: the README's table and skaffold.yaml."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import known_fields
import pytest
import rendering
import yaml
from rendering import of_kind, pod_specs, render

ROOT = Path(__file__).parents[2]
SKAFFOLD = yaml.safe_load((ROOT / "skaffold.yaml").read_text())

AS_IT_STANDS = ""
PROFILES = [AS_IT_STANDS, *(one["name"] for one in SKAFFOLD["profiles"])]


def _under(profile: str) -> dict[str, Any]:
    """skaffold.yaml as a profile makes it, whose patches find their places."""
    made = copy.deepcopy(SKAFFOLD)
    for found in (one for one in SKAFFOLD["profiles"] if one["name"] == profile):
        made["build"] = rendering.merged(made["build"], found.get("build", {}))
        for patch in found.get("patches", []):
            *way, last = (int(part) if part.isdecimal() else part for part in patch["path"].strip("/").split("/"))
            node: Any = made
            for part in way:
                node = node[part]
            assert last in (range(len(node)) if isinstance(node, list) else node), patch["path"]
            if patch["op"] == "remove":
                del node[last]
            else:
                node[last] = patch["value"]
    return made


def test_the_values_table_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "charts"))
    import values_table

    readme = values_table.README.read_text()
    assert readme == values_table.rendered(readme), "run: python charts/values_table.py"


@pytest.mark.parametrize("profile", PROFILES)
def test_skaffold_uses_known_fields(profile: str) -> None:
    known_fields.check(known_fields.SKAFFOLD, "SkaffoldConfig", _under(profile))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("apiVersion", "skaffold/v4beta1"),
        ("build/tagpolicy", {}),
        ("build/local/push", "no"),
        ("build/artifacts/0/tagg", "y"),
        ("build/artifacts/0/docker/buildArgs/SERVICE", 1),
        ("deploy/helm/release", []),
        ("deploy/helm/releases/0/valuesFiles/0", {}),
        ("deploy/helm/releases/0/createNamespace", 1),
        ("portForward/0/localPort", True),
        ("profiles/1/build/local/pull", True),
        ("profiles", {}),
    ],
)
def test_an_unknown_field_or_type_would_be_seen(place: str, value: object) -> None:
    broken: Any = copy.deepcopy(SKAFFOLD)
    *way, last = (int(part) if part.isdecimal() else part for part in place.split("/"))
    node = broken
    for part in way:
        node = node[part]
    node[last] = value
    with pytest.raises(AssertionError, match=f"/{place} is no "):
        known_fields.check(known_fields.SKAFFOLD, "SkaffoldConfig", broken)


def _install(profile: str = AS_IT_STANDS) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    (release,) = _under(profile)["deploy"]["helm"]["releases"]
    (file,) = release["valuesFiles"]
    assert (ROOT / file).parent == rendering.CHART
    values: dict[str, Any] = rendering.values_file(Path(file).name)
    for path, value in (release["setValues"] | dict.fromkeys(release["setValueTemplates"], "tag")).items():
        nested: Any = value
        for key in reversed(path.split(".")):
            nested = {key: nested}
        values = rendering.merged(values, nested)
    return release, render(values)


@pytest.mark.parametrize("profile", PROFILES)
def test_skaffold_builds_every_image_of_the_chart(profile: str) -> None:
    _, manifests = _install(profile)
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


@pytest.mark.parametrize("profile", PROFILES)
def test_only_what_is_developed_reloads(profile: str) -> None:
    _, manifests = _install(profile)
    reloading = [name for name, pod in pod_specs(manifests) if "watchfiles" in str(pod)]
    assert len(reloading) == (len(rendering.SERVICES) if profile in {AS_IT_STANDS, "dev"} else 0)

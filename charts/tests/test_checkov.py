"""checkov's rules for Kubernetes over the rendered chart: each is kept, or named here with the reason why not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import rendering
import yaml

ROOT = Path(__file__).parents[2]
UV = shutil.which("uv", path=str(ROOT / ".tools/uv/bin")) or shutil.which("uv")
# in an environment of its own: it wants older packages than the other tools
CHECKOV = ("--exclude-newer", "2026-11-20T00:00:00Z", "--from", "checkov==3.3.30", "checkov")
CHECKOV_SECONDS = 150.0
BRANCHES = ("defaults", "small", "production", "external", "practice", "everything with operator")

# rule → the objects that it is not kept for, and why
LEFT_OUT = {
    "CKV_K8S_8": (r"Pod/.*-test-.*", "liveness: a test runs once and ends"),
    "CKV_K8S_9": (
        r"Pod/.*-test-.*|Deployment/.*-operator",
        "readiness: nobody sends to a test, and the operator is ready once it has started",
    ),
    "CKV_K8S_11": (r".*", "a CPU limit would throttle a burst that the node has time for; requests share fairly"),
    "CKV_K8S_15": (r".*", "pull policy IfNotPresent: a start must not need the registry; tags are never moved"),
    "CKV_K8S_35": (
        r"(Deployment|Job|CronJob)/.*-(users|shop)(-.*)?",
        "a login's name is no secret; passwords are files",
    ),
    "CKV_K8S_38": (
        r"StatefulSet/.*-postgres|Deployment/.*-operator|Pod/.*-test-practice",
        "Patroni keeps its state in the Kubernetes API; the operator and who asks it for a practice work by it",
    ),
    "CKV_K8S_43": (r".*", "the chart's images are named by their version; `image.digest` is there for who wants it"),
}


def _run(folder: Path) -> dict[str, Any]:
    assert UV is not None, "uv is missing: `make check` installs it"
    words = ["--directory", folder, "--framework", "kubernetes", "--output", "json", "--skip-download", "--compact"]
    done = subprocess.run(
        [UV, "tool", "run", *CHECKOV, *words],
        capture_output=True,
        text=True,
        timeout=CHECKOV_SECONDS,
        check=False,
    )
    assert done.stdout.startswith("{"), done.stderr[-2000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("rendered")
    for name in BRANCHES:
        manifests = rendering.render(rendering.branches()[name])
        for one in manifests:
            one["metadata"]["namespace"] = rendering.NAMESPACE  # as Helm installs them
        (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(manifests))
    return _run(folder)


def _object(check: dict[str, Any]) -> str:
    kind, _, name = check["resource"].split(".", 2)
    return f"{kind}/{name}"


def _left_out(check: dict[str, Any]) -> bool:
    found = LEFT_OUT.get(check["check_id"])
    return found is not None and re.fullmatch(found[0], _object(check)) is not None


def test_every_rule_is_kept_or_left_out_for_a_reason(report: dict[str, Any]) -> None:
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 1000
    broken = sorted(
        {
            f"{check['check_id']} {_object(check)}: {check['check_name']}"
            for check in report["results"]["failed_checks"]
            if not _left_out(check)
        }
    )
    assert not broken, "\n".join(broken)


def test_no_rule_is_left_out_in_vain(report: dict[str, Any]) -> None:
    assert {check["check_id"] for check in report["results"]["failed_checks"]} == LEFT_OUT.keys()


def test_a_broken_rule_would_be_seen(tmp_path: Path) -> None:
    manifest = rendering.of_kind(rendering.render(), "Deployment")["shop-myclothes-cart"]
    manifest["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] = False
    (tmp_path / "broken.yaml").write_text(yaml.safe_dump(manifest))
    assert "CKV_K8S_22" in {check["check_id"] for check in _run(tmp_path)["results"]["failed_checks"]}

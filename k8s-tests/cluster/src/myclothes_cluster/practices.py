"""ZoneShiftPractices in the shop's namespace: the ledger they need, applied, watched, taken away."""

import json
import time
from typing import Any

from myclothes_cluster.release import CHART, Release
from myclothes_cluster.targets import CurrentTarget
from myclothes_rig import shop_images
from myclothes_rig.layout import Layout
from myclothes_rig.waiting import wait_for

LEDGER = "ledger"
KIND = "zoneshiftpractice"
DONE_SECONDS = 420.0
GONE_SECONDS = 120.0


class Practices:
    """The operator's practices in a release's namespace."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._pods = release.pods

    def install(self, test_zone: str) -> None:
        """The operator and the ledger on, with the operator's CRDs, the ledger's image and a zone for `helm test`."""
        target = self._release.target
        if target.name != CurrentTarget.name:
            layout = Layout.from_environment()
            shop_images.build(layout, [LEDGER])
            target.load([shop_images.archive(layout, LEDGER)])
        target.cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CHART / "crds"))
        self._release.upgrade({LEDGER: {"enabled": True}, "operator": {"enabled": True, "testZone": test_zone}})
        self._release.await_ready()

    def remove(self) -> None:
        """All practices gone, their shifts and jobs with them, and the release as the tests share it."""
        self._pods.kubectl("delete", KIND, "--all")
        wait_for("the ledgers to be gone", lambda: not self._pods.all(LEDGER), seconds=GONE_SECONDS)
        self._release.upgrade()
        self._release.await_ready()

    def apply(self, name: str, zone: str, **spec: Any) -> None:
        """Practise a zone now."""
        body = {
            "apiVersion": "myclothes.com/v1alpha1",
            "kind": "ZoneShiftPractice",
            "metadata": {"name": name},
            "spec": {"zones": [zone], **spec},
        }
        self._pods.kubectl("apply", "-f", "-", stdin=json.dumps(body))

    def status(self, name: str) -> dict[str, Any]:
        """A practice's status."""
        found: dict[str, Any] = self._pods.get(KIND, name).get("status", {})
        return found

    def result(self, name: str) -> dict[str, Any]:
        """What the one zone's practice has found."""
        (found,) = self.status(name)["results"]
        return dict(found)

    def await_out(self, name: str, seconds: float = DONE_SECONDS) -> None:
        """Return when nothing depends on the zone any more."""
        self._await(name, "to have its zone out", lambda status: "outSeconds" in status.get("run", {}), seconds)

    def await_phase(self, name: str, phase: str, seconds: float = DONE_SECONDS) -> float:
        """Return, when a practice is in `phase`, the seconds that took."""
        started = time.monotonic()
        self._await(name, f"to be {phase}", lambda status: status.get("phase") == phase, seconds)
        return time.monotonic() - started

    def _await(self, name: str, what: str, is_so: Any, seconds: float) -> None:
        wait_for(
            f"{name} {what}",
            lambda: is_so(self.status(name)),
            seconds=seconds,
            diagnosis=lambda: f"{json.dumps(self.status(name), indent=1)}\n{self.logs()}",
            poll=1.0,
        )

    def logs(self) -> str:
        """What operators and ledgers have logged."""
        texts = (
            self._pods.kubectl("logs", "-l", f"app.kubernetes.io/component={one}", "--tail=40", "--all-containers")
            for one in ("operator", LEDGER)
        )
        return "\n".join(texts)

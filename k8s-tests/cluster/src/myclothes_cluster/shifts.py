"""ZoneShifts in the shop's namespace: applied, watched, taken away, and what they change."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from myclothes_cluster.pods import Pod
from myclothes_cluster.quiet import FETCH
from myclothes_cluster.release import Release
from myclothes_rig.errors import CommandError
from myclothes_rig.waiting import wait_for

OPERATOR = "operator"
"""Its component."""
SERVING = "myclothes.dev/serving"
PHASE_SECONDS = 120.0
REPORT_SECONDS = 10.0
"""A report of survivability is true again this soon after a change."""
REST_SECONDS = 120.0
"""For what an update leaves: pods that end, and new ones whose use is not measured yet."""
LOGS_SECONDS = 10.0
"""For one pod's log: one on a frozen node says nothing."""


class Shifts:
    """The operator's objects in a release's namespace."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._pods = release.pods

    def await_calm(self) -> None:
        """Return when the shop is whole, no pod is about to end, the load is known, and any zone could be lost."""
        self._release.await_ready()
        wait_for("no pod to be about to end", lambda: not self._ending(), seconds=REST_SECONDS, poll=1.0)
        wait_for("the load to be measured", self._measured, seconds=REST_SECONDS, poll=1.0)
        self.await_reports()

    def _ending(self) -> bool:
        return any("deletionTimestamp" in item["metadata"] for item in self._pods.get("pods")["items"])

    def _measured(self) -> bool:
        """Whether every autoscaler knows what its pods use; a shift adds pods for a load that is not known."""
        return all(
            any("averageUtilization" in one.get("resource", {}).get("current", {}) for one in measured)
            for item in self._pods.get("hpa")["items"]
            for measured in [item["status"].get("currentMetrics") or ()]
        )

    def await_reports(self, seconds: float = PHASE_SECONDS) -> float:
        """Return, when there is a report for every zone that says that it could be lost, the seconds that took."""
        started = time.monotonic()
        zones = set(self._pods.zones().values())

        def all_say() -> bool:
            reports = self.reports()
            return reports.keys() == zones and all(one["survivable"] == "Yes" for one in reports.values())

        wait_for(
            "reports of all zones that say Yes",
            all_say,
            seconds=seconds,
            diagnosis=lambda: f"{json.dumps(self.reports(), indent=1)}\n{self.logs()}",
        )
        return time.monotonic() - started

    def await_reported(self, zone: str, codes: set[str], seconds: float) -> float:
        """Return, when a zone's report has found all that, the seconds that took."""
        started = time.monotonic()
        wait_for(
            f"the report of {zone} to name {', '.join(sorted(codes))}",
            lambda: codes <= {one["code"] for one in self.reports()[zone]["findings"]},
            seconds=seconds,
            diagnosis=lambda: json.dumps(self.reports(), indent=1),
        )
        return time.monotonic() - started

    @contextmanager
    def without_operator(self) -> Iterator[None]:
        """No operator runs, and then as many as before."""
        name = f"{self._release.fullname}-operator"
        count = self._pods.get("deployment", name)["spec"]["replicas"]
        self._scale(name, 0)
        try:
            yield
        finally:
            self._scale(name, count)

    def _scale(self, name: str, count: int) -> None:
        self._pods.kubectl("scale", "deployment", name, f"--replicas={count}")
        wait_for(
            f"{count} operators",
            lambda: len(self._pods.all(OPERATOR)) == len(self.operators()) == count,
            seconds=PHASE_SECONDS,
        )

    def operators(self) -> list[Pod]:
        """The operators that are Ready."""
        return self._pods.serving(OPERATOR)

    def apply(self, name: str, zone: str, *, expires: str = "1h") -> None:
        """Ask for a shift of `zone`."""
        spec = {"zone": zone, "expiresAfter": expires, "reason": "a test"}
        self._pods.kubectl("apply", "-f", "-", stdin=_document(name, spec))

    def change(self, name: str, **spec: Any) -> None:
        """Change fields of a shift's spec, which has one that was refused judged anew."""
        self._pods.kubectl("patch", "zoneshift", name, "--type=merge", "-p", json.dumps({"spec": spec}))

    def try_out(self, spec: Mapping[str, Any]) -> None:
        """Have the API server look at a shift without making it. Raises CommandError when it refuses."""
        self._pods.kubectl("create", "--dry-run=server", "-f", "-", stdin=_document("tried", spec))

    def codes(self, name: str) -> list[str]:
        """The findings in a shift's status, by their codes, each once."""
        return sorted({one["code"] for one in self.status(name).get("findings", ())})

    def delete(self, name: str) -> None:
        """Take a shift away, which restores."""
        self._pods.kubectl("delete", "zoneshift", name)

    def status(self, name: str) -> dict[str, Any]:
        """A shift's status."""
        found: dict[str, Any] = self._pods.get("zoneshift", name).get("status", {})
        return found

    def condition(self, name: str, kind: str) -> dict[str, Any]:
        """One of its conditions; empty when it has none of that type."""
        conditions = self.status(name).get("conditions", ())
        return next((one for one in conditions if one["type"] == kind), {})

    def await_phase(self, name: str, phase: str, seconds: float = PHASE_SECONDS) -> float:
        """Return, when a shift is in `phase`, the seconds that took."""
        started = time.monotonic()
        wait_for(
            f"{name} to be {phase}",
            lambda: self.status(name).get("phase") == phase,
            seconds=seconds,
            diagnosis=lambda: f"{json.dumps(self.status(name), indent=1)}\n{self.logs()}",
        )
        return time.monotonic() - started

    def await_restored(self, seconds: float = PHASE_SECONDS) -> float:
        """Return, when nothing carries a mark of a shift any more, the seconds that took."""
        started = time.monotonic()
        wait_for(
            "every mark to be gone", lambda: not self.marked(), seconds=seconds, diagnosis=lambda: str(self.marked())
        )
        return time.monotonic() - started

    def marked(self) -> list[str]:
        """What carries a mark of a shift."""
        items = self._pods.get("pods,horizontalpodautoscalers")["items"]
        return [
            item["metadata"]["name"]
            for item in items
            if "myclothes.com/zone-shift" in item["metadata"].get("annotations", {})
        ]

    def serving_in(self, zone: str) -> list[str]:
        """Pods in a zone that Services may select."""
        zones = self._pods.zones()
        return [pod.name for pod in self._pods.all() if zones.get(pod.node) == zone and SERVING in pod.labels]

    def reports(self) -> dict[str, dict[str, Any]]:
        """Each zone's report."""
        items = self._pods.get("zonereports")["items"]
        return {item["metadata"]["name"]: item["status"] for item in items if "status" in item}

    def holder(self) -> str:
        """The operator that acts."""
        lease = self._pods.get("lease", f"{self._release.fullname}-operator")
        return str(lease["spec"].get("holderIdentity", ""))

    def page(self, operator: Pod, name: str) -> str:
        """A page of an operator's metrics port."""
        return self._pods.run(operator.name, "python", "-c", FETCH.format(9084, name))

    def logs(self) -> str:
        """What the operators have logged; or, of one whose node does not answer, that."""
        return "\n".join(self._log(pod) for pod in self._pods.all(OPERATOR))

    def _log(self, operator: Pod) -> str:
        try:
            return self._pods.kubectl("logs", operator.name, "--tail=60", "--prefix", seconds=LOGS_SECONDS)
        except CommandError as error:
            return f"{operator.name}: {error}"


def _document(name: str, spec: Mapping[str, Any]) -> str:
    return json.dumps(
        {"apiVersion": "myclothes.com/v1alpha1", "kind": "ZoneShift", "metadata": {"name": name}, "spec": spec}
    )

"""The Kubernetes API as far as practice needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_operator.documents import GROUP, VERSION
from myclothes_operator.kube import Kube
from myclothes_operator.practice import documents
from myclothes_operator.practice.documents import RUN

if TYPE_CHECKING:
    from kubernetes_asyncio.client import ApiClient

    from myclothes_operator.practice.model import Job, Practice, PracticeStatus, Run


class PracticeKube(Kube):
    """One namespace; `ledger` names the chart's CronJob of the ledger, empty: there is none."""

    def __init__(self, api: ApiClient, namespace: str, selector: str, ledger: str) -> None:
        super().__init__(api, namespace, selector)
        self.ledger = ledger
        jobs = f"/apis/batch/v1/namespaces/{namespace}"
        self._jobs, self._ledger = f"{jobs}/jobs", f"{jobs}/cronjobs/{ledger}"
        self._practices = f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/zoneshiftpractices"

    async def practices(self) -> tuple[tuple[Practice, ...], tuple[Job, ...]]:
        """All practices, and the ledger's jobs of their runs; none while the CRD is not there. Raises FailedError."""
        found = await self._call("GET", self._practices, or_none=True)
        if found is None or not found["items"]:
            return (), ()
        pods = await self._call("GET", self._pods, query=[("labelSelector", RUN)])
        return (
            tuple(documents.practice(one) for one in found["items"]),
            tuple(documents.job(one) for one in (pods or {"items": ()})["items"]),
        )

    async def set_practice_status(self, name: str, version: str, status: PracticeStatus) -> None:
        """Write a practice's status; raises RefusedError when the practice is of another version, FailedError."""
        body = {"metadata": {"resourceVersion": version}, "status": documents.status(status)}
        await self._patch(f"{self._practices}/{name}/status", body)

    async def start_job(self, practice: Practice, run: Run, seconds: float) -> None:
        """Make a run's job; raises RefusedError when it is there, FailedError."""
        form = await self._call("GET", self._ledger)
        await self._call("POST", self._jobs, documents.new_job(form or {}, practice, run, seconds))

    async def start_shift(self, practice: Practice, run: Run, seconds: float) -> None:
        """Make a run's shift; raises as `start_job`."""
        await self._call("POST", self._shifts, documents.new_shift(practice, run, seconds))

    async def end_shift(self, shift: str, uid: str) -> None:
        """Take a shift away; raises RefusedError when it is another by now, FailedError."""
        await self._call("DELETE", f"{self._shifts}/{shift}", {"preconditions": {"uid": uid}})

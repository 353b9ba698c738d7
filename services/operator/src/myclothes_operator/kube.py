"""The Kubernetes API: one look at everything, and changes that hold only for the version that was seen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from kubernetes_asyncio.client import ApiClient, ApiException

from myclothes_operator import documents
from myclothes_operator.documents import GROUP, MINIMUM_BEFORE, MINIMUM_DURING, SERVING, SHIFT, VERSION, Document
from myclothes_operator.errors import FailedError, RefusedError
from myclothes_operator.model import Mark, Report, World
from myclothes_operator.quantities import stamp

if TYPE_CHECKING:
    from myclothes_operator.model import Finding, Shift, Status

CALL_SECONDS = 5.0
CONFLICT, NOT_FOUND = 409, 404
COMPONENT_NAME = "myclothes-operator"


@dataclass(frozen=True)
class Seen:
    """The world, less its stores, and the reports that there are."""

    world: World
    reports: tuple[Report, ...]


class Kube:
    """One namespace, as far as the operator's Role lets it."""

    def __init__(self, api: ApiClient, namespace: str, selector: str) -> None:
        self._api = api
        self._namespace = namespace
        self._selector = selector
        core, apps = f"/api/v1/namespaces/{namespace}", f"/apis/apps/v1/namespaces/{namespace}"
        self._pods = f"{core}/pods"
        self._events = f"{core}/events"
        self._deployments, self._sets = f"{apps}/deployments", f"{apps}/statefulsets"
        self._scalers = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"
        self._claims = f"{core}/persistentvolumeclaims"
        self._volumes: dict[str, Document] = {}
        self._budgets = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
        self._shifts = f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/zoneshifts"
        self._leases = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._reports = f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/zonereports"

    async def observe(self) -> Seen:
        """Everything but the stores; raises FailedError."""
        nodes, pods, scalers, deployments, sets, budgets, shifts, reports, claims = await asyncio.gather(
            self._list("/api/v1/nodes", selected=False),
            self._list(self._pods),
            self._list(self._scalers),
            self._list(self._deployments),
            self._list(self._sets),
            self._list(self._budgets),
            self._list(self._shifts, selected=False),
            self._list(self._reports, selected=False),
            self._list(self._claims),
        )
        volumes = await asyncio.gather(*(self._volume(one["spec"].get("volumeName")) for one in claims))
        pods = [one for one in pods if documents.is_running(one)]
        zones = {one["metadata"]["name"]: one["metadata"].get("labels", {}).get(documents.ZONE) for one in nodes}
        used: dict[str, tuple[float, float]] = {}
        for one in pods:
            name, (cpu, memory) = one["spec"].get("nodeName", ""), documents.requests(one["spec"])
            before = used.get(name, (0.0, 0.0))
            used[name] = (before[0] + cpu, before[1] + memory)
        asked = {
            one["metadata"]["labels"][documents.COMPONENT]: documents.requests(one["spec"]["template"]["spec"])
            for one in deployments
        }
        world = World(
            shifts=tuple(documents.shift(one) for one in shifts),
            pods=tuple(documents.pod(one, zones) for one in pods),
            autoscalers=tuple(documents.autoscaler(one, asked) for one in scalers),
            workloads=tuple(documents.workload(one) for one in (*deployments, *sets)),
            budgets=tuple(documents.budget(one) for one in budgets),
            nodes=tuple(
                documents.node(one, used.get(one["metadata"]["name"], (0.0, 0.0)))
                for one in nodes
                if zones[one["metadata"]["name"]]
            ),
            claims=tuple(
                documents.claim(one, volume, nodes, pods) for one, volume in zip(claims, volumes, strict=True)
            ),
        )
        return Seen(world, tuple(documents.report(one) for one in reports))

    async def set_status(self, name: str, version: str, status: Status) -> None:
        """Write a ZoneShift's status; raises RefusedError when the shift is of another version, FailedError."""
        body = {"metadata": {"resourceVersion": version}, "status": documents.status(status)}
        await self._patch(f"{self._shifts}/{name}/status", body)

    async def set_serving(self, pod: str, version: str, shift: str | None) -> None:
        """Take a pod out of the Services for `shift`, or put it back (None); raises as `set_status`."""
        body = {
            "metadata": {
                "resourceVersion": version,
                "labels": {SERVING: "true" if shift is None else None},
                "annotations": {SHIFT: shift},
            }
        }
        await self._patch(f"{self._pods}/{pod}", body)

    async def set_minimum(self, autoscaler: str, version: str, minimum: int | None, mark: Mark | None) -> None:
        """Set an autoscaler's minimum (None: leave it) and mark; raises as `set_status`."""
        notes = {
            SHIFT: mark.shift if mark is not None else None,
            MINIMUM_BEFORE: str(mark.before) if mark is not None else None,
            MINIMUM_DURING: str(mark.during) if mark is not None else None,
        }
        body: Document = {"metadata": {"resourceVersion": version, "annotations": notes}}
        if minimum is not None:
            body["spec"] = {"minReplicas": minimum}
        await self._patch(f"{self._scalers}/{autoscaler}", body)

    async def write_report(self, old: Report | None, zone: str, findings: tuple[Finding, ...], now: float) -> None:
        """Bring a zone's ZoneReport up to date; raises as `set_status`."""
        if old is None:
            body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "ZoneReport", "metadata": {"name": zone}}
            await self._call("POST", self._reports, body)
        status = documents.report_status(findings, now)
        if old is not None and old.survivable == status["survivable"]:
            del status["since"]
        meta = {"resourceVersion": old.version} if old is not None else {}
        await self._patch(f"{self._reports}/{zone}/status", {"metadata": meta, "status": status})

    async def drop_report(self, zone: str) -> None:
        """Remove the ZoneReport of a zone that is no more; raises as `set_status`."""
        await self._call("DELETE", f"{self._reports}/{zone}")

    async def tell(self, shift: Shift, reason: str, message: str, *, warning: bool, now: float) -> None:
        """Leave an event on a ZoneShift; raises FailedError."""
        at = stamp(now)
        body = {
            "metadata": {"generateName": f"{shift.name}.", "namespace": self._namespace},
            "involvedObject": {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": "ZoneShift",
                "namespace": self._namespace,
                "name": shift.name,
                "uid": shift.uid,
            },
            "reason": reason,
            "message": message[:1000],
            "type": "Warning" if warning else "Normal",
            "source": {"component": COMPONENT_NAME},
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
        }
        await self._call("POST", self._events, body)

    async def lease(self, name: str) -> Document | None:
        """A Lease, None when there is none; raises FailedError."""
        return await self._call("GET", f"{self._leases}/{name}", or_none=True)

    async def create_lease(self, name: str, spec: Document) -> None:
        """Make a Lease; raises RefusedError when another was faster, FailedError."""
        body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}, "spec": spec}
        await self._call("POST", self._leases, body)

    async def write_lease(self, name: str, version: str, spec: Document) -> None:
        """Change a Lease; raises as `set_status`."""
        await self._patch(f"{self._leases}/{name}", {"metadata": {"resourceVersion": version}, "spec": spec})

    async def _volume(self, name: str | None) -> Document | None:
        """What a claim is bound to. Where a volume can be used is settled when it is made, so it is asked for once."""
        if name is not None and name not in self._volumes:
            found = await self._call("GET", f"/api/v1/persistentvolumes/{name}", or_none=True)
            if found is None:
                return None
            self._volumes[name] = found
        return self._volumes.get(name or "")

    async def _list(self, path: str, *, selected: bool = True) -> list[Document]:
        query = [("labelSelector", self._selector)] if selected else []
        found = await self._call("GET", path, query=query)
        items: list[Document] = found["items"] if found is not None else []
        return items

    async def _patch(self, path: str, body: Document) -> None:
        await self._call("PATCH", path, body)

    async def _call(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        query: list[tuple[str, str]] | None = None,
        *,
        or_none: bool = False,
    ) -> Document | None:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        try:
            answer: Any = await self._api.call_api(
                path,
                method,
                query_params=query or [],
                header_params={"Accept": "application/json", "Content-Type": kind},
                body=body,
                response_types_map={200: "object", 201: "object", 202: "object"},
                auth_settings=["BearerToken"],
                _return_http_data_only=True,
                _request_timeout=CALL_SECONDS,
            )
        except ApiException as error:
            text = f"{method} {path}: {error.status} {error.reason}"
            if or_none and error.status == NOT_FOUND:
                return None
            if error.status in {CONFLICT, NOT_FOUND} and method != "GET":
                raise RefusedError(text) from error
            raise FailedError(text) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise FailedError(f"{method} {path}: {error or type(error).__name__}") from error
        found: Document = answer or {}
        return found

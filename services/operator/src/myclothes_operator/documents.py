"""Kubernetes' documents to plain data and back. No I/O."""

from __future__ import annotations

import math
from typing import Any

from myclothes_operator.model import (
    Autoscaler,
    Budget,
    Claim,
    Condition,
    Finding,
    Mark,
    Node,
    Pod,
    Report,
    Shift,
    Status,
    Workload,
)
from myclothes_operator.quantities import duration, moment, quantity, stamp

Document = dict[str, Any]

GROUP, VERSION = "myclothes.com", "v1alpha1"
SERVING = "myclothes.dev/serving"
COMPONENT = "app.kubernetes.io/component"
ZONE = "topology.kubernetes.io/zone"
SHIFT = f"{GROUP}/zone-shift"
MINIMUM_BEFORE = f"{GROUP}/min-replicas-before"
MINIMUM_DURING = f"{GROUP}/min-replicas-during"
"""Annotations of what a shift has changed: whose it is, and an autoscaler's minimum before and since."""
_ENDED = {"Succeeded", "Failed"}


def _component(document: Document) -> str:
    return str(document["metadata"].get("labels", {}).get(COMPONENT, ""))


def _condition(document: Document, kind: str) -> bool:
    conditions = document.get("status", {}).get("conditions", ())
    return any(one["type"] == kind and one["status"] == "True" for one in conditions)


def is_running(pod: Document) -> bool:
    """Neither a job's pod that has ended nor one that has failed."""
    return pod.get("status", {}).get("phase") not in _ENDED


def pod(document: Document, zones: dict[str, str]) -> Pod:
    """A Pod; `zones` gives each node's."""
    meta = document["metadata"]
    return Pod(
        name=meta["name"],
        component=_component(document),
        zone=zones.get(document["spec"].get("nodeName", "")),
        version=meta["resourceVersion"],
        ready=_condition(document, "Ready"),
        serving=meta.get("labels", {}).get(SERVING) == "true",
        shift=meta.get("annotations", {}).get(SHIFT),
        ending="deletionTimestamp" in meta,
    )


def requests(pod_spec: Document) -> tuple[float, float]:
    """Cores and bytes that a pod asks for."""
    asked = [one.get("resources", {}).get("requests", {}) for one in pod_spec["containers"]]
    return sum(quantity(one.get("cpu", 0)) for one in asked), sum(quantity(one.get("memory", 0)) for one in asked)


def autoscaler(document: Document, asked: dict[str, tuple[float, float]]) -> Autoscaler:
    """A HorizontalPodAutoscaler; `asked` gives what a pod of each component requests."""
    meta, spec = document["metadata"], document["spec"]
    notes = meta.get("annotations", {})
    mark = None
    if SHIFT in notes:
        minimum = str(spec.get("minReplicas", 1))
        before = int(notes.get(MINIMUM_BEFORE, minimum))
        mark = Mark(notes[SHIFT], before, int(notes.get(MINIMUM_DURING, minimum)))
    cpu, memory = asked.get(_component(document), (0.0, 0.0))
    return Autoscaler(
        name=meta["name"],
        component=_component(document),
        version=meta["resourceVersion"],
        minimum=int(spec.get("minReplicas", 1)),
        maximum=int(spec["maxReplicas"]),
        needed=_needed(document),
        mark=mark,
        cpu=cpu,
        memory=memory,
    )


def _needed(document: Document) -> int | None:
    """Pods that the measured load asks for: what all use together, over what one is meant to use."""
    status = document.get("status", {})
    aims = [one.get("resource", {}).get("target", {}).get("averageUtilization") for one in document["spec"]["metrics"]]
    uses = [
        one.get("resource", {}).get("current", {}).get("averageUtilization")
        for one in status.get("currentMetrics") or ()
    ]
    if not aims or not uses or not aims[0] or uses[0] is None:
        return None
    return math.ceil(int(status.get("currentReplicas", 0)) * int(uses[0]) / int(aims[0]))


def workload(document: Document) -> Workload:
    """A Deployment or StatefulSet."""
    status, spec = document.get("status", {}), document["spec"]
    stale = status.get("observedGeneration", 0) < document["metadata"]["generation"]
    behind = status.get("updatedReplicas", 0) < min(spec.get("replicas", 1), status.get("replicas", 0))
    # a set whose pods are all new keeps its two revisions apart until the last of them is ready
    return Workload(_component(document), updating=stale or behind)


def budget(document: Document) -> Budget:
    """A PodDisruptionBudget."""
    status = document.get("status", {})
    return Budget(_component(document), int(status.get("currentHealthy", 0)), int(status.get("desiredHealthy", 0)))


def claim(document: Document, volume: Document | None, nodes: list[Document], pods: list[Document]) -> Claim:
    """A PersistentVolumeClaim; `volume` is what it is bound to, None while it is not."""
    name = document["metadata"]["name"]
    users = (one["metadata"]["name"] for one in pods if name in _claims(one["spec"]))
    reach = [one["metadata"]["name"] for one in nodes if volume is not None and _reaches(volume, one)]
    return Claim(name, _component(document), next(users, None), tuple(reach))


def _claims(pod_spec: Document) -> list[str]:
    """The names of the claims that a pod uses."""
    sources = (one.get("persistentVolumeClaim") for one in pod_spec.get("volumes", ()))
    return [one["claimName"] for one in sources if one is not None]


def _reaches(volume: Document, node: Document) -> bool:
    """Whether a node's labels are among those that a volume asks for; one that asks for none is reached by all."""
    terms = volume["spec"].get("nodeAffinity", {}).get("required", {}).get("nodeSelectorTerms")
    labels = node["metadata"].get("labels", {})
    return terms is None or any(all(_is_met(one, labels) for one in term.get("matchExpressions", ())) for term in terms)


def _is_met(expression: Document, labels: dict[str, str]) -> bool:
    here, values = labels.get(expression["key"]), expression.get("values", ())
    match expression["operator"]:
        case "In":
            return here in values
        case "NotIn":
            return here not in values
        case "Exists":
            return here is not None
        case "DoesNotExist":
            return here is None
        case _:
            # Gt and Lt compare numbers, which no zone is
            return False


def node(document: Document, used: tuple[float, float]) -> Node:
    """A Node; `used` is what this namespace's pods on it ask for."""
    free = document.get("status", {}).get("allocatable", {})
    return Node(
        name=document["metadata"]["name"],
        zone=document["metadata"].get("labels", {}).get(ZONE, ""),
        ready=_condition(document, "Ready"),
        cordoned=document["spec"].get("unschedulable", False),
        cpu=quantity(free.get("cpu", 0)) - used[0],
        memory=quantity(free.get("memory", 0)) - used[1],
    )


def shift(document: Document) -> Shift:
    """A ZoneShift."""
    meta, spec, status = document["metadata"], document["spec"], document.get("status", {})
    conditions = {
        one["type"]: Condition(one["status"], one["reason"], one["message"], moment(one["lastTransitionTime"]))
        for one in status.get("conditions", ())
    }
    return Shift(
        name=meta["name"],
        uid=meta["uid"],
        version=meta["resourceVersion"],
        generation=meta["generation"],
        zone=spec["zone"],
        created=moment(meta["creationTimestamp"]),
        duration=duration(spec["expiresAfter"]),
        force=frozenset(spec.get("force", ())),
        practice=spec.get("practice", False),
        ending="deletionTimestamp" in meta,
        status=Status(
            phase=status.get("phase", ""),
            generation=status.get("observedGeneration", 0),
            accepted=moment(status["acceptedAt"]) if "acceptedAt" in status else None,
            expires=moment(status["expiresAt"]) if "expiresAt" in status else None,
            cart_primary=status.get("cartPrimary", ""),
            user_primary=status.get("userPrimary", ""),
            findings=_findings(status),
            conditions=tuple(sorted(conditions.items())),
        ),
    )


def status(of: Status) -> Document:
    """A ZoneShift's status; None takes a field away."""
    return {
        "phase": of.phase,
        "observedGeneration": of.generation,
        "acceptedAt": stamp(of.accepted) if of.accepted is not None else None,
        "expiresAt": stamp(of.expires) if of.expires is not None else None,
        "cartPrimary": of.cart_primary,
        "userPrimary": of.user_primary,
        "findings": [vars(one) for one in of.findings],
        "conditions": [
            {
                "type": name,
                "status": one.status,
                "reason": one.reason,
                "message": one.message,
                "lastTransitionTime": stamp(one.since),
                "observedGeneration": of.generation,
            }
            for name, one in of.conditions
        ],
    }


def report(document: Document) -> Report:
    """A ZoneReport."""
    found = document.get("status", {})
    return Report(
        zone=document["metadata"]["name"],
        version=document["metadata"]["resourceVersion"],
        survivable=found.get("survivable", ""),
        findings=_findings(found),
        checked=moment(found["checkedAt"]) if "checkedAt" in found else None,
    )


def report_status(findings: tuple[Finding, ...], now: float) -> Document:
    """A ZoneReport's status."""
    return {
        "survivable": survivable(findings),
        "reason": "; ".join(one.message for one in findings),
        "findings": [vars(one) for one in findings],
        "since": stamp(now),
        "checkedAt": stamp(now),
    }


def survivable(findings: tuple[Finding, ...]) -> str:
    """Whether a zone could be lost, as it is printed."""
    return "No" if findings else "Yes"


def _findings(status: Document) -> tuple[Finding, ...]:
    return tuple(Finding(one["code"], one["message"], one["mend"]) for one in status.get("findings", ()))

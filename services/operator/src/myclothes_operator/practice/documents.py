"""A practice's documents to plain data and back. No I/O."""

from __future__ import annotations

import copy
import json
from typing import Any

from myclothes_operator.documents import GROUP, VERSION, ZONE, Document
from myclothes_operator.practice.model import Job, Practice, PracticeStatus, Result, Run, Summary, Window
from myclothes_operator.quantities import duration, moment, stamp

RUN = f"{GROUP}/practice-run"
"""Label of the pod of a run's job: the run's name."""
SHOPPERS, JUDGE = "shoppers", "verdict"
"""The containers of the ledger's pod."""
OVERTIME_SECONDS = 600
"""How much longer than its shoppers a job may take, for its pod's start and the verdict."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ENDED = {"Succeeded", "Failed"}


def practice(document: Document) -> Practice:
    """A ZoneShiftPractice."""
    meta, spec, status = document["metadata"], document["spec"], document.get("status", {})
    return Practice(
        name=meta["name"],
        uid=meta["uid"],
        version=meta["resourceVersion"],
        generation=meta["generation"],
        created=moment(meta["creationTimestamp"]),
        window=_window(spec["window"]) if "window" in spec else None,
        zones=tuple(spec.get("zones", ())),
        shift_seconds=duration(spec["shiftFor"]),
        budget=float(spec["errorBudgetPercent"]),
        suspended=spec["suspend"],
        ending="deletionTimestamp" in meta,
        status=PracticeStatus(
            phase=status.get("phase", ""),
            message=status.get("message", ""),
            generation=status.get("observedGeneration", 0),
            run=_run(status["run"]) if "run" in status else None,
            results=tuple(_result(one) for one in status.get("results", ())),
        ),
    )


def _window(spec: Document) -> Window:
    days = frozenset(_DAYS.index(day) for day in spec["days"])
    return Window(days, _minutes(spec["from"]), _minutes(spec["until"]), spec["timeZone"])


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _run(status: Document) -> Run:
    return Run(
        name=status["name"],
        zone=status["zone"],
        began=moment(status["beganAt"]),
        stage=status["stage"],
        shift=status.get("shift", ""),
        out=status.get("outSeconds"),
        verdict=status.get("verdict"),
        reason=status.get("reason", ""),
    )


def _result(status: Document) -> Result:
    found = None
    if "requests" in status:
        found = Summary(
            violations=status["lost"],
            undecided=status["undecided"],
            requests=status["requests"],
            failed=status["failed"],
            acknowledged=status["acknowledgedWrites"],
            gap=status.get("gapSeconds"),
        )
    return Result(
        zone=status["zone"],
        began=moment(status["beganAt"]),
        job=status["job"],
        verdict=status["verdict"],
        reason=status["reason"],
        out=status.get("outSeconds"),
        summary=found,
    )


def status(of: PracticeStatus) -> Document:
    """A ZoneShiftPractice's status; None takes a field away."""
    run: Document | None = None
    if of.run is not None:
        run = {
            "name": of.run.name,
            "zone": of.run.zone,
            "beganAt": stamp(of.run.began),
            "stage": of.run.stage,
            "shift": of.run.shift,
            "outSeconds": of.run.out,
            "verdict": of.run.verdict,
            "reason": of.run.reason,
        }
    return {
        "phase": of.phase,
        "message": of.message,
        "observedGeneration": of.generation,
        "verdicts": ", ".join(f"{one.zone} {one.verdict}" for one in of.results),
        "run": run,
        "results": [_given(_result_status(one)) for one in of.results],
    }


def _result_status(of: Result) -> Document:
    found: Document = {
        "zone": of.zone,
        "beganAt": stamp(of.began),
        "job": of.job,
        "verdict": of.verdict,
        "reason": of.reason,
        "outSeconds": of.out,
    }
    if of.summary is not None:
        found |= {
            "gapSeconds": of.summary.gap,
            "requests": of.summary.requests,
            "failed": of.summary.failed,
            "acknowledgedWrites": of.summary.acknowledged,
            "lost": of.summary.violations,
            "undecided": of.summary.undecided,
        }
    return found


def _given(fields: Document) -> Document:
    # in a list a merge patch takes nothing away: None would stay, and be refused
    return {name: value for name, value in fields.items() if value is not None}


def job(pod: Document) -> Job:
    """The ledger's job of a run, by its pod."""
    states = {one["name"]: one.get("state", {}) for one in pod.get("status", {}).get("containerStatuses", ())}
    shopped, judged = (states.get(name, {}).get("terminated") for name in (SHOPPERS, JUDGE))
    running = states.get(SHOPPERS, {}).get("running") or shopped
    began = running.get("startedAt") if running is not None else None
    return Job(
        run=pod["metadata"]["labels"][RUN],
        shopping=moment(began) if began is not None else None,
        shopped=shopped["exitCode"] if shopped is not None else None,
        judged=judged["exitCode"] if judged is not None else None,
        summary=_summary(judged.get("message", "")) if judged is not None else None,
        ended=pod.get("status", {}).get("phase") in _ENDED,
    )


def _summary(text: str) -> Summary | None:
    """What the ledger's check has left as its container's last words; None: nothing that can be read."""
    try:
        found: dict[str, Any] = json.loads(text)
        return Summary(
            violations=int(found["violations"]),
            undecided=int(found["undecided"]),
            requests=int(found["requests"]),
            failed=int(found["failed"]),
            acknowledged=int(found["acknowledged_writes"]),
            gap=found["gaps_s"].get("cart_writes"),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def new_job(cron_job: Document, practice: Practice, run: Run, seconds: float) -> Document:
    """The ledger's job of a run, after the form that the chart's CronJob holds; its pod is in the zone if it can be.

    There it feels what the zone's shoppers feel: Services prefer pods of the client's zone.
    """
    spec = copy.deepcopy(cron_job["spec"]["jobTemplate"]["spec"])
    pod = spec["template"]
    given = {
        "LEDGER_SECONDS": f"{seconds:.0f}",
        "LEDGER_WAIT_SECONDS": f"{seconds + OVERTIME_SECONDS / 2:.0f}",
        "LEDGER_ERROR_BUDGET": f"{practice.budget:g}",
    }
    for container in pod["spec"]["containers"]:
        for variable in container["env"]:
            variable["value"] = given.get(variable["name"], variable.get("value"))
    here = {"matchExpressions": [{"key": ZONE, "operator": "In", "values": [run.zone]}]}
    preferred = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": here}]}
    pod["spec"]["affinity"] = {"nodeAffinity": preferred}
    pod["metadata"]["labels"][RUN] = run.name
    spec["activeDeadlineSeconds"] = round(seconds) + OVERTIME_SECONDS
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        # without a label of its own it would get its pod's, and count as a part of the release
        "metadata": {"name": run.name, "labels": {RUN: run.name}, "ownerReferences": [_owner(practice)]},
        "spec": spec,
    }


def new_shift(practice: Practice, run: Run, seconds: float) -> Document:
    """The shift of a run; should nobody end it, it does so itself after `seconds`."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "ZoneShift",
        "metadata": {"name": run.name, "ownerReferences": [_owner(practice)]},
        "spec": {
            "zone": run.zone,
            "expiresAfter": f"{seconds:.0f}s",
            "reason": f"practice {practice.name}",
            "practice": True,
        },
    }


def _owner(practice: Practice) -> Document:
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "ZoneShiftPractice",
        "name": practice.name,
        "uid": practice.uid,
    }

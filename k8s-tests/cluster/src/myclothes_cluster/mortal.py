"""An operator that dies after each of its steps, in a pod like the chart's own: same labels, rights and passwords."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from myclothes_cluster.release import Release
from myclothes_cluster.shifts import Shifts
from myclothes_rig.waiting import wait_for

POD = "mortal-operator"
MOST_LIVES = 80
"""Far more than a shift and its restoring have steps."""
LIFE_SECONDS = 40.0
"""Of one life: to start, to wait for the Lease, and to do one step."""
STARTED_SECONDS = 60.0
ASK_SECONDS = 10.0
"""For kubectl itself."""
_DEATH = """
import os, signal
from myclothes_operator import __main__
from myclothes_operator.executor import Executor
def die():
    os.kill(os.getpid(), signal.SIGKILL)
"""
AFTER_ONE = f"""{_DEATH}
perform = Executor.perform
async def one_step(self, actions, seen):
    done = await perform(self, actions[:1], seen)
    await self.close()
    if actions:
        die()
    return done
Executor.perform = one_step
__main__.main()
"""
"""It does the first step that a look leads to, and no other."""
IN_MID_FLIGHT = f"""{_DEATH}
step = Executor._do
async def last_step(self, *words):
    await step(self, *words)
    die()
Executor._do = last_step
__main__.main()
"""
"""It dies when the first of a look's steps has ended: the others are done, on their way, or not begun."""
LIFE = f'timeout -s KILL {LIFE_SECONDS:g} python -u -c "$1"; true'
"""What a shell in its pod runs: its death is no failure, and no move in progress puts it off."""


class Mortal:
    """The only operator there is, life after life."""

    def __init__(self, release: Release, program: str) -> None:
        self._pods = release.pods
        self._program = program
        self.steps: list[tuple[str, str]] = []
        """What each life ended with, or brought to its end just before: actions and their outcomes."""

    def live(self, until: Callable[[], bool]) -> None:
        """Live and die until the cluster is as it is to be. Raises AssertionError when it never is."""
        program = ("exec", POD, "--", "sh", "-c", LIFE, "sh", self._program)
        for _ in range(MOST_LIVES):
            if until():
                return
            said = self._pods.kubectl(*program, seconds=LIFE_SECONDS + ASK_SECONDS)
            lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
            self.steps += [(line["action"], line["outcome"]) for line in lines if line.get("event") == "step"]
        raise AssertionError(f"not after {MOST_LIVES} lives: {self.steps}")


@contextmanager
def mortal(release: Release, shifts: Shifts, program: str) -> Iterator[Mortal]:
    """One that runs `program`; no other runs meanwhile."""
    template = release.pods.get("deployment", f"{release.fullname}-operator")["spec"]["template"]
    spec = template["spec"]
    spec["containers"][0] |= {"command": ["sleep", "3600"]}
    spec["terminationGracePeriodSeconds"] = 0
    for probe in ("startupProbe", "livenessProbe"):
        spec["containers"][0].pop(probe)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": POD, "labels": template["metadata"]["labels"]},
        "spec": spec,
    }
    with shifts.without_operator():
        release.pods.kubectl("apply", "-f", "-", stdin=json.dumps(pod))
        try:
            wait_for("its pod", lambda: POD in {one.name for one in shifts.operators()}, seconds=STARTED_SECONDS)
            yield Mortal(release, program)
        finally:
            release.pods.kubectl("delete", "pod", POD, "--ignore-not-found")

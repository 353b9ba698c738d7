"""What an operator does by day, under load: scale, upgrade, roll back, drain, rotate. No shopper may notice.

A request failed when it was answered with a 5xx, not at all, or after more than 5 s.
"""

import asyncio
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Self

import aiohttp
import pytest
import yaml

from myclothes_cluster import Release, papers
from myclothes_cluster.crowd import Crowd, record
from myclothes_cluster.faults import await_in_step
from myclothes_cluster.release import CHART, COMPONENTS, THREE_ZONES
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.timeout(1200)]

SHOPPER_SECONDS = 5.0
"""A later answer is a failed request."""
BLOCK_SECONDS = 600.0
LOOK_SECONDS = 1.0
SCALED_SECONDS = 180.0
SCALED_BACK_SECONDS = 360.0
STORM_RATE = 50.0
"""Requests a second at its beginning ..."""
STORM_RISE = 0.5
"""... and how many more each second, until there are enough gateways: what one costs is the machine's business."""


@pytest.fixture
def names(release: Release) -> dict[str, str]:
    """What the papers' commands expect of their surroundings."""
    return papers.environment(release)


class Shoppers(Crowd):
    """Shoppers who may notice nothing of what is done to the shop: `mark` it before."""

    def __init__(self, release: Release, name: str) -> None:
        super().__init__(release, name)
        self._marks: list[str] = []

    def mark(self, text: str) -> None:
        super().mark(text)
        self._marks.append(text)

    def noticed_nothing(self) -> None:
        """All that was marked is over; raises AssertionError for the first request that failed."""
        self.await_served()
        super().mark("end")
        failed = {mark: self.failed(mark) for mark in self._marks}
        gaps = {mark: self.gaps(mark) for mark in self._marks}
        record(self.name, {mark: {"failed": len(failed[mark]), "gaps": gaps[mark]} for mark in self._marks})
        self.check()
        assert not any(failed.values()), {mark: requests[:5] for mark, requests in failed.items() if requests}


class Storm:
    """Shoppers who look at the first page, whatever the answers take: more each second, until `steady`."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._origins = origins
        self._steady, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.failures: list[str] = []
        self.answers = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def steady(self) -> None:
        """As many a second as now from here on."""
        self._steady.set()

    async def _run(self) -> None:
        limit = aiohttp.ClientTimeout(total=SHOPPER_SECONDS)
        async with aiohttp.ClientSession(timeout=limit) as session, asyncio.TaskGroup() as asked:
            due = time.monotonic()
            place, rate = 0, STORM_RATE
            while not self._over.is_set():
                place += 1
                asked.create_task(self._ask(session, self._origins[place % len(self._origins)]))
                due += 1 / rate
                if not self._steady.is_set():
                    rate += STORM_RISE / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _ask(self, session: aiohttp.ClientSession, origin: str) -> None:
        try:
            async with session.get(f"{origin}/") as answer:
                await answer.read()
                if answer.status >= 500:
                    self.failures.append(f"{origin}: {answer.status}")
        except (aiohttp.ClientError, TimeoutError) as error:
            self.failures.append(f"{origin}: {error!r}")
        self.answers += 1


def _replicas(release: Release) -> int:
    found: int = release.pods.get("deployment", f"{release.fullname}-gateway")["spec"]["replicas"]
    return found


def test_the_gateway_follows_its_load_and_nobody_notices(release: Release) -> None:
    # an aim between what the shoppers ask of three gateways (some 40 m each) and what the storm adds
    over = {
        "gateway": {
            "autoscaling": {"targetCPUUtilizationPercentage": 60, "maxReplicas": 5, "scaleDownSeconds": 15},
            "resources": {"requests": {"cpu": "100m"}},
        }
    }
    with Shoppers(release, "autoscaling") as shoppers:
        shoppers.mark("a lower aim")
        release.upgrade(over)
        release.await_ready()
        # the pods' own start is a load too
        wait_for("three gateways", lambda: _replicas(release) == 3, seconds=SCALED_BACK_SECONDS, poll=2.0)
        shoppers.mark("the storm")
        with Storm(release.target.origins) as storm:
            wait_for("five gateways", lambda: _replicas(release) >= 5, seconds=SCALED_SECONDS, poll=2.0)
            storm.steady()
            release.await_ready()
        shoppers.mark("after the storm")
        wait_for("three gateways again", lambda: _replicas(release) == 3, seconds=SCALED_BACK_SECONDS, poll=2.0)
        shoppers.mark("the usual aim")
        release.upgrade()
        release.await_ready()
        shoppers.noticed_nothing()
    assert storm.answers > 1000
    assert storm.failures == []


def _while_running(job: Callable[[], object], look: Callable[[], None]) -> None:
    with ThreadPoolExecutor() as pool:
        running = pool.submit(job)
        while not wait([running], timeout=LOOK_SECONDS).done:
            look()
        running.result()


def _node_of(release: Release, pod: str) -> str:
    node: str = release.pods.get("pod", pod)["spec"]["nodeName"]
    return node


def test_drained_nodes_go_unnoticed(release: Release, names: dict[str, str]) -> None:
    """I drain the node that the primary of one store runs on, then the one that the other's runs on by then."""
    fewest = dict.fromkeys(THREE_ZONES, 3)

    def count() -> None:
        ready = [pod.component for pod in release.pods.all() if pod.ready]
        for component in fewest:
            fewest[component] = min(fewest[component], ready.count(component))

    with Shoppers(release, "drain") as shoppers:
        for store, primary in (("Postgres", release.pods.postgres_primary), ("Valkey", release.pods.valkey_primary)):
            node = _node_of(release, primary())
            names["NODE"] = node
            shoppers.mark(f"drain: {store}")
            try:
                _while_running(lambda: papers.run("drain", names, seconds=BLOCK_SECONDS), count)
                left = [pod.name for pod in release.pods.all() if pod.node == node and not pod.finished]
                assert left == []
            finally:
                papers.run("uncordon", names)
            shoppers.mark(f"uncordon: {store}")
            release.await_ready()
        # pods that found another zone stay there; the tests after this one expect one in each
        shoppers.mark("restart")
        papers.run("spread", names)
        release.await_ready()
        shoppers.noticed_nothing()
    print(f"fewest Ready pods while draining: {fewest}")
    assert min(fewest.values()) >= 2, fewest


def _next_version(folder: Path) -> Path:
    """A checkout with a chart of another version, whose pods all differ from those of this one."""
    chart = folder / "charts" / "myclothes"
    shutil.copytree(CHART, chart, ignore=shutil.ignore_patterns("__pycache__"))
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about | {"version": "9.9.9", "appVersion": "9.9.9"}))
    values = (chart / "values.yaml").read_text()
    assert values.count("podAnnotations: {}") >= len(COMPONENTS)
    (chart / "values.yaml").write_text(values.replace("podAnnotations: {}", "podAnnotations: {rollout: next}"))
    return folder


def _annotated(release: Release) -> set[str]:
    pods = release.pods.get("pods", "-l", f"app.kubernetes.io/instance={release.name}")["items"]
    labels = ((pod["metadata"]["labels"], pod["metadata"].get("annotations", {})) for pod in pods)
    return {one["app.kubernetes.io/component"] for one, notes in labels if notes.get("rollout") == "next"}


def test_an_upgrade_and_its_rollback_go_unnoticed(release: Release, names: dict[str, str], tmp_path: Path) -> None:
    with Shoppers(release, "upgrade and rollback") as shoppers:
        shoppers.mark("upgrade")
        papers.run("crds", names)
        papers.run("upgrade", names, checkout=_next_version(tmp_path), seconds=BLOCK_SECONDS)
        release.await_ready()
        assert _annotated(release) >= set(COMPONENTS)
        # or what still catches up after the upgrade would be counted against the rollback
        await_in_step(release)
        shoppers.mark("rollback")
        papers.run("rollback", names, seconds=BLOCK_SECONDS)
        release.await_ready()
        assert _annotated(release) == set()
        shoppers.noticed_nothing()

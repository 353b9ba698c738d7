"""The cluster that the tests of this folder share, the shop installed in it, and what is kept of a failure.

`CLUSTER` chooses the cluster (myclothes_cluster/targets.py). One that is up is used and left up, another is booted for
the tests and ended after them. The shop is installed unless it is there as this checkout makes it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from myclothes_cluster import Release, Target, evidence, target_from_environment
from myclothes_rig import Rig

ARTEFACTS = Path(__file__).parents[1] / "artefacts" / "cluster"

KEPT = pytest.StashKey[set[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Nothing has failed yet."""
    config.stash[KEPT] = set()


@pytest.fixture(scope="session")
def target() -> Iterator[Target]:
    """The cluster, up and whole."""
    target = target_from_environment()
    was_up = target.is_up()
    target.up()
    yield target
    if not was_up:
        target.down()


@pytest.fixture(scope="session")
def rig(target: Target) -> Rig:
    """The rig, for faults; tests that ask for it are skipped on other clusters."""
    if target.rig is None:
        pytest.skip(f"only the rig can do this (CLUSTER={target.name})")
    return target.rig


@pytest.fixture(scope="session")
def release(target: Target) -> Release:
    """The shop in namespace `shop`, three zones, Ready."""
    release = Release(target)
    target.load(release.archives())
    release.ensure()
    return release


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep the pods' states, events and logs of a failed test before anything is mended.

    A fixture that several tests share fails for all of them, and is kept once.
    """
    report = yield
    if report.failed and item.get_closest_marker("cluster") and report.longreprtext not in item.config.stash[KEPT]:
        item.config.stash[KEPT].add(report.longreprtext)
        for release in {one for one in getattr(item, "funcargs", {}).values() if isinstance(one, Release)}:
            folder = ARTEFACTS / re.sub(r"[^\w.-]+", "-", f"{item.path.stem}-{item.name}") / release.namespace
            evidence.keep(release.pods, folder)
            report.sections.append(("evidence", f"kept in {folder}"))
    return report

"""After each test the cluster is whole again, and so is the shop: the next test begins where this one did."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from myclothes_cluster import Release, Target
from myclothes_cluster.targets import RigTarget
from myclothes_rig.layout import ZONES

# what shoppers do in a browser: test modules are imported by path and do not see other folders
sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "browser"))
# and the metrics that the chart's alerts ask for
sys.path.insert(0, str(Path(__file__).parents[2] / "charts" / "tests"))

MENDED_SECONDS = 300.0
"""For a shop that a test broke; what it may take is said by the test itself."""


@pytest.fixture(autouse=True)
def mended(target: Target, release: Release, request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test broke is whole again for the next one; one marked `harmless` is taken at its word."""
    yield
    if request.node.get_closest_marker("harmless"):
        return
    if isinstance(target, RigTarget):
        for letter in ZONES:
            target.mend(letter)
    release.await_ready(MENDED_SECONDS)
    release.spread()

"""No command of the papers is left without a test or a reason, and their values are values of the chart."""

import re
from pathlib import Path

import helm_python as helm
import pytest
import yaml

from myclothes_cluster import papers
from myclothes_cluster.release import CHART, merged
from myclothes_rig.errors import CommandError

TESTS = Path(__file__).parents[2] / "tests"
BLOCKS = [block for paper in papers.PAPERS for block in papers.blocks(paper)]
LANGUAGES = {"sh", "yaml", "text"}
INLINE = re.compile(r"`(?:helm|kubectl|patronictl) [^`\n]*[$…][^`\n]*`")
# what a rendering without a cluster needs
OFFLINE = {
    **{name: {"existingSecret": name} for name in ("gateway", "cart", "users", "shop", "valkey", "postgres")},
    "networkPolicy": {"kubernetesApi": {"cidrs": ["10.0.0.1/32"]}},
}


def _place(block: papers.Block) -> str:
    return f"{block.paper}:{block.line}"


@pytest.mark.parametrize("block", BLOCKS, ids=_place)
def test_a_block_says_what_it_is(block: papers.Block) -> None:
    assert block.language in LANGUAGES, f"{_place(block)}: one of {sorted(LANGUAGES)}"


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "sh"], ids=_place)
def test_a_command_is_run_or_says_why_not(block: papers.Block) -> None:
    assert bool(block.name) != bool(block.reason), f"{_place(block)}: `<!-- run: NAME -->` or `{papers.NOT_RUN}REASON`"


def test_a_command_to_be_copied_stands_in_a_block() -> None:
    """One that names the release is no mere word of the text."""
    assert INLINE.findall("look: `kubectl -n $NAMESPACE get pods`, `kubectl top pods`") == [
        "`kubectl -n $NAMESPACE get pods`"
    ]
    assert [found for paper in papers.PAPERS for found in INLINE.findall((papers.ROOT / paper).read_text())] == []


def test_every_named_block_is_run_by_a_cluster_test() -> None:
    sources = "".join(path.read_text() for path in TESTS.glob("test_*.py"))
    names = [block.name for block in BLOCKS if block.name]
    assert len(names) == len(set(names))
    assert [name for name in names if f'"{name}"' not in sources] == []


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "yaml"], ids=_place)
def test_values_are_the_charts(block: papers.Block) -> None:
    helm.Chart.load(str(CHART)).render(merged(OFFLINE, yaml.safe_load(block.text)), name="shop", namespace="shop")


def test_a_value_that_is_none_would_be_seen() -> None:
    with pytest.raises(helm.HelmError, match="registri"):
        helm.Chart.load(str(CHART)).render(merged(OFFLINE, {"image": {"registri": "x"}}), name="shop", namespace="shop")


def test_a_block_is_run_as_it_stands() -> None:
    assert papers.run("names", {}) == ""


def test_a_failing_command_fails_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = papers.Block("paper", 1, "sh", "echo before; false | cat; echo after", "failing")
    monkeypatch.setattr(papers, "named", lambda _: failing)
    with pytest.raises(CommandError, match="before") as caught:
        papers.run("failing", {})
    assert "after" not in str(caught.value)

"""docs/ladder.md and its plots are what their figures make of them; a rung that was not measured says so."""

import msgspec
import pytest

from myclothes_cluster.release import ROOT
from myclothes_ladder import figures, papers, plots, tables
from myclothes_ladder.day import QUIET, STORE
from myclothes_ladder.figures import Event, Figures, Forgeries, Latency, Weight
from myclothes_ladder.rungs import RUNGS


@pytest.fixture
def cookie() -> Figures:
    gaps = {"cart writes": 1.25, "cart reads": None, "catalogue reads": 0.5}
    return Figures(
        rung="cookie",
        date="2026-11-23",
        machine="2 shared cores",
        rate=60.0,
        shoppers=120,
        requests=9000,
        acknowledged_writes=3000,
        violations=0,
        undecided=0,
        unread=0,
        events=[Event(QUIET, 20.0, 1200, 3, 110, 2, gaps)],
        latency_ms={"cart writes": Latency(8.2, 41.0)},
        cpu_ms={"gateway": 2.5, "shop": 1.0},
        weights=[Weight(1, 200), Weight(10, 400)],
        full_at=61,
        forgeries=Forgeries(64, 64, 1, 1, 2, 0),
    )


def test_the_paper_is_drawn_from_the_figures_in_the_repository():
    for file, text in papers.drawn(ROOT).items():
        assert file.read_text() == text, f"{file.relative_to(ROOT)}: python -m myclothes_ladder draw"


def test_figures_are_kept_and_found_again(cookie, tmp_path):
    figures.save(tmp_path, cookie)
    assert figures.load(tmp_path) == {"cookie": cookie}


def test_tables_show_what_was_measured_and_what_was_not(cookie):
    measured = {"cookie": cookie}
    (line,) = [line for line in tables.losses(measured).splitlines() if QUIET in line]
    assert line == f"| {QUIET} | {' | '.join([tables.ABSENT] * 2)} | **2** of 110 | {' | '.join([tables.ABSENT] * 3)} |"
    assert "| 1.2 s, **3** of 1200 |" in tables.gaps(measured)
    assert f"| {STORE} | {' | '.join([tables.ABSENT] * 2)} | – |" in tables.losses(measured)
    costs = tables.costs(measured)
    for cell in ("| 8 / 41 |", "| 3.5 |", "| 400 |", "| full at line 61 |", "| 64 of 64 |", "| 0 of 2 |"):
        assert cell in costs


@pytest.mark.parametrize("name", plots.PLOTS)
def test_the_same_figures_give_the_same_drawing(name, cookie):
    drawing = plots.PLOTS[name]({"cookie": cookie})
    assert drawing == plots.PLOTS[name]({"cookie": cookie})
    assert "<svg" in drawing
    assert "<script" not in drawing
    assert "Generated" not in drawing


@pytest.mark.parametrize("name", sorted(plots.PLOTS.keys() - {"cpu"}))
def test_nothing_measured_is_drawn_as_nothing(name):
    assert "<svg" in plots.PLOTS[name]({})


def test_cpu_that_was_not_measured_is_not_drawn(cookie):
    without = msgspec.structs.replace(cookie, cpu_ms={})
    assert plots.PLOTS["cpu"]({"cookie": without}) == ""
    (line,) = [line for line in tables.costs({"cookie": without}).splitlines() if "CPU" in line]
    assert line.count(tables.ABSENT) == len(RUNGS)

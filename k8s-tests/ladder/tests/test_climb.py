"""Rung after rung, each as soon as it is asked for; whatever happens, the shop is left whole and as it was."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from myclothes_cluster.targets import CurrentTarget, RigTarget
from myclothes_ladder import climb
from myclothes_ladder.day import QUIET, Cpu
from myclothes_ladder.rungs import RUNGS
from myclothes_ladder.windows import END
from myclothes_ledger.history import Mark
from myclothes_rig.errors import RigError

TWO = [RUNGS["memory"], RUNGS["cookie"]]


class Target(RigTarget):
    def __init__(self):
        self.rig = SimpleNamespace(set_thread_apart=lambda _: None)

    def load(self, archives):
        assert archives == ["archive"]


class Day:
    """Passes, or ends as it is told to."""

    end = None
    deeds = ()

    def __init__(self, *_):
        pass

    def pass_with(self, _crowd):
        if self.end is not None:
            raise self.end
        return Cpu({}, 5.0, {}, 20.0)

    def mend(self):
        self.deeds.append("mend")


@pytest.fixture
def deeds(monkeypatch, tmp_path):
    found = []

    async def check(*_, **__):
        return SimpleNamespace(violations=[], undecided=[], unread=[])

    report = {"requests": 1200, "acknowledged_writes": 300}
    forged = SimpleNamespace(weigh=lambda *_: ([], None), forge=lambda *_: None, skus=lambda *_: ["shirt"])
    monkeypatch.setattr(Day, "deeds", found)
    for name, stand_in in {
        "ARTEFACTS": tmp_path,
        "Release": lambda _: SimpleNamespace(archives=lambda: ["archive"], origin="http://198.18.0.1"),
        "step": lambda _, rung: found.append(f"step {rung.name}"),
        "leave": lambda _: found.append("leave"),
        "probes": forged,
        "Balancer": lambda _: nullcontext(SimpleNamespace(url="http://127.0.0.1", thread=1)),
        "Ledger": lambda *_, **__: SimpleNamespace(report=lambda: report),
        "Day": Day,
        "checking": SimpleNamespace(check=check),
        "history": SimpleNamespace(read=lambda _: [Mark(0.0, 0.0, QUIET), Mark(20.0, 20.0, END)]),
        "final": SimpleNamespace(load=lambda _: SimpleNamespace(carts={})),
    }.items():
        monkeypatch.setattr(climb, name, stand_in)
    return found


def test_each_rung_is_climbed_when_it_is_asked_for(deeds):
    rungs = iter(climb.climb(Target(), TWO))
    first = next(rungs)
    assert (first.rung, first.requests, first.acknowledged_writes) == ("memory", 1200, 300)
    assert [event.name for event in first.events] == [QUIET]
    assert deeds == ["step memory"]
    assert [figures.rung for figures in rungs] == ["cookie"]
    assert deeds == ["step memory", "step cookie", "leave"]


@pytest.mark.parametrize("end", [RigError("the shop is not Ready"), KeyboardInterrupt()])
def test_a_day_that_fails_mends_the_shop_and_leaves_it_as_it_was(deeds, monkeypatch, end):
    monkeypatch.setattr(Day, "end", end)
    with pytest.raises(type(end)):
        list(climb.climb(Target(), TWO))
    assert deeds == ["step memory", "mend", "leave"]


def test_only_the_rig_has_zones_that_die(deeds):
    target = CurrentTarget({"INGRESS": "http://192.0.2.7"})
    with pytest.raises(RigError, match="needs the rig"):
        list(climb.climb(target, TWO))
    assert deeds == []

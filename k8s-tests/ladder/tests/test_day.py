"""The events of a rung's day: each is marked before it happens, in the order that the paper tells."""

from types import SimpleNamespace

import pytest

from myclothes_ladder import day
from myclothes_ladder.rungs import RUNGS
from myclothes_ladder.tables import EVENTS
from myclothes_ladder.windows import END
from myclothes_rig.layout import ZONES

GATEWAYS = {"gateway-a": "zone-a", "gateway-b": "zone-b", "gateway-c": "zone-c"}
PRIMARY = "valkey-b"


class Shop:
    """Release, rig, target, balancer and crowd in one, which note what is done to them."""

    namespace, fullname = "shop", "shop-myclothes"
    origins = ("a", "b", "c")
    pid = 7
    active = 0

    def __init__(self):
        self.deeds = []
        self.gateways = dict(GATEWAYS)
        self.pods = SimpleNamespace(
            serving=lambda _: [SimpleNamespace(name=name, node=node) for name, node in self.gateways.items()],
            kubectl=self._kubectl,
            valkey_primary=lambda: PRIMARY,
            postgres_primary=None,
            zone_of=lambda pod: f"zone-{pod[-1]}",
        )

    def __enter__(self):
        self.deeds.append("open")

    def __exit__(self, *_):
        self.deeds.append("closed")

    def mark(self, name):
        self.deeds.append(f"mark {name}")

    def set_apart(self, pid):
        assert pid == self.pid

    def switch(self, to=None):
        self.active = self.active + 1 if to is None else to
        self.deeds.append(f"switch to {self.active}")

    def container(self, _namespace, pod, container):
        return SimpleNamespace(kill=lambda: self.deeds.append(f"kill {container} of {pod}"))

    def zone(self, letter):
        return SimpleNamespace(kill=lambda: self.deeds.append(f"kill zone {letter}"))

    def mend(self, letter):
        self.deeds.append(f"mend zone {letter}")

    def await_ready(self, _seconds):
        self.deeds.append("ready")

    def _kubectl(self, *words):
        self.deeds.append(" ".join(words[:2]))
        match words:
            case ("annotate", "pod", leaving, _):
                self.leaving = leaving
            case ("scale", *_):
                self.gateways["gateway-new"] = self.gateways.pop(self.leaving)


@pytest.fixture
def shop(monkeypatch):
    monkeypatch.setattr(day, "time", SimpleNamespace(sleep=lambda _: None, monotonic=lambda: 0.0))
    monkeypatch.setattr(day, "cpu", SimpleNamespace(used=lambda _: {}, between=lambda *_: {}))
    monkeypatch.setattr(day, "_answers", lambda origin: origin in Shop.origins)
    return Shop()


def passed(shop, rung):
    day.Day(RUNGS[rung], shop, shop, shop, shop).pass_with(shop)
    return shop.deeds


def test_the_day_of_a_shop_with_a_store(shop):
    assert passed(shop, "service") == [
        "open",
        f"mark {day.QUIET}",
        f"mark {day.SWITCH}",
        "switch to 1",
        f"mark {day.DEATH}",
        "kill gateway of gateway-b",
        "ready",
        f"mark {day.ROLLOUT}",
        "rollout restart",
        "ready",
        f"mark {day.SCALE_IN}",
        "annotate pod",
        "scale deployment",
        f"mark {day.STORE}",
        "kill valkey of valkey-b",
        "ready",
        "switch to 1",
        f"mark {day.ZONE}",
        "kill zone b",
        f"mark {day.RETURN}",
        *(f"mend zone {letter}" for letter in ZONES),
        "ready",
        f"mark {END}",
        "closed",
    ]
    assert "gateway-b" not in shop.gateways


def test_without_a_store_no_primary_dies_and_the_zone_in_use_is_lost(shop):
    deeds = passed(shop, "memory")
    assert f"mark {day.STORE}" not in deeds
    assert [deed for deed in deeds if deed.startswith("kill")] == ["kill gateway of gateway-b", "kill zone b"]


@pytest.mark.parametrize("rung", RUNGS)
def test_every_event_of_the_paper_is_marked_in_its_order(shop, rung):
    marks = [deed.removeprefix("mark ") for deed in passed(shop, rung) if deed.startswith("mark")]
    assert marks == [*(name for name in EVENTS if name != day.STORE or RUNGS[rung].has_store), END]

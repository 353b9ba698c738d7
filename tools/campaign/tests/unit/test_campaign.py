"""The parts of a fault begin at once and end in their order, also when one of them cannot be begun."""

import pytest

from myclothes_campaign import Fault, GroundError, Kind, Part
from myclothes_campaign.campaign import Campaign, Options
from myclothes_campaign.states import Plan, State


class Ground:
    """Notes what is done to it."""

    def __init__(self, refuses=""):
        self.deeds = []
        self._refuses = refuses

    def inflict(self, part):
        if part.kind.name == self._refuses:
            raise GroundError(self._refuses)
        self.deeds.append(f"{part.kind} begins")
        return lambda: self.deeds.append(f"{part.kind} ends")


def parts(**seconds):
    return tuple(Part(Kind(name, frozenset({name})), length) for name, length in seconds.items())


def inflict(ground, folder, *drawn):
    state = State(folder, Plan("fake", 1, "", (), 50.0, 0))
    Campaign(ground, [part.kind for part in drawn], state, Options(1, 1))._inflict(Fault(0, drawn))


def test_all_begin_and_then_the_shortest_ends_first(tmp_path):
    ground = Ground()
    inflict(ground, tmp_path, *parts(long=0.05, short=0.01, none=0.0))
    assert ground.deeds[:3] == ["long begins", "short begins", "none begins"]
    assert ground.deeds[3:] == ["none ends", "short ends", "long ends"]


def test_what_was_begun_is_ended_when_another_cannot_be_begun(tmp_path):
    ground = Ground(refuses="second")
    with pytest.raises(GroundError):
        inflict(ground, tmp_path, *parts(first=9.0, second=0.0))
    assert ground.deeds == ["first begins", "first ends"]

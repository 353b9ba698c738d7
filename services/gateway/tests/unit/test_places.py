"""How many requests a replica takes on."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

import pytest

from myclothes_gateway import places
from myclothes_gateway.errors import Shed
from myclothes_gateway.places import FEW, FIRST_RATE, WAIT_SECONDS, WINDOW_SECONDS, WINDOWS, Places
from myclothes_kit import pressure

MOST = 256


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

    monkeypatch.setattr(places.time, "monotonic", lambda: Clock.now)
    return Clock


def answer(some, number):
    for _ in range(number):
        with some.one() as place:
            place.answered = True


@contextmanager
def waiting(some, most):
    """As many requests under way as are let in, `most` at most; gives how many that are."""
    with ExitStack() as stack:
        for number in range(most):
            try:
                stack.enter_context(some.one())
            except Shed:
                yield number
                return
        yield most


@pytest.mark.parametrize("saturated", [False, True])
def test_a_saturated_node_takes_on_what_it_can_answer_in_time(monkeypatch, clock, saturated):
    monkeypatch.setattr(pressure, "saturated", saturated)
    some = Places(MOST)
    answer(some, 80)
    clock.now += WINDOW_SECONDS
    with waiting(some, 2 * MOST) as taken:
        assert taken == (80 * WAIT_SECONDS / WINDOW_SECONDS if saturated else MOST)


def let_go_by(some, clock, windows):
    """So many windows in which nothing is answered."""
    for _ in range(windows):
        clock.now += WINDOW_SECONDS
        with some.one():
            pass


def test_who_has_just_started_is_taken_to_answer_some_and_later_few(monkeypatch, clock):
    monkeypatch.setattr(pressure, "saturated", True)
    some = Places(MOST)
    with waiting(some, MOST) as taken:
        assert taken == FIRST_RATE * WAIT_SECONDS
    let_go_by(some, clock, 1 + WINDOWS)
    with waiting(some, MOST) as taken:
        assert taken == FEW


def test_whoever_answers_again_takes_on_more_again(monkeypatch, clock):
    monkeypatch.setattr(pressure, "saturated", True)
    some = Places(MOST)
    let_go_by(some, clock, 1 + WINDOWS)
    with waiting(some, MOST) as taken:
        assert taken == FEW
    answer(some, 80)
    clock.now += WINDOW_SECONDS
    with waiting(some, MOST) as taken:
        assert taken == 80 * WAIT_SECONDS / WINDOW_SECONDS


@pytest.mark.parametrize(("windows", "taken"), [(1, 80), (WINDOWS - 1, 80), (WINDOWS, FEW)])
def test_a_short_pause_refuses_nobody_a_long_one_does(monkeypatch, clock, windows, taken):
    monkeypatch.setattr(pressure, "saturated", True)
    some = Places(MOST)
    answer(some, 79)
    for _ in range(1 + windows):
        clock.now += WINDOW_SECONDS
        answer(some, 1)
    with waiting(some, MOST) as number:
        assert number == taken


def test_what_came_to_nothing_is_no_answer(monkeypatch, clock):
    monkeypatch.setattr(pressure, "saturated", True)
    some = Places(MOST)
    answer(some, 30)
    for _ in range(50):
        with some.one():
            pass
    clock.now += WINDOW_SECONDS
    with waiting(some, MOST) as number:
        assert number == 30 * WAIT_SECONDS / WINDOW_SECONDS


def test_a_place_is_given_back_whatever_happens(clock):
    some = Places(1)
    for _ in range(3):
        with pytest.raises(KeyError), some.one():
            raise KeyError

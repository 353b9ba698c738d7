"""Carts that were lost are found, with their time; what can be explained is not called a loss."""

import itertools

import pytest

from myclothes_ladder.losses import by_window, looks
from myclothes_ledger.history import Call, Saw, Sent

CART = "p1.g1"


class Story:
    """A history of one cart, told answer by answer; times are given."""

    def __init__(self) -> None:
        self.records = []
        self._ids = (f"op{number}" for number in itertools.count())

    def sends(self, kind, sku="", quantity=0, *, at):
        op = next(self._ids)
        self.records.append(Sent(op, 1, at, at, 1, "p1.b1", CART, kind, sku, quantity))
        return op, kind, at

    def answers(self, sent, lines, *, at, outcome="ok", attempt=1, version=1):
        op, kind, asked = sent
        saw = Saw(version=version, lines=lines) if outcome == "ok" else None
        status = {"ok": 200, "refused": 422, "unknown": 0}[outcome]
        self.records.append(Call(op, attempt, asked, at, at, 1, "p1.b1", CART, kind, status, outcome, "", saw))

    def writes(self, kind, sku, quantity, lines, *, at):
        self.answers(self.sends(kind, sku, quantity, at=at), lines, at=at + 0.1)

    def reads(self, lines, *, at, until=None):
        self.answers((next(self._ids), "cart", at), lines, at=until or at + 0.1)

    def lost(self, final=None):
        return [
            round(look.at, 1) for look in looks(self.records, {CART: final} if final is not None else {}) if look.lost
        ]


@pytest.fixture
def story() -> Story:
    story = Story()
    story.writes("add", "shirt", 2, {"shirt": 2}, at=1.0)
    return story


def test_a_cart_that_is_there_is_not_lost(story):
    story.reads({"shirt": 2}, at=2.0)
    assert story.lost({"shirt": 2}) == []


def test_an_empty_cart_is_a_loss(story):
    story.reads({}, at=2.0)
    assert story.lost() == [2.1]


def test_fewer_of_an_article_are_a_loss(story):
    story.reads({"shirt": 1}, at=2.0)
    assert story.lost() == [2.1]


def test_a_write_that_knows_nothing_of_the_one_before_shows_a_loss(story):
    story.writes("add", "hat", 1, {"hat": 1}, at=2.0)
    assert story.lost() == [2.1]


def test_what_is_lost_counts_once_until_it_is_promised_again(story):
    story.reads({}, at=2.0)
    story.reads({}, at=3.0)
    story.writes("add", "hat", 1, {"hat": 1}, at=4.0)
    story.reads({}, at=5.0)
    assert story.lost() == [2.1, 5.1]


def test_the_end_is_a_look_as_well(story):
    assert len(story.lost({})) == 1


@pytest.mark.parametrize(("kind", "quantity"), [("remove", 0), ("set", 1)])
def test_what_was_taken_out_is_not_lost(story, kind, quantity):
    lines = {"shirt": quantity} if quantity else {}
    story.writes(kind, "shirt", quantity, lines, at=2.0)
    story.reads(lines, at=3.0)
    assert story.lost(lines) == []


def test_a_read_under_way_with_a_removal_may_show_either(story):
    removal = story.sends("remove", "shirt", at=2.0)
    story.reads({}, at=2.1)
    story.answers(removal, {}, at=2.5)
    story.reads({"shirt": 2}, at=2.4, until=2.6)
    story.reads({}, at=3.0)
    assert story.lost({}) == []


def test_a_removal_of_unknown_outcome_may_have_happened(story):
    removal = story.sends("remove", "shirt", at=2.0)
    story.answers(removal, {}, at=2.5, outcome="unknown")
    story.reads({"shirt": 2}, at=3.0)
    story.reads({}, at=4.0)
    assert story.lost({}) == []


def test_a_refused_removal_did_not_happen(story):
    removal = story.sends("remove", "shirt", at=2.0)
    story.answers(removal, {}, at=2.5, outcome="refused")
    story.reads({}, at=3.0)
    assert story.lost() == [3.1]


def test_of_two_changes_at_once_the_later_version_counts(story):
    setting, removal = story.sends("set", "hat", 1, at=2.0), story.sends("remove", "hat", at=2.1)
    story.answers(removal, {"shirt": 2}, at=2.3, version=3)
    story.answers(setting, {"shirt": 2, "hat": 1}, at=2.4, version=2)
    story.reads({"shirt": 2}, at=3.0)
    assert story.lost({"shirt": 2}) == []
    assert story.lost({}) != []


def test_what_was_asked_before_the_promise_need_not_show_it(story):
    story.reads({}, at=0.9, until=1.5)
    story.reads({"shirt": 2}, at=2.0)
    assert story.lost({"shirt": 2}) == []


def test_two_writes_at_once_of_which_one_is_overwritten(story):
    hat, shoe = story.sends("add", "hat", 1, at=2.0), story.sends("add", "shoe", 1, at=2.0)
    story.answers(hat, {"shirt": 2, "hat": 1}, at=2.1)
    story.answers(shoe, {"shirt": 2, "shoe": 1}, at=2.2)
    story.reads({"shirt": 2, "shoe": 1}, at=3.0)
    assert story.lost() == [3.1]


def test_a_loss_belongs_to_the_first_event_after_the_cart_was_last_seen(story):
    story.reads({"shirt": 2}, at=2.0)
    story.reads({}, at=9.0)
    found = looks(story.records, {})
    assert by_window(found, [0.0, 5.0, 8.0]) == [(1, 0), (1, 1), (0, 0)]
    assert by_window(found, [0.0, 9.5]) == [(1, 1), (0, 0)]

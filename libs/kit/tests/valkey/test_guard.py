"""The rule for acknowledging, by examples."""

from __future__ import annotations

import pytest

from myclothes_kit.valkey.guard import FORGET_SECONDS, HOLD_SECONDS, Answer, Guard, Role, Verdict
from myclothes_kit.valkey.nodes import Address

P, A, B = Address("10.0.0.1", 6379), Address("10.0.0.2", 6379), Address("10.0.0.3", 6379)
LONG_AGO = -100.0


def role(offset, **replicas):
    return Role(offset, {{"a": A, "b": B, "p": P}[name]: acked for name, acked in replicas.items()})


def answered(guard, verdict, now, **answers):
    assert verdict is Verdict.ASK
    assert guard.to_ask == {{"a": A, "b": B, "p": P}[name] for name in answers}
    for name, answer in answers.items():
        guard.answered({"a": A, "b": B, "p": P}[name], answer, now)
    return guard.conclude(now)


@pytest.fixture
def calm():
    """A guard that has long seen both replicas have everything."""
    guard = Guard()
    guard.begin(LONG_AGO)
    guard.listed([A, B], LONG_AGO, majority=True)
    guard.observe(role(1, a=1, b=1), LONG_AGO)
    assert guard.judge(role(2, a=2, b=2), 2, 1, LONG_AGO) is Verdict.ACKNOWLEDGED
    return guard


@pytest.fixture
def shaken(calm):
    """The same, right after the primary was away: it may have been failed over."""
    calm.interrupted(0.0)
    return calm


def test_a_write_that_all_replicas_have_is_acknowledged(calm):
    assert calm.expected() == 2
    assert calm.judge(role(10, a=10, b=10), 2, 1, 0.0) is Verdict.ACKNOWLEDGED


def test_also_by_a_process_without_a_past():
    guard = Guard()
    guard.begin(0.0)
    guard.listed([A, B], 0.0, majority=True)
    guard.observe(role(5, a=5, b=5), 0.0)
    assert guard.judge(role(10, a=10, b=10), 2, 1, 0.1) is Verdict.ACKNOWLEDGED


def test_a_process_without_a_past_asks_who_is_missing():
    guard = Guard()
    guard.begin(0.0)
    guard.listed([A, B], 0.0, majority=True)
    guard.observe(role(5, b=5), 0.0)
    verdict = guard.judge(role(10, b=10), 1, 1, 0.1)
    assert answered(guard, verdict, 0.2, a=Answer.REPLICA) is Verdict.HELD_BACK, "it may be promoted any moment"
    assert guard.judge(role(20, b=20), 1, 1, HOLD_SECONDS) is Verdict.ACKNOWLEDGED


def test_too_few(calm):
    assert calm.judge(role(10, a=9, b=9), 0, 1, 0.0) is Verdict.TOO_FEW
    assert calm.judge(role(20, a=20), 1, 2, 0.0) is Verdict.TOO_FEW


def test_no_primary(calm):
    assert calm.judge(None, 0, 1, 0.0) is Verdict.NOT_PRIMARY


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer.DEAD, Verdict.ACKNOWLEDGED),
        (Answer.REPLICA, Verdict.ACKNOWLEDGED),
        (Answer.STRANGER, Verdict.HELD_BACK),
        (Answer.SILENT, Verdict.HELD_BACK),
    ],
)
def test_a_departed_replica_is_asked(calm, answer, verdict):
    asked = calm.judge(role(10, b=10), 1, 1, 0.0)
    assert answered(calm, asked, 0.1, a=answer) is verdict


@pytest.mark.parametrize("answer", [Answer.DEAD, Answer.REPLICA])
def test_after_an_interruption_a_replica_without_the_write_may_be_promoted_yet_or_have_been(shaken, answer):
    asked = shaken.judge(role(10, a=1, b=10), 1, 1, 0.5)
    assert answered(shaken, asked, 0.6, a=answer) is Verdict.HELD_BACK
    assert shaken.judge(role(20, a=20, b=20), 2, 1, 0.7) is Verdict.ACKNOWLEDGED, "with the write it may be promoted"


def test_a_promoted_replica_holds_back_until_the_other_must_have_been_re_pointed(shaken):
    asked = shaken.judge(role(10, b=10), 1, 1, 0.5)
    assert answered(shaken, asked, 0.6, a=Answer.STRANGER) is Verdict.HELD_BACK
    assert shaken.strangers
    asked = shaken.judge(role(20, b=20), 1, 1, 0.5 + HOLD_SECONDS)
    assert answered(shaken, asked, 0.5 + HOLD_SECONDS, a=Answer.STRANGER) is Verdict.HELD_BACK
    assert shaken.judge(role(30, b=30), 1, 1, 0.6 + HOLD_SECONDS) is Verdict.ACKNOWLEDGED


def test_a_replica_that_was_long_gone_and_comes_back_as_a_master_is_a_fresh_departure(calm):
    calm.observe(role(10, b=10), 0.0)
    assert calm.judge(role(20, b=20), 1, 1, 50.0) is Verdict.ACKNOWLEDGED
    calm.answered(A, Answer.STRANGER, 60.0)
    asked = calm.judge(role(30, b=30), 1, 1, 60.1)
    assert answered(calm, asked, 60.2, a=Answer.STRANGER) is Verdict.HELD_BACK
    calm.answered(A, Answer.SILENT, 60.3)
    asked = calm.judge(role(40, b=40), 1, 1, 60.4)
    assert answered(calm, asked, 60.5, a=Answer.SILENT) is Verdict.HELD_BACK, "falling silent excuses nothing"
    assert calm.judge(role(50, b=50), 1, 1, 63.1) is Verdict.ACKNOWLEDGED


def test_time_excuses_nobody_unless_most_sentinels_still_name_this_primary(calm):
    calm.observe(role(10, b=10), 0.0)
    calm.doubted()
    asked = calm.judge(role(20, b=20), 1, 1, 50.0)
    assert answered(calm, asked, 50.1, a=Answer.SILENT) is Verdict.HELD_BACK
    calm.listed([A, B], 51.0, majority=True)
    assert calm.judge(role(30, b=30), 1, 1, 51.0) is Verdict.ACKNOWLEDGED


def test_the_previous_primary_is_excused_until_it_has_joined(calm):
    calm.begin(0.0, previous=P)
    calm.listed([B, P], 0.0, majority=True)
    calm.observe(role(5, b=5), 0.0)
    assert calm.judge(role(10, b=10), 1, 1, 0.1) is Verdict.ACKNOWLEDGED
    calm.answered(P, Answer.STRANGER, 0.2)
    assert not calm.strangers, "what it claims is void"
    calm.observe(role(20, b=20, p=20), 1.0)
    assert calm.judge(role(30, b=30, p=30), 2, 1, 1.1) is Verdict.ACKNOWLEDGED
    asked = calm.judge(role(40, b=40), 1, 1, 1.2)
    assert answered(calm, asked, 1.3, p=Answer.REPLICA) is Verdict.ACKNOWLEDGED, "rejoining, it leaves once"
    asked = calm.judge(role(50, b=50), 1, 1, 1.4)
    assert answered(calm, asked, 1.5, p=Answer.STRANGER) is Verdict.HELD_BACK


def test_a_lagging_replica_is_not_waited_for_until_it_has_caught_up(calm):
    asked = calm.judge(role(10, a=4, b=10), 1, 1, 0.0)
    assert answered(calm, asked, 0.1, a=Answer.REPLICA) is Verdict.ACKNOWLEDGED
    assert calm.expected() == 1
    calm.judge(role(20, a=8, b=20), 1, 1, 0.2)
    assert calm.expected() == 1
    calm.judge(role(30, a=25, b=30), 1, 1, 0.3)
    assert calm.expected() == 2
    assert calm.judge(role(40, a=40, b=40), 2, 1, 0.4) is Verdict.ACKNOWLEDGED
    assert not calm.missing


def test_a_replica_that_attaches_meanwhile_is_not_taken_for_one_that_was_counted(calm):
    calm.observe(role(10, b=10), 0.0)
    asked = calm.judge(role(20, a=20, b=19), 1, 1, 0.1)
    assert A in calm.missing, "WAIT counted B, whose offset is the lower one now"
    assert asked is Verdict.ASK


def test_a_batch_of_the_primary_before_is_not_concluded_by_what_is_known_of_this_one(calm):
    assert calm.judge(role(10, b=10), 1, 1, 0.0) is Verdict.ASK
    calm.begin(0.1, previous=P)
    assert calm.conclude(0.2) is Verdict.HELD_BACK


def test_replicas_gone_for_good_are_forgotten_once_no_sentinel_lists_them(calm):
    calm.observe(role(10, b=10), 0.0)
    calm.forget(FORGET_SECONDS)
    assert calm.missing == {A}
    calm.listed([B], FORGET_SECONDS, majority=True)
    calm.forget(FORGET_SECONDS - 1)
    assert calm.missing == {A}
    calm.forget(FORGET_SECONDS)
    assert not calm.missing

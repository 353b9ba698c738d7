"""Whom a Postgres pod hands over to, and when it may stop: a rolling update moves the primary twice at most."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from postgresnode import handover, restapi
from postgresnode.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("pg-0", "pg-1", "pg-2")


@dataclass
class Patroni:
    """Patroni's HTTP API over three members."""

    leader: str
    in_step: set[str]
    moves: list[str] = field(default_factory=list)
    looks: int = 0
    joins: dict[int, str] = field(default_factory=dict)
    """Who gets into step, by the number of the look."""

    def call(self, _host: str, path: str, *, body: dict[str, str] | None = None, **_: object) -> Any:
        if path == "/switchover":
            assert body is not None
            assert body["leader"] == self.leader
            self.leader = body["candidate"]
            self.moves.append(self.leader)
            self.in_step.discard(self.leader)
            return "Successfully switched over"
        self.looks += 1
        if newcomer := self.joins.get(self.looks):
            self.in_step.add(newcomer)
        return {"members": [self._member(name) for name in NAMES]}

    def _member(self, name: str) -> dict[str, str]:
        if name == self.leader:
            return {"name": name, "role": "leader", "state": "running"}
        role = "quorum_standby" if name in self.in_step else "replica"
        return {"name": name, "role": role, "state": "streaming"}


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    (tmp_path / "restapi").write_text("secret")
    monkeypatch.setattr(handover, "POLL_SECONDS", 0.0)

    def run(patroni: Patroni, name: str, hosts: tuple[str, ...] = NAMES) -> str:
        monkeypatch.setattr(restapi, "call", patroni.call)
        return handover.hand_over(Settings("pg", "shop", name, "10.0.0.1", {}, hosts, {}, tmp_path, ()))

    return run


@pytest.mark.parametrize(("leaving", "expected"), [("pg-2", "pg-0"), ("pg-1", "pg-0"), ("pg-0", "pg-1")])
def test_the_successor_is_updated_already_or_is_the_first(stop: Any, leaving: str, expected: str) -> None:
    patroni = Patroni(leaving, set(NAMES) - {leaving})
    assert stop(patroni, leaving) == "handed over"
    assert patroni.moves == [expected]


def _roll(leader: str) -> list[tuple[str, str]]:
    """The moves of a rolling update, as the pod that was being replaced and who led after it."""
    moves = []
    for leaving in reversed(NAMES):
        if leaving == leader:
            members = [{"name": name, "role": "quorum_standby", "state": "streaming"} for name in NAMES]
            leader = handover.successor(members, leaving) or ""
            moves.append((leaving, leader))
    return moves


@pytest.mark.parametrize(
    ("leader", "upgrade", "rollback"),
    [
        ("pg-0", [("pg-0", "pg-1")], [("pg-1", "pg-0"), ("pg-0", "pg-1")]),
        ("pg-1", [("pg-1", "pg-0"), ("pg-0", "pg-1")], [("pg-1", "pg-0"), ("pg-0", "pg-1")]),
        ("pg-2", [("pg-2", "pg-0"), ("pg-0", "pg-1")], [("pg-1", "pg-0"), ("pg-0", "pg-1")]),
    ],
)
def test_a_rollback_moves_no_primary_with_its_first_pods(
    leader: str, upgrade: list[tuple[str, str]], rollback: list[tuple[str, str]]
) -> None:
    assert _roll(leader) == upgrade
    assert _roll(upgrade[-1][-1]) == rollback


def test_the_last_pod_leads_when_no_other_is_in_step(stop: Any) -> None:
    patroni = Patroni("pg-1", {"pg-2"}, joins={3: "pg-0"})
    assert stop(patroni, "pg-1") == "handed over"
    assert patroni.moves == ["pg-2"]


def test_who_is_not_in_step_is_no_successor(stop: Any) -> None:
    patroni = Patroni("pg-0", {"pg-1"}, joins={3: "pg-2"})
    assert stop(patroni, "pg-0") == "handed over"
    assert patroni.moves == ["pg-1"]
    # the commits of the new primary have somebody to wait for before the old one goes
    assert patroni.looks >= 3


def test_a_primary_waits_for_a_successor(stop: Any) -> None:
    patroni = Patroni("pg-2", set(), joins={2: "pg-1", 4: "pg-0"})
    assert stop(patroni, "pg-2") == "handed over"
    assert patroni.moves == ["pg-1"]


def test_a_replica_stops_when_another_one_is_in_step(stop: Any) -> None:
    patroni = Patroni("pg-0", {"pg-1"}, joins={3: "pg-2"})
    assert stop(patroni, "pg-1") == "no primary: nothing to hand over"
    assert (patroni.looks, patroni.moves) == (3, [])


def test_nobody_waits_for_ever(stop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "HANDOVER_SECONDS", 0.2)
    assert stop(Patroni("pg-0", set()), "pg-0") == "not handed over within the limit"


def test_of_two_a_replica_stops_at_once(stop: Any) -> None:
    assert stop(Patroni("pg-0", {"pg-1"}), "pg-1", ("pg-0", "pg-1")) == "no primary: nothing to hand over"

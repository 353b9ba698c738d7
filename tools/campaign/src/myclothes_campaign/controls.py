"""The shops that must lose: each does without one thing that keeps writes, and a campaign has to find it out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Control:
    """A shop with a weakness, and the kinds of fault that are likely to show it.

    `exposed_by` are the beginnings of kinds' names; none: any kind.
    """

    name: str
    without: str
    exposed_by: tuple[str, ...] = ()


CONTROLS = {
    control.name: control
    for control in (
        Control(
            "acknowledgements",
            "WAIT and min-replicas: carts are acknowledged by the primary alone",
            ("valkey primary frozen", "valkey replicas detached, then primary killed"),
        ),
        Control(
            "guard",
            "the rule of ADR 2: one replica's acknowledgement is enough",
            ("valkey primary frozen",),
        ),
        Control(
            "synchronous-commit",
            "synchronous replication of PostgreSQL",
            ("postgres replicas detached, then primary killed",),
        ),
        Control("operation-ids", "operation ids: a repeated change of a cart is done again"),
    )
}

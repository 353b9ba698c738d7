"""What a campaign has found so far, as a Markdown table by kind of fault."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

from myclothes_campaign.shoppers import GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from myclothes_campaign.states import Done, Plan, State

NAME = "report.md"


def write(state: State) -> None:
    """Write the report into the campaign's folder."""
    (state.folder / NAME).write_text(text(state.plan, state.done))


def text(plan: Plan, done: Sequence[Done]) -> str:
    """The report: totals, then a row a kind with the median and the longest gap of each group in seconds."""
    control = f", without {plan.control}" if plan.control else ""
    zones, freezes = sum(each.is_zone for each in done), sum(each.is_freeze for each in done)
    writes, requests = sum(each.acknowledged for each in done), sum(each.requests for each in done)
    violated, undecided = sum(bool(each.violations) for each in done), sum(each.undecided for each in done)
    head = [
        f"# Campaign on {plan.ground}{control}, seed {plan.seed}",
        "",
        f"{len(done)} faults from {_first(done)} to {_last(done)}, {zones} of zones, {freezes} freezes.",
        f"Asked for each second: {plan.rate:g} requests of all kinds and {plan.writes:g} more changes of carts.",
        f"Acknowledged writes: {writes:,}.",
        f"Requests of all kinds while faults were felt: {requests:,}.",
        f"Faults with violations: {violated}. Undecided histories: {undecided}.",
        "",
        "Seconds without a success, median / longest, the usual pause between two requests included.",
        "",
        "| fault | times | " + " | ".join(GROUPS) + " | violations |",
        "|---|--:|" + "--:|" * len(GROUPS) + "--:|",
    ]
    kinds: dict[str, list[Done]] = defaultdict(list)
    for each in done:
        kinds[each.kind].append(each)
    rows = [_row(kind, kinds[kind]) for kind in sorted(kinds, key=lambda kind: (" + " in kind, kind))]
    return "\n".join([*head, *rows, ""])


def _row(kind: str, done: Sequence[Done]) -> str:
    cells = []
    for group in GROUPS:
        gaps = [each.gaps[group] for each in done]
        cells.append(f"{median(gaps):.1f} / {max(gaps):.1f}")
    violations = sum(len(each.violations) for each in done)
    return f"| {kind} | {len(done)} | {' | '.join(cells)} | {violations} |"


def _first(done: Sequence[Done]) -> str:
    return done[0].began if done else "-"


def _last(done: Sequence[Done]) -> str:
    return done[-1].began if done else "-"

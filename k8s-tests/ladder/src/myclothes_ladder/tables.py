"""The measured figures as tables in Markdown; a rung without figures says so."""

from collections.abc import Callable, Mapping, Sequence

from myclothes_ladder.day import DEATH, QUIET, RETURN, ROLLOUT, SCALE_IN, STORE, SWITCH, ZONE
from myclothes_ladder.figures import Event, Figures
from myclothes_ladder.rungs import RUNGS

EVENTS = (QUIET, SWITCH, DEATH, ROLLOUT, SCALE_IN, STORE, ZONE, RETURN)
"""In the order of the day."""
ABSENT = "not measured yet"
NOTHING = "–"
SHOWN_LINES = (1, 10, 50, 100)


def all_tables(measured: Mapping[str, Figures]) -> str:
    """Everything that the paper shows as tables, headings included."""
    return "\n\n".join(
        (
            "### Carts lost of carts acknowledged",
            losses(measured),
            "### Seconds without a successful cart write, and failed requests",
            gaps(measured),
            "### What it costs",
            costs(measured),
        )
    )


def losses(measured: Mapping[str, Figures]) -> str:
    """A row an event, a column a rung."""
    return _by_event(measured, lambda event: f"{_strong(event.lost)} of {event.carts}")


def gaps(measured: Mapping[str, Figures]) -> str:
    """The longest pause between two successful cart writes, and how many requests of all kinds failed."""

    def cell(event: Event) -> str:
        gap = event.gaps_s["cart writes"]
        return f"{NOTHING if gap is None else f'{gap:.1f} s'}, {_strong(event.failed)} of {event.requests}"

    return _by_event(measured, cell)


def costs(measured: Mapping[str, Figures]) -> str:
    """A row a figure, a column a rung."""
    rows = [
        *(
            [f"{group}, p50 / p99 in ms", *(_latency(measured.get(name), group) for name in RUNGS)]
            for group in ("cart writes", "cart reads", "catalogue reads")
        ),
        ["CPU a request in ms, all pods", *(_cpu(measured.get(name)) for name in RUNGS)],
        *(
            [
                f"cookie bytes a request, {lines} {'line' if lines == 1 else 'lines'}",
                *(_weight(measured.get(name), lines) for name in RUNGS),
            ]
            for lines in SHOWN_LINES
        ),
        ["altered cart cookies refused", *(_forged(measured.get(name), "altered") for name in RUNGS)],
        ["others' cart cookies refused", *(_forged(measured.get(name), "of_others") for name in RUNGS)],
        ["own older cart cookies refused", *(_forged(measured.get(name), "older") for name in RUNGS)],
        ["requests in the day", *(_plain(measured.get(name), "requests") for name in RUNGS)],
        ["acknowledged writes", *(_plain(measured.get(name), "acknowledged_writes") for name in RUNGS)],
        ["violations that the ledger's checker found", *(_plain(measured.get(name), "violations") for name in RUNGS)],
        ["shoppers that it could not decide", *(_plain(measured.get(name), "undecided") for name in RUNGS)],
        ["shoppers whose end it could not read", *(_plain(measured.get(name), "unread") for name in RUNGS)],
        ["measured on", *(_plain(measured.get(name), "date") for name in RUNGS)],
    ]
    return _table(["", *RUNGS], rows)


def _by_event(measured: Mapping[str, Figures], cell: Callable[[Event], str]) -> str:
    rows = []
    for event in EVENTS:
        row = [event]
        for name in RUNGS:
            found = measured.get(name)
            here = [each for each in found.events if each.name == event] if found else []
            row.append(ABSENT if found is None else cell(here[0]) if here else NOTHING)
        rows.append(row)
    return _table(["", *RUNGS], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def _strong(count: int) -> str:
    return f"**{count}**" if count else "0"


def _latency(figures: Figures | None, group: str) -> str:
    if figures is None:
        return ABSENT
    latency = figures.latency_ms.get(group)
    return NOTHING if latency is None else f"{latency.p50:.0f} / {latency.p99:.0f}"


def _cpu(figures: Figures | None) -> str:
    return ABSENT if figures is None or not figures.cpu_ms else f"{sum(figures.cpu_ms.values()):.1f}"


def _weight(figures: Figures | None, lines: int) -> str:
    if figures is None:
        return ABSENT
    found = next((weight.cookie_bytes for weight in figures.weights if weight.lines == lines), None)
    return f"full at line {figures.full_at}" if found is None else str(found)


def _forged(figures: Figures | None, kind: str) -> str:
    if figures is None:
        return ABSENT
    if figures.forgeries is None:
        return NOTHING
    return f"{getattr(figures.forgeries, f'{kind}_refused')} of {getattr(figures.forgeries, kind)}"


def _plain(figures: Figures | None, name: str) -> str:
    return ABSENT if figures is None else str(getattr(figures, name))

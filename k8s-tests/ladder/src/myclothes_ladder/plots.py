"""The measured figures as SVG: the same figures give the same bytes."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from io import StringIO

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from myclothes_ladder.figures import Event, Figures
from myclothes_ladder.tables import EVENTS

mpl.use("svg")
COLOURS = ("#d55e00", "#e69f00", "#cc79a7", "#56b4e9", "#0072b2", "#009e73", "#777777", "#f0e442")
"""Okabe and Ito's, told apart also by those who do not tell red from green."""
INCHES = (10.0, 4.8)
GROUP_WIDTH = 0.8
LABEL_WIDTH = 14

Bars = Mapping[str, Sequence[float | None]]
"""Heights by the name of a series."""
Plot = Callable[[Mapping[str, Figures]], str]


def losses(measured: Mapping[str, Figures]) -> str:
    """Carts lost in percent of those acknowledged, by event and rung."""

    def part(event: Event) -> float | None:
        return 100 * event.lost / event.carts if event.carts else None

    return _drawn("Carts lost, in % of carts acknowledged", lambda axes: _by_event(axes, measured, part))


def gaps(measured: Mapping[str, Figures]) -> str:
    """Seconds without a successful cart write, by event and rung."""
    return _drawn(
        "Seconds without a successful cart write",
        lambda axes: _by_event(axes, measured, lambda event: event.gaps_s["cart writes"]),
    )


def weights(measured: Mapping[str, Figures]) -> str:
    """Cookie bytes a request by the lines of the cart."""

    def draw(axes: Axes) -> None:
        for place, (name, figures) in enumerate(measured.items()):
            lines = [weight.lines for weight in figures.weights]
            sizes = [weight.cookie_bytes for weight in figures.weights]
            axes.plot(lines, sizes, color=COLOURS[place], label=name, marker="o", markersize=3)
        axes.set_xlabel("lines in the cart")
        axes.set_ylim(bottom=0)

    return _drawn("Bytes of cookies a request, as the cart grows", draw)


def latencies(measured: Mapping[str, Figures]) -> str:
    """Median and 99th percentile of cart writes and reads on a quiet day, by rung."""

    def draw(axes: Axes) -> None:
        bars: dict[str, list[float | None]] = {}
        for group in ("cart writes", "cart reads"):
            found = [figures.latency_ms.get(group) for figures in measured.values()]
            bars[f"{group}, median"] = [latency.p50 if latency else None for latency in found]
            bars[f"{group}, 99th percentile"] = [latency.p99 if latency else None for latency in found]
        _groups(axes, list(measured), bars)

    return _drawn("Milliseconds while nothing happens", draw)


def cpu(measured: Mapping[str, Figures]) -> str:
    """CPU a request by component, stacked, by rung; nothing when no rung has it."""

    def draw(axes: Axes) -> None:
        below = [0.0] * len(measured)
        components = sorted({component for figures in measured.values() for component in figures.cpu_ms})
        for place, component in enumerate(components):
            heights = [figures.cpu_ms.get(component, 0.0) for figures in measured.values()]
            axes.bar(list(measured), heights, bottom=below, color=COLOURS[place], label=component)
            below = [base + height for base, height in zip(below, heights, strict=True)]

    if not any(figures.cpu_ms for figures in measured.values()):
        return ""
    return _drawn("CPU a request in ms, beyond what the idle shop takes", draw)


PLOTS: Mapping[str, Plot] = {"losses": losses, "gaps": gaps, "bytes": weights, "latencies": latencies, "cpu": cpu}
"""By the name of the file."""


def _by_event(axes: Axes, measured: Mapping[str, Figures], value: Callable[[Event], float | None]) -> None:
    bars = {}
    for name, figures in measured.items():
        found = {event.name: value(event) for event in figures.events}
        bars[name] = [found.get(event) for event in EVENTS]
    _groups(axes, [textwrap.fill(event, LABEL_WIDTH) for event in EVENTS], bars)


def _groups(axes: Axes, names: Sequence[str], bars: Bars) -> None:
    width = GROUP_WIDTH / max(1, len(bars))
    for place, (name, heights) in enumerate(bars.items()):
        shift = (place - (len(bars) - 1) / 2) * width
        places = [at + shift for at in range(len(names))]
        axes.bar(places, [height or 0.0 for height in heights], width, color=COLOURS[place], label=name)
    axes.set_xticks(range(len(names)), names)


def _drawn(title: str, draw: Callable[[Axes], None]) -> str:
    with mpl.rc_context(
        {
            "axes.axisbelow": True,
            "axes.grid": True,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "grid.color": "#dddddd",
            "svg.fonttype": "none",
            # ids in the file are made from this instead of a random number
            "svg.hashsalt": "myclothes",
        }
    ):
        figure = Figure(figsize=INCHES, layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(title, loc="left")
        draw(axes)
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside lower center", ncols=4, frameon=False)
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    # trailing blanks are trimmed by editors and checked by linters
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"

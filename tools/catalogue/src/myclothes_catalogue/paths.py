"""Outlines of garments: a left half written by hand, its right half mirrored."""

from __future__ import annotations

import re
from typing import NamedTuple

WIDTH, HEIGHT = 800, 1000
MIRROR = f"matrix(-1 0 0 1 {WIDTH} 0)"

_TOKEN = re.compile(r"[MLQC]|-?\d+(?:\.\d+)?")
_POINTS = {"M": 1, "L": 1, "Q": 2, "C": 3}

Point = tuple[float, float]


class Step(NamedTuple):
    """One drawing command with its points, the last of which is where the pen ends."""

    command: str
    points: tuple[Point, ...]


def parse(outline: str) -> list[Step]:
    """Read absolute M, L, Q and C commands; any other text raises ValueError."""
    tokens = _TOKEN.findall(outline)
    if "".join(tokens) != re.sub(r"[\s,]", "", outline):
        raise ValueError(f"not an outline of absolute M, L, Q and C commands: {outline}")
    steps: list[Step] = []
    at = 0
    while at < len(tokens):
        command = tokens[at]
        count = 2 * _POINTS[command]
        numbers = [float(token) for token in tokens[at + 1 : at + 1 + count]]
        steps.append(Step(command, tuple(zip(numbers[::2], numbers[1::2], strict=True))))
        at += 1 + count
    return steps


def _text(number: float) -> str:
    return f"{number:g}"


def _join(steps: list[Step]) -> str:
    return "".join(s.command + " ".join(f"{_text(x)} {_text(y)}" for x, y in s.points) for s in steps)


def symmetric(half: str, *, close: bool = True) -> str:
    """The whole outline from its left half, which runs from the middle line round to the middle line."""
    steps = parse(half)
    ends = [step.points[-1] for step in steps]
    back: list[Step] = []
    for index in range(len(steps) - 1, 0, -1):
        step = steps[index]
        points = (*reversed(step.points[:-1]), ends[index - 1])
        back.append(Step(step.command, tuple((WIDTH - x, y) for x, y in points)))
    start = ends[-1]
    if start[0] != WIDTH / 2:
        back.insert(0, Step("L", ((WIDTH - start[0], start[1]),)))
    return _join(steps + back) + ("Z" if close else "")


def open_line(half: str) -> str:
    """A line across both halves: from the left end over the middle to the right end."""
    steps = parse(half)
    ends = [step.points[-1] for step in steps]
    back: list[Step] = []
    for index in range(len(steps) - 1, 0, -1):
        points = (*reversed(steps[index].points[:-1]), ends[index - 1])
        back.append(Step(steps[index].command, tuple((WIDTH - x, y) for x, y in points)))
    return _join(steps + back)

"""Woven, printed and knitted patterns, as SVG patterns in one ink; one at most a picture, under the id p."""

from __future__ import annotations


def _tile(width: int, height: int, inside: str) -> str:
    return f'<pattern id="p" width="{width}" height="{height}" patternUnits="userSpaceOnUse">{inside}</pattern>'


def _line(d: str, width: float, opacity: float = 1) -> str:
    fade = f' opacity="{opacity:g}"' if opacity < 1 else ""
    return f'<path d="{d}" fill="none" stroke="{{ink}}" stroke-width="{width:g}"{fade}/>'


def _dots(places: list[tuple[int, int]], radius: int) -> str:
    return "".join(f'<circle cx="{x}" cy="{y}" r="{radius}"/>' for x, y in places)


_FLOWERS = _dots([(20, 14), (29, 21), (25, 31), (14, 31), (11, 21)], 7)
_BUDS = _dots([(62, 62), (68, 67), (65, 74), (58, 74), (56, 66)], 5)

PATTERNS = {
    "stripe": _tile(34, 34, _line("M0 9H34", 10)),
    "pinstripe": _tile(26, 26, _line("M13 0V26", 3)),
    "check": _tile(72, 72, _line("M0 18H72M18 0V72", 22, 0.45) + _line("M0 54H72M54 0V72", 4, 0.6)),
    "dot": _tile(44, 44, f'<g fill="{{ink}}">{_dots([(11, 11), (33, 33)], 5)}</g>'),
    "floral": _tile(84, 84, f'<g fill="{{ink}}">{_FLOWERS}{_BUDS}</g>'),
    "knit": _tile(22, 18, _line("M1 4L11 13L21 4", 3, 0.5)),
    "rib": _tile(16, 16, _line("M8 0V16", 4, 0.4)),
    "cable": _tile(
        80,
        60,
        _line("M26 0C26 20 54 20 54 40S26 60 26 60M54 0C54 20 26 20 26 40S54 60 54 60", 5, 0.45)
        + _line("M6 0V60M74 0V60", 3, 0.35),
    ),
    "quilt": _tile(70, 70, _line("M0 0L70 70M70 0L0 70", 3, 0.6)),
    "cord": _tile(12, 12, _line("M6 0V12", 4, 0.35)),
}
TEXTURES = {"knit", "rib", "cable", "quilt", "cord"}

"""A garment's picture as it is built up: parts with soft shading, seams, buttons, one backdrop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from myclothes_catalogue import colours
from myclothes_catalogue.paths import HEIGHT, MIRROR, WIDTH, open_line, symmetric
from myclothes_catalogue.patterns import PATTERNS, TEXTURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Tone = Literal["base", "light", "dark", "deep", "trim", "metal"]

_ZOOM = f"translate({-0.04 * WIDTH:g} {-0.062 * HEIGHT:g}) scale(1.08)"


class Drawing:
    """One picture in one colour. Parts are drawn in the order they are added."""

    def __init__(self, colour: str, *, pattern: str = "", trim: str = "") -> None:
        base = colours.SHADES[colour]
        pale = colours.brightness(base) > 0.85  # noqa: PLR2004 - whites need a fainter shade than colours
        self._tones: dict[str, str] = {
            "base": base,
            "light": colours.mix(base, "#ffffff", 0.16),
            "dark": colours.mix(base, "#1c1a24", 0.08 if pale else 0.15),
            "deep": colours.mix(base, "#1c1a24", 0.22 if pale else 0.36),
            "trim": colours.SHADES[trim] if trim else colours.mix(base, "#1c1a24", 0.08 if pale else 0.15),
            "metal": "#c9b27c",
        }
        dark_cloth = colours.brightness(base) < 0.3  # noqa: PLR2004 - ink that shows on dark cloth is light
        self._seam = colours.mix(base, "#ffffff", 0.28) if dark_cloth else colours.mix(base, "#1c1a24", 0.34)
        self._backdrop = colours.backdrop(colour)
        self._pattern = ""
        if pattern:
            if pattern in TEXTURES:
                ink = colours.mix(base, "#ffffff", 0.2) if dark_cloth else self._tones["deep"]
            elif trim:
                ink = colours.SHADES[trim]
            else:
                ink = colours.mix(base, ("#ffffff"), 0.72) if colours.brightness(base) < 0.55 else "#4a5a78"  # noqa: PLR2004
            self._pattern = PATTERNS[pattern].format(ink=ink)
        self._outlines: list[str] = []
        self._marks: list[str] = []
        self._shadow: list[str] = []
        self._mirrored: list[str] = []

    def part(
        self, outline: str, tone: Tone = "base", *, plain: bool = False, flat: bool = False, pair: bool = False
    ) -> None:
        """A closed piece of cloth; `pair` draws it again mirrored, `plain` without pattern, `flat` without shading."""
        name = f"a{len(self._outlines)}"
        self._outlines.append(f'<path id="{name}" d="{outline}"/>')
        layers = f'<use href="#{name}" fill="{self._tones[tone]}"/>'
        if self._pattern and not plain:
            layers += f'<use href="#{name}" fill="url(#p)"/>'
        if not flat:
            layers += f'<use href="#{name}" fill="url(#s)"/>'
            self._shadow.append(f'<use href="#{name}"/>')
        self._marks.append(layers)
        if pair:
            self._marks.append(f'<g transform="{MIRROR}">{layers}</g>')
            if not flat:
                self._mirrored.append(f'<use href="#{name}"/>')

    def body(self, half: str, tone: Tone = "base", *, plain: bool = False, flat: bool = False) -> None:
        """A symmetric piece of cloth from its left half."""
        self.part(symmetric(half), tone, plain=plain, flat=flat)

    def seam(self, line: str, *, width: float = 3, stitched: bool = False, pair: bool = False) -> None:
        """A thin line in the seam's ink."""
        dash = ' stroke-dasharray="9 7"' if stitched else ""
        mark = f'<path d="{line}" stroke="{self._seam}" stroke-width="{width:g}"{dash}/>'
        mirrored = f'<g transform="{MIRROR}">{mark}</g>' if pair else ""
        self._marks.append(f'<g fill="none" stroke-linecap="round" opacity=".7">{mark}{mirrored}</g>')

    def across(self, half: str, *, width: float = 3, stitched: bool = False) -> None:
        """A seam over both halves, from its left half (left end to middle line)."""
        self.seam(open_line(half), width=width, stitched=stitched)

    def band(self, line: str, tone: Tone, width: float) -> None:
        """A strip of cloth along a line: a rib collar, a strap, a lace."""
        self._marks.append(
            f'<path d="{line}" fill="none" stroke="{self._tones[tone]}" stroke-width="{width:g}"'
            ' stroke-linejoin="round"/>'
        )
        self._shadow.append(f'<path d="{line}" fill="none" stroke="#000" stroke-width="{width:g}"/>')

    def fold(self, line: str, *, pair: bool = True) -> None:
        """A soft crease."""
        mirrored = f'<path d="{line}" transform="{MIRROR}"/>' if pair else ""
        self._marks.append(
            '<g fill="none" stroke="#15131d" stroke-width="7" stroke-linecap="round" opacity=".07">'
            f'<path d="{line}"/>{mirrored}</g>'
        )

    def buttons(self, x: float, ys: list[float], *, radius: float = 8, tone: Tone | None = None) -> None:
        """Round buttons down a line."""
        fill = self._tones[tone] if tone else colours.mix(self._seam, "#ffffff", 0.25)
        dots = "".join(f"M{x:g} {y:g}h0" for y in ys)
        self._marks.append(
            f'<path d="{dots}" stroke="{fill}" stroke-width="{2 * radius:g}" stroke-linecap="round" opacity=".9"/>'
        )

    def ribs(self, xs: Iterable[float], top: float, bottom: float, *, width: float = 2.5, pair: bool = False) -> None:
        """Upright seams side by side, as ribbed cloth has them."""
        self.seam("".join(f"M{x:g} {top:g}V{bottom:g}" for x in xs), width=width, pair=pair)

    def repeat(self, draw: Callable[[], None], places: list[tuple[float, float, float]]) -> None:
        """What `draw` adds, once at each place (dx, dy, scale about the picture's middle): a pair of shoes."""
        marks, shadow = self._marks, self._shadow
        self._marks, self._shadow = [], []
        draw()
        self._outlines.append(f'<g id="m">{"".join(self._marks)}</g><g id="h">{"".join(self._shadow)}</g>')
        self._marks, self._shadow = marks, shadow
        for dx, dy, scale in places:
            x, y = dx + WIDTH / 2 * (1 - scale), dy + HEIGHT / 2 * (1 - scale)
            move = f'transform="translate({x:g} {y:g}) scale({scale:g})"'
            self._marks.append(f'<use href="#m" {move}/>')
            self._shadow.append(f'<use href="#h" {move}/>')

    def svg(self) -> str:
        """The finished picture."""
        mirrored = f'<g transform="{MIRROR}">{"".join(self._mirrored)}</g>' if self._mirrored else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
            '<defs><linearGradient id="s"><stop stop-color="#fff" stop-opacity=".13"/>'
            '<stop offset=".45" stop-color="#fff" stop-opacity="0"/>'
            '<stop offset="1" stop-color="#15131d" stop-opacity=".16"/>'
            '</linearGradient><radialGradient id="b" cy=".42" r=".75"><stop stop-color="#fff" stop-opacity=".55"/>'
            '<stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>'
            '<filter id="f" x="-.2" y="-.2" width="1.4" height="1.4"><feGaussianBlur stdDeviation="16"/></filter>'
            f"{self._pattern}{''.join(self._outlines)}</defs>"
            f'<path fill="{self._backdrop}" d="M0 0H{WIDTH}V{HEIGHT}H0z"/>'
            f'<path fill="url(#b)" d="M0 0H{WIDTH}V{HEIGHT}H0z"/>'
            f'<g transform="{_ZOOM}"><g filter="url(#f)" opacity=".2" transform="translate(12 22)">'
            f"{''.join(self._shadow)}{mirrored}</g>"
            f"{''.join(self._marks)}</g></svg>\n"
        )

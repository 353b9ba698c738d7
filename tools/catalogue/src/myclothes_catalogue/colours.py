"""The season's colours, their shades, and the calm background each of them stands on."""

from __future__ import annotations

SHADES = {
    "Black": "#313135",
    "Charcoal": "#50545a",
    "Grey": "#a9acae",
    "White": "#faf8f4",
    "Ecru": "#efe6d4",
    "Sand": "#d8c5a4",
    "Camel": "#bd8f5c",
    "Brown": "#70503b",
    "Cognac": "#a0623a",
    "Navy": "#313f5e",
    "Blue": "#5580b0",
    "Sky": "#adc9df",
    "Denim": "#6482a3",
    "Indigo": "#3a4c73",
    "Teal": "#33706f",
    "Forest": "#3a5c46",
    "Olive": "#757750",
    "Sage": "#a9b79b",
    "Mustard": "#d6a642",
    "Rust": "#b75f41",
    "Red": "#b84141",
    "Burgundy": "#74303f",
    "Rose": "#dc9f9c",
    "Blush": "#eed2c8",
    "Lilac": "#bbacd0",
    "Plum": "#6a4a68",
}

_WARM = {"Camel", "Brown", "Cognac", "Mustard", "Rust", "Red", "Burgundy", "Rose", "Blush", "Sand"}
_PALE = {"White", "Ecru"}
_COOL_TINT, _WARM_TINT, _DEEP_TINT, _NEUTRAL_TINT = "#e3e9ea", "#f1e9de", "#d3d8d3", "#ebe6e1"
_NEUTRAL = {"Black", "Charcoal", "Grey", "Lilac"}


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(colour: str, other: str, share: float) -> str:
    """`colour` with `share` (0 to 1) of `other` in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def brightness(colour: str) -> float:
    """0 for black to 1 for white, by the Rec. 709 weights."""
    red, green, blue = _channels(colour)
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def backdrop(name: str) -> str:
    """The tint behind a garment of this colour: warm behind cool ones, cool behind warm ones."""
    if name in _PALE:
        return _DEEP_TINT
    if name in _NEUTRAL:
        return _NEUTRAL_TINT
    return _COOL_TINT if name in _WARM else _WARM_TINT

"""The cuts the catalogue draws, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_catalogue.shapes import accessories, bottoms, coats, dresses, shoes, tops

if TYPE_CHECKING:
    from collections.abc import Callable

    from myclothes_catalogue.drawing import Drawing

CUTS: dict[str, Callable[[Drawing], None]] = {
    name: cut for module in (tops, bottoms, dresses, coats, shoes, accessories) for name, cut in module.CUTS.items()
}

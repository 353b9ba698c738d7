"""Which of a product's pictures shows a variant."""

from __future__ import annotations

from myclothes_shop.domain.catalogue import Picture, showing

PICTURES = [
    Picture(src=f"/static/{name}.svg", alt=f"Shirt in {name}", width=800, height=1000) for name in ("sky", "navy")
]


def test_a_variant_is_shown_in_its_colour():
    assert showing(PICTURES, {"Size": "M", "Colour": "Navy"}) == PICTURES[1]


def test_without_a_picture_of_its_colour_the_first_one_is_shown():
    assert showing(PICTURES, {"Colour": "Rust"}) == PICTURES[0]
    assert showing(PICTURES, {"Size": "Sky"}) == PICTURES[0]
    assert showing([], {"Colour": "Navy"}) is None

"""A product's variants as the choices of its page."""

from __future__ import annotations

import pytest

from myclothes_gateway.models import Facets, Money, Option, Picture, Product, Summary, SummaryPage, Variant
from myclothes_gateway.pages.catalogue import groups, product_page, search


def variant(sku, available=5, **options):
    return Variant(sku, options, Money(1990, "EUR"), None, available)


def product(options, variants, pictures=()):
    return Product("tee", "Tee", "", "MyClothes", None, list(pictures), options, variants)


def picture(alt):
    return Picture("/static/pictures/x.svg", alt, 800, 1000)


def test_variants_are_grouped_by_colour_with_their_pictures():
    found = groups(
        product(
            [Option("Size", ["S", "M"]), Option("Colour", ["Navy", "White"])],
            [
                variant("ns", Size="S", Colour="Navy"),
                variant("nm", 0, Size="M", Colour="Navy"),
                variant("ws", 0, Size="S", Colour="White"),
            ],
            [picture("Tee in navy"), picture("Tee in white")],
        )
    )
    assert [(group.colour, [choice.label for choice in group.choices], group.available) for group in found] == [
        ("Navy", ["S", "M"], True),
        ("White", ["S"], False),
    ]
    assert [group.pictures[0].alt for group in found] == ["Tee in navy", "Tee in white"]


def test_without_colours_all_variants_are_one_group():
    found = groups(product([Option("Size", ["S"]), Option("Fit", ["Slim"])], [variant("a", Size="S", Fit="Slim")]))
    assert [(group.colour, group.choices[0].label) for group in found] == [("", "S / Slim")]


def test_a_single_variant_has_nothing_to_choose():
    found = groups(product([Option("Title", ["Default Title"])], [variant("a", Title="Default Title")], [picture("")]))
    assert found[0].choices[0].label == ""
    assert found[0].pictures == [picture("")]


def test_a_missing_size_is_told_where_it_is_chosen(request_of):
    found = product([Option("Size", ["S", "M"])], [variant("s", Size="S"), variant("m", Size="M")])
    fine = product_page(request_of("/products/tee"), found).body.decode()
    wrong = product_page(request_of("/products/tee"), found, errors={"sku-0": "Choose a size"}).body.decode()
    for text in ('aria-describedby="sku-0-error"', 'id="sku-0-error"'):
        assert (text in fine, text in wrong) == (False, True)


class Catalogue:
    """A list with one product, and what it was asked for."""

    def __init__(self, price):
        self._product = Summary("tee", "Tee", "MyClothes", None, None, price, price, [], available=True)
        self.queries = []

    async def products(self, query):
        self.queries.append(query)
        return SummaryPage([self._product])

    async def facets(self, _q, _category):
        return Facets([], [], [])


@pytest.mark.parametrize(
    ("currency", "low", "high"), [("EUR", 3990, 400_000), ("JPY", 40, 4000), ("KWD", 39_900, 4_000_000)]
)
async def test_prices_are_typed_in_the_currency_of_the_list(request_of, currency, low, high):
    catalogue = Catalogue(Money(3990, currency))
    await search(request_of("/search", "min=39.90&max=4000&q=tee", catalogue=catalogue))
    shown = catalogue.queries[-1]
    assert (shown.q, shown.min_price, shown.max_price, shown.limit) == ("tee", low, high, 24)


async def test_a_list_without_prices_is_asked_for_once(request_of):
    catalogue = Catalogue(Money(3990, "EUR"))
    await search(request_of("/search", "q=tee", catalogue=catalogue))
    assert [(query.min_price, query.max_price) for query in catalogue.queries] == [(None, None)]

"""Home, lists of products and a product."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from myclothes_gateway.inputs import ProductQuery
from myclothes_gateway.pages import forms, wording
from myclothes_gateway.pages.views import PAGE_CACHING, page
from myclothes_gateway.services import services
from myclothes_gateway.sessions import current

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from myclothes_gateway.catalogue import Catalogue
    from myclothes_gateway.models import Product, Variant

HOME_PRODUCTS = 8
PAGE_PRODUCTS = 24
MAX_TEXT = 60
COLOUR_NAMES = frozenset({"colour", "color", "farbe", "couleur", "colore", "kleur"})
LAST_PIECES = 3
SORTS = {"": "Best match", "newest": "Newest", "price": "Price, low to high", "-price": "Price, high to low"}


async def home(request: Request) -> Response:
    catalogue = services(request).catalogue
    newest, facets = await asyncio.gather(
        catalogue.products(ProductQuery(sort="newest", limit=HOME_PRODUCTS)), catalogue.facets()
    )
    return page(request, "home.html", caching=PAGE_CACHING, products=newest.items, categories=facets.categories)


async def search(request: Request) -> Response:
    return await _list(request, request.query_params.get("category", ""))


async def category(request: Request) -> Response:
    return await _list(request, request.path_params["slug"])


async def _list(request: Request, slug: str) -> Response:
    typed = {name: request.query_params.get(name, "").strip()[:MAX_TEXT] for name in ("q", "size", "colour")}
    prices = {name: request.query_params.get(name, "").strip()[:MAX_TEXT] for name in ("min", "max")}
    sort = request.query_params.get("sort", "")
    query = ProductQuery(
        q=typed["q"],
        category=slug[:MAX_TEXT],
        size=typed["size"],
        colour=typed["colour"],
        sort=sort if sort in {"newest", "price", "-price"} else None,  # type: ignore[arg-type]  # narrowed by the set
        cursor=request.query_params.get("cursor", "")[:500],
        limit=PAGE_PRODUCTS,
    )
    catalogue = services(request).catalogue
    if any(prices.values()):
        query = await _within(catalogue, query, prices)
    found, facets = await asyncio.gather(catalogue.products(query), catalogue.facets(query.q, query.category))
    filters = {**typed, **prices, "sort": query.sort or "", "category": query.category}
    chosen = next((item for item in facets.categories if item.slug == query.category), None)

    def link(**changes: str) -> str:
        """The same list with other filters, from its first page."""
        left = {name: value for name, value in {**filters, **changes}.items() if value}
        slug = left.pop("category", "")
        path = f"/categories/{slug}" if slug else "/search"
        return f"{path}?{urlencode(left)}" if left else path

    return page(
        request,
        "search.html",
        caching=PAGE_CACHING,
        products=found.items,
        facets=facets,
        chosen=chosen,
        filters=filters,
        narrowed=any(filters[name] for name in ("size", "colour", "min", "max")),
        sorts=SORTS,
        link=link,
        more=link(cursor=found.next) if found.next else None,
        first=not query.cursor,
    )


async def _within(catalogue: Catalogue, query: ProductQuery, prices: dict[str, str]) -> ProductQuery:
    """`query` for prices from `min` to `max`, as typed: in the currency of the first product that it finds."""
    found = await catalogue.products(msgspec.structs.replace(query, cursor="", limit=1))
    if not found.items:
        return query
    currency = found.items[0].price_from.currency
    low, high = (wording.minor_units(prices[name], currency) for name in ("min", "max"))
    return msgspec.structs.replace(query, min_price=low, max_price=high)


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to have a product: a variant and what is left to say once the colour is chosen."""

    variant: Variant
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    """The variants of one colour (or all of them), with the pictures that show it."""

    colour: str
    choices: list[Choice]
    pictures: list[Any]

    @property
    def available(self) -> bool:
        return any(choice.variant.available for choice in self.choices)


def groups(product: Product) -> list[Group]:
    """A product's variants by colour, in the order of its options."""
    name = next((option.name for option in product.options if option.name.lower() in COLOUR_NAMES), None)
    by_colour: dict[str, list[Choice]] = {}
    for variant in product.variants:
        rest = [value for key, value in variant.options.items() if key != name and value != "Default Title"]
        by_colour.setdefault(variant.options.get(name or "", ""), []).append(Choice(variant, " / ".join(rest)))
    return [Group(colour, choices, _showing(product, colour)) for colour, choices in by_colour.items()]


def _showing(product: Product, colour: str) -> list[Any]:
    """The pictures whose description names the colour; all of them where none does."""
    named = [picture for picture in product.pictures if colour and colour.lower() in picture.alt.lower()]
    return named or product.pictures


async def product(request: Request) -> Response:
    found = await services(request).catalogue.product(request.path_params["handle"])
    return product_page(request, found, colour=request.query_params.get("colour", ""))


def product_page(
    request: Request,
    found: Product,
    *,
    colour: str = "",
    sku: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """A product with its choices; `colour` and `sku` are those already made."""
    current(request).ensure()  # two quick first adds meet in one cart
    all_groups = groups(found)
    chosen = next(
        (index for index, group in enumerate(all_groups) if group.colour.lower() == colour.lower() and colour),
        next((index for index, group in enumerate(all_groups) if group.available), 0),
    )
    return page(
        request,
        "product.html",
        status,
        product=found,
        groups=all_groups,
        chosen=chosen,
        sku=sku,
        sizes=next((o.name for o in found.options if o.name.lower() not in COLOUR_NAMES and o.name != "Title"), "Size"),
        available=any(group.available for group in all_groups),
        last_pieces=LAST_PIECES,
        errors=errors or {},
        form_id=forms.new_id(),
    )

"""Browsing over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from myclothes_kit import bodies
from myclothes_shop.domain.catalogue import FacetSearch, Search, Skus
from myclothes_shop.handlers.answers import tagged

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from myclothes_shop.service.catalogue import Catalogue


async def products(request: Request) -> Response:
    """A page of products."""
    return tagged(request, await _catalogue(request).page(bodies.query(request, Search)))


async def product(request: Request) -> Response:
    """A product."""
    return tagged(request, await _catalogue(request).product(request.path_params["handle"]))


async def facets(request: Request) -> Response:
    """What a search can be narrowed by."""
    return tagged(request, await _catalogue(request).facets(bodies.query(request, FacetSearch)))


async def variants(request: Request) -> Response:
    """The variants of a cart."""
    return tagged(request, await _catalogue(request).variants(bodies.query(request, Skus).sku))


def _catalogue(request: Request) -> Catalogue:
    catalogue: Catalogue = request.state.catalogue
    return catalogue


ROUTES = [
    Route("/v1/products", products),
    Route("/v1/products/{handle}", product),
    Route("/v1/facets", facets),
    Route("/v1/variants", variants),
]

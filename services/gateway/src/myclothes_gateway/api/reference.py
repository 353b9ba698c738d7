"""The page to read the API's document: made on the server, nothing fetched from elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from myclothes_gateway.api.openapi import document
from myclothes_gateway.api.operations import PREFIX
from myclothes_kit import bodies

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

DAY = "public, max-age=86400"


def routes(cookie: str, origin: str) -> list[BaseRoute]:
    """The document, its page and the page's style sheet, rendered once."""
    described = document(cookie, origin=origin)
    environment = Environment(loader=PackageLoader(__package__, "reference"), autoescape=True)
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}
    page = environment.get_template("reference.html").render(
        document=described, calls=_calls(described), shown=lambda value: json.dumps(value, indent=2)
    )
    styles = environment.get_template("reference.css").render()

    async def openapi(_request: Request) -> Response:
        return bodies.json(described, headers={"Cache-Control": "public, max-age=300"})

    async def reference(_request: Request) -> Response:
        return HTMLResponse(page)

    async def stylesheet(_request: Request) -> Response:
        return Response(styles, media_type="text/css", headers={"Cache-Control": DAY})

    return [
        Route(f"{PREFIX}/", reference, name="apiReference"),
        Route(f"{PREFIX}/openapi.json", openapi),
        Route(f"{PREFIX}/reference.css", stylesheet),
    ]


def _calls(described: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The operations by their group."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            call = {"path": path, "method": method.upper(), **operation}
            groups.setdefault(operation["tags"][0], []).append(call)
    return groups

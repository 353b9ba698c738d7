"""The gateway's application: edge, API, pages and static files over the services."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Route

from myclothes_gateway import pages
from myclothes_gateway.api import operations, reference
from myclothes_gateway.assets import Assets
from myclothes_gateway.carts.cookie import CartCookieCodec
from myclothes_gateway.cookies import Cookies
from myclothes_gateway.edge import Edge
from myclothes_gateway.resources import open_services
from myclothes_gateway.sessions.codec import SessionCodec
from myclothes_gateway.sessions.keyring import Keyring
from myclothes_kit import app as kit_app
from myclothes_kit.health import Readiness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from myclothes_gateway.settings import GatewaySettings
    from myclothes_kit.problems import Problem

STATIC = Path(__file__).parent / "static"
COMPRESS_FROM_BYTES = 1024
STARTING = "starting"


def create_app(settings: GatewaySettings, readiness: Readiness | None = None) -> Starlette:
    """The application. Raises OSError or KeyringInvalidError when the signing keys cannot be read."""
    readiness = readiness or Readiness()
    readiness.block(STARTING)
    keyring = Keyring(settings.signing_keys_file)
    sessions = SessionCodec(keyring, settings.session_days)
    cookies = Cookies(sessions, secure=settings.secure, days=settings.session_days)
    carts_in_cookies = CartCookieCodec(keyring, settings.session_days, cookies.cart_overhead)
    if settings.carts == "cookie":
        cookies.keep_carts(carts_in_cookies)
    assets = Assets(STATIC)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with open_services(settings, sessions, carts_in_cookies, assets) as services:
            readiness.unblock(STARTING)
            yield {"services": services}

    app = kit_app.create(
        settings,
        [
            *operations.routes(),
            *compressed(reference.routes(cookies.session_name, settings.public_origin)),
            assets.route(),
            *compressed(pages.routes()),
        ],
        readiness=readiness,
        lifespan=lifespan,
        problem_response=show_problem,
    )
    # inside the kit's layer, which gives the request its id, bounds its body and measures it
    app.user_middleware.append(Middleware(Edge, settings=settings, cookies=cookies, show=show_problem))
    return app


def compressed(routes: list[BaseRoute]) -> list[BaseRoute]:
    """`routes` with answers that gzip makes smaller compressed."""
    for route in routes:
        if isinstance(route, Route | Mount):
            route.app = GZipMiddleware(route.app, minimum_size=COMPRESS_FROM_BYTES)
    return routes


def show_problem(request: Request, problem: Problem) -> Response:
    """A failure as its reader wants it: a page for a browser's page, else a problem document."""
    path = request.url.path
    if not path.startswith((operations.PREFIX, "/static")) and "text/html" in request.headers.get("accept", ""):
        return pages.show_problem(request, problem)
    return problem.response()

"""A service's ASGI application: its routes, and what every service does alike around them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route

from myclothes_kit.middleware import RequestLayer
from myclothes_kit.problems import (
    BadRequest,
    Internal,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    Problem,
    UnsupportedMediaType,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import Request

    from myclothes_kit.health import Readiness
    from myclothes_kit.settings import ServiceSettings

_OF_STATUS: dict[int, type[Problem]] = {
    cls.status: cls for cls in (BadRequest, NotFound, MethodNotAllowed, PayloadTooLarge, UnsupportedMediaType)
}


def create(
    settings: ServiceSettings,
    routes: Sequence[BaseRoute],
    *,
    readiness: Readiness,
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[Mapping[str, Any]]],
    problem_response: Callable[[Request, Problem], Response] | None = None,
) -> Starlette:
    """The application of a service.

    `lifespan` opens the resources and yields the mapping that handlers read from `request.state`; until it has
    yielded the replica is unready. `problem_response` shows a failure in another form than problem+json
    (the gateway's pages).
    """
    show = problem_response or (lambda _request, problem: problem.response())

    async def livez(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_request: Request) -> Response:
        if readiness.ready:
            return PlainTextResponse("ok")
        return PlainTextResponse("\n".join(readiness.reasons), HTTPStatus.SERVICE_UNAVAILABLE)

    async def on_problem(request: Request, error: Exception) -> Response:
        if not isinstance(error, Problem):  # Starlette calls this for Problem only
            raise error
        return show(request, error)

    async def on_http_exception(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        response = show(request, _OF_STATUS.get(error.status_code, Internal)())
        response.headers.update(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            response.headers["Allow"] = ", ".join(sorted(_allowed(request, routes)))
        return response

    return Starlette(
        routes=[Route("/livez", livez), Route("/readyz", readyz), *routes],
        middleware=[Middleware(RequestLayer, settings=settings)],
        exception_handlers={Problem: on_problem, HTTPException: on_http_exception},
        lifespan=lifespan,
    )


def _allowed(request: Request, routes: Sequence[BaseRoute]) -> set[str]:
    """The methods of all routes of this path: Starlette's own answer names those of the first one only."""
    return {
        method
        for route in routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }

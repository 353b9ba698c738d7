"""Answers with ETags."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

    from myclothes_shop.service.catalogue import Rendered


def tagged(request: Request, rendered: Rendered) -> Response:
    """The answer, or 304 when the caller has it already (RFC 9110, 13.1.2)."""
    headers = {"ETag": rendered.etag, "Cache-Control": "no-cache"}
    if _has(request.headers.get("if-none-match", ""), rendered.etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(rendered.body, headers=headers, media_type="application/json")


def _has(if_none_match: str, etag: str) -> bool:
    held = (one.strip().removeprefix("W/") for one in if_none_match.split(","))
    return any(one in (etag, "*") for one in held)

"""Failures as the caller sees them: `application/problem+json` (RFC 9457), one class a failure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from starlette.responses import Response

from myclothes_kit import request_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

MEDIA_TYPE = "application/problem+json"


class FieldError(msgspec.Struct, frozen=True):
    """One wrong field of a payload: a dotted path (`address.postal_code`, `lines[2].sku`), a code, a sentence."""

    field: str
    code: str
    message: str


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """A failure with a status, a stable `code` and texts that a caller may read.

    Subclasses fix `status`, `code` and `title`. `retry_after` (seconds) becomes the Retry-After header;
    `extra` are further members of the document.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"
    retry_after_default: ClassVar[float | None] = None

    def __init__(
        self, detail: str = "", *, errors: Sequence[FieldError] = (), retry_after: float | None = None, **extra: Any
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.retry_after = self.retry_after_default if retry_after is None else retry_after
        self.extra = extra

    def document(self, request_id: str | None = None) -> dict[str, Any]:
        """The members of the problem document."""
        return {
            "type": f"urn:myclothes:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id or request_ids.current.get(),
            "errors": self.errors,
            **self.extra,
        }

    def headers(self) -> dict[str, str]:
        """Headers that go with the document."""
        return {} if self.retry_after is None else {"Retry-After": str(max(1, math.ceil(self.retry_after)))}

    def response(self) -> Response:
        """The whole answer."""
        return Response(
            msgspec.json.encode(self.document()), self.status, headers=self.headers(), media_type=MEDIA_TYPE
        )


class BadRequest(Problem):
    status, code, title = 400, "bad_request", "The request cannot be parsed"


class Unauthorized(Problem):
    status, code, title = 401, "unauthorized", "You are not logged in"


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "This is not allowed"


class NotFound(Problem):
    status, code, title = 404, "not_found", "There is nothing here"


class MethodNotAllowed(Problem):
    status, code, title = 405, "method_not_allowed", "This method is not allowed here"


class Conflict(Problem):
    status, code, title = 409, "conflict", "The state has changed meanwhile"


class PayloadTooLarge(Problem):
    status, code, title = 413, "payload_too_large", "The body is too large"


class UnsupportedMediaType(Problem):
    status, code, title = 415, "unsupported_media_type", "The body is not of a supported type"


class Unprocessable(Problem):
    status, code, title = 422, "invalid", "The payload breaks a rule"


class TooManyRequests(Problem):
    status, code, title = 429, "too_many_requests", "Too many requests"
    retry_after_default = 1.0


class Unavailable(Problem):
    status, code, title = 503, "unavailable", "The service cannot promise an answer now"
    retry_after_default = 1.0


class Internal(Problem):
    """An unexpected failure: its text stays in the log."""

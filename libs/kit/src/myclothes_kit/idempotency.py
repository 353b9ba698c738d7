"""Operation ids: a write carries one and applies at most once, however often it is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from myclothes_kit.problems import BadRequest, FieldError

if TYPE_CHECKING:
    from starlette.requests import Request

HEADER = "Idempotency-Key"
PATTERN = r"^[A-Za-z0-9._:-]{8,128}$"
_PATTERN = re.compile(PATTERN.removesuffix("$") + r"\Z")


class OperationIdMissing(BadRequest):
    code, title = "idempotency_key_missing", "A write needs an operation id"


class OperationIdInvalid(BadRequest):
    code, title = "idempotency_key_invalid", "The operation id is malformed"


def operation_id(request: Request) -> str:
    """The write's operation id from its Idempotency-Key header; raises a 400 when missing or malformed."""
    value = request.headers.get(HEADER)
    if value is None:
        raise OperationIdMissing(
            f"Send a unique {HEADER} with each write, and the same one when you repeat it.",
            errors=[FieldError(HEADER, "missing", "this header is required")],
        )
    if not _PATTERN.match(value):
        raise OperationIdInvalid(
            f"{HEADER} takes 8 to 128 of A-Z a-z 0-9 . _ : -",
            errors=[FieldError(HEADER, "invalid", "8 to 128 of A-Z a-z 0-9 . _ : -")],
        )
    return value

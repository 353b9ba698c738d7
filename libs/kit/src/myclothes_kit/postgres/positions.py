"""The position that a request asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_kit.positions import HEADER, Position
from myclothes_kit.postgres.errors import PositionInvalid
from myclothes_kit.problems import FieldError

if TYPE_CHECKING:
    from starlette.requests import Request


def requested(request: Request) -> Position | None:
    """The position that the answer must have reached, from the request's header; raises PositionInvalid (400)."""
    text = request.headers.get(HEADER)
    if text is None:
        return None
    try:
        return Position.parse(text)
    except ValueError as error:
        raise PositionInvalid(
            f"{HEADER} is what an earlier answer carried, such as 1/0/16B3748.",
            errors=[FieldError(HEADER, "invalid", "timeline/high/low, the last two in hexadecimal")],
        ) from error

"""What another service answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from myclothes_kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")
FIRST_REFUSAL = 400


class AnswerInvalid(Problem):
    """Another service answered something outside its contract."""

    status, code, title = 502, "upstream_invalid", "Another part of the shop answered unexpectedly"


class Headers:
    """An answer's headers by name, looked up without regard to case; of a repeated one the last."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str]) -> None:
        """`fields` by lower-case names."""
        self._fields = fields

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of a header, `default` without it."""
        return self._fields.get(name.lower(), default)

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._fields


@dataclass(slots=True)
class Answer:
    """A complete answer."""

    status: int
    headers: Headers
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the request was not refused."""
        return self.status < FIRST_REFUSAL

    def json(self, shape: type[T]) -> T:
        """The body as a `shape`; raises AnswerInvalid when it is none."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise AnswerInvalid from error

    def retry_after(self) -> float | None:
        """Seconds of its Retry-After header; None without one (a date is not used between our services)."""
        value = self.headers.get("Retry-After")
        return float(value) if value is not None and value.isdigit() else None

"""Many values as one parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


def any_of(column: sa.ColumnElement[T], values: Iterable[T]) -> sa.ColumnElement[bool]:
    """Whether `column` is one of `values`, given as one array.

    `IN` would be another statement for each number of values, and every connection would have to prepare each.
    """
    return column == sa.any_(sa.literal(list(values), ARRAY(column.type)))

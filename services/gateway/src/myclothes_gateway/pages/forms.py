"""Forms in: their fields, their id, and the operation that a form with these fields is."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from myclothes_kit.problems import Problem, UnsupportedMediaType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

T = TypeVar("T")
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
MAX_FIELDS = 2_000
"""A cart of hundreds of lines carries several hidden fields a line through the checkout."""
_FORM_ID = re.compile(r"[0-9a-f]{32}")
_PLACE = re.compile(r" - at `\$\.?(?P<field>[a-z0-9_]+)`")
_MISSING = re.compile(r"field `(?P<field>[a-z0-9_]+)`")

_SENTENCES = {
    "email": "Enter an e-mail address, such as name@example.com",
    "password": "Choose a password of 8 to 128 characters",  # nosec B105 - a sentence about one
    "current_password": "Enter your current password",  # nosec B105 - likewise
    "name": "Enter a name",
    "line1": "Enter street and house number",
    "city": "Enter a town or city",
    "country": "Choose a country",
    "postal_code": "Enter a postal code",
    "quantity": "Enter a number from 0 to 99",
    "sku": "Choose a size",
}


def new_id() -> str:
    """The hidden id of a form that is about to be shown."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Form:
    """What a shopper sent: the last value of each field, without surrounding blanks (passwords untouched)."""

    fields: Mapping[str, str]
    many: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The form's hidden id; a fresh one when what came is none of ours."""
        given = self.fields.get("form", "")
        return given if _FORM_ID.fullmatch(given) else new_id()

    def get(self, name: str) -> str:
        """A field's value; empty when it was not sent."""
        return self.fields.get(name, "")

    def operation(self, what: str, payload: object) -> str:
        """The operation id of `payload` sent by this form.

        The same form sent twice is one operation; going back and sending it with another choice is another one.
        """
        text = msgspec.json.encode([what, payload], order="deterministic")
        return f"{what}:{hmac.new(self.id.encode(), text, sha256).hexdigest()[:40]}"


async def read(request: Request) -> Form:
    """The request's form. Raises UnsupportedMediaType (415) for a body that is none."""
    if not request.headers.get("content-type", "").startswith(FORM_TYPES):
        raise UnsupportedMediaType("Send the form as it is on the page.")
    async with request.form(max_files=0, max_fields=MAX_FIELDS) as data:
        many: dict[str, list[str]] = {}
        for name, value in data.multi_items():
            if isinstance(value, str):
                many.setdefault(name, []).append(value if "password" in name else value.strip())
    return Form({name: values[-1] for name, values in many.items()}, many)


class Refused(Exception):  # noqa: N818 - a refusal of input, caught by the form's own page
    """Fields that break a rule, by name, with a sentence each."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


def convert(values: Mapping[str, Any], shape: type[T]) -> T:
    """`values` as a `shape`; raises Refused naming every field that breaks the shape's rules."""
    errors: dict[str, str] = {}
    left = dict(values)
    while True:
        try:
            found = msgspec.convert(left, shape)
        except msgspec.ValidationError as error:
            match = _PLACE.search(str(error)) or _MISSING.search(str(error))
            name = match["field"] if match else ""
            if not name or name in errors:
                raise Refused(errors or {"": "Something in this form is not right"}) from error
            errors[name] = _SENTENCES.get(name, "This does not look right")
            left[name] = _fitting(name)
        else:
            if errors:
                raise Refused(errors)
            return found


_FITTING = {"country": "DE", "sku": "sku"}


def _fitting(name: str) -> str | int:
    """A value that breaks no rule, so that the next wrong field is found as well."""
    return 1 if name == "quantity" else _FITTING.get(name, "fitting words")


def field_errors(problem: Problem) -> dict[str, str]:
    """A problem's errors by the form's field names (`address.city` and `city` are the same field)."""
    found: dict[str, str] = {}
    for error in problem.errors:
        name = error.field.rpartition(".")[2]
        found.setdefault(name, error.message[:1].upper() + error.message[1:])
    return found

"""Which passwords are taken."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib.resources import files

from myclothes_kit.problems import FieldError, Unprocessable

MIN_CHARACTERS, MAX_CHARACTERS = 8, 128


def normalised(password: str) -> str:
    """The password as it is hashed: NFKC, so that every keyboard's spelling of a character counts as the same."""
    return unicodedata.normalize("NFKC", password)


def checked(password: str) -> str:
    """The normalised new password; raises Unprocessable (422) when it is too short, too long or too common."""
    password = normalised(password)
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise _refusal("length", f"a password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters")
    if password.lower() in _common():
        raise _refusal("too_common", "this password is one of the most common ones; choose another")
    return password


def _refusal(code: str, message: str) -> Unprocessable:
    return Unprocessable(f"password: {message}", errors=[FieldError("password", code, message)])


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    text = (files("myclothes_users") / "data" / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(text.splitlines())

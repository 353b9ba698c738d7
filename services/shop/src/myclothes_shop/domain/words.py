"""Slugs, skus and the words of a search: one spelling of a text wherever two are compared."""

from __future__ import annotations

import hashlib
import re
import unicodedata

SKU_LENGTH = 64
HANDLE_LENGTH = 100
WORD_LENGTH = 40
MAX_QUERY_WORDS = 12
_SKU = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_HANDLE = re.compile(r"[a-z0-9-]{1,100}\Z")
_NOT_SKU = re.compile(r"[^A-Za-z0-9._-]+")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_WORD = re.compile(r"[^\W_]+")
# clean HTML holds no other < and &
_TAG = re.compile(r"<[^>]*>|&[a-z0-9#]{1,10};")
_DIGEST_LENGTH = 8


def fold(text: str) -> str:
    """`text` without case and accents, as it is searched: `Crème` and `creme` are one word."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    """The folded words of `text`, in order, none longer than 40 characters."""
    return [word[:WORD_LENGTH] for word in _WORD.findall(fold(text))]


def query_words(text: str) -> list[str]:
    """The different words of a search, in order; more than 12 say no more than 12 do."""
    return list(dict.fromkeys(words(text)))[:MAX_QUERY_WORDS]


def slug(text: str) -> str:
    """`text` for an address: lower-case ASCII letters, digits and single hyphens, at most 100 characters.

    A text without any of these (another script) becomes a digest of itself; blank stays blank.
    """
    made = _NOT_SLUG.sub("-", fold(text)).strip("-")
    if not made and text.strip():
        return digest(text)
    return made[:HANDLE_LENGTH].strip("-")


def is_handle(text: str) -> bool:
    """Whether a product can have this handle."""
    return bool(_HANDLE.match(text))


def is_sku(text: str) -> bool:
    """Whether `text` can be used as a sku as it is."""
    return bool(_SKU.match(text))


def sku_of(given: str) -> str:
    """The sku for one written in a feed: the same where possible, else cleaned and told apart by a digest."""
    if is_sku(given):
        return given
    return _with_digest(_NOT_SKU.sub("-", given).strip("-"), given)


def sku_for(handle: str, options: dict[str, str]) -> str:
    """A sku for a variant that has none: the same for the same handle (a slug) and option values, in any order.

    Slugs hold no double hyphen, so that the readable form is unique unless a value lost something on the way to its
    slug; then a digest tells it apart.
    """
    values = [options[name].casefold() for name in sorted(options)]
    readable = "--".join([handle, *(slug(value) for value in values)])
    if all(slug(value) == value for value in values) and is_sku(readable):
        return readable
    return _with_digest(readable, "\0".join([handle, *values]))


def digest(text: str) -> str:
    """Eight hex digits that stand for `text`."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_LENGTH // 2).hexdigest()


def _with_digest(readable: str, exact: str) -> str:
    kept = readable[: SKU_LENGTH - _DIGEST_LENGTH - 1].strip("-")
    return f"{kept}-{digest(exact)}" if kept else digest(exact)


def without_tags(html: str) -> str:
    """The text of clean HTML, tags and entities left out: for searching, not for showing."""
    return _TAG.sub(" ", html)

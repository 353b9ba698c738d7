"""The ring of signing keys, read from a file and read again when it changes."""

from __future__ import annotations

import hmac
import time
from hashlib import sha256
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAC_BYTES = 16
MIN_KEY_CHARACTERS = 32
MAX_KEYS = 8
CHECK_SECONDS = 5.0
"""How often the file is looked at."""
RESTORED = "restored-"
"""How a key begins that joins the ring when the databases are restored from a backup."""
_log = structlog.get_logger()


class KeyringInvalidError(ValueError):
    """The file of signing keys holds no usable ring."""


class Keyring:
    """Signs with the newest key, accepts any of the ring.

    `purpose` keeps one kind of signature from passing for another. Raises KeyringInvalidError or OSError when the first
    reading fails; a later one that fails leaves the ring as it was.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._stamp = self._stat()
        self._checked = clock()
        self._keys, self._restored = _parse(path.read_text(encoding="ascii"))

    def sign(self, purpose: bytes, data: bytes) -> bytes:
        """The MAC of `data` under the newest key, 16 bytes of HMAC-SHA-256."""
        return _mac(self._current()[0], purpose, data)

    def verify(self, purpose: bytes, data: bytes, mac: bytes) -> int | None:
        """The place in the ring (0: newest) of the key that signed; None when none did."""
        for place, key in enumerate(self._current()):
            if hmac.compare_digest(_mac(key, purpose, data), mac):
                return place
        return None

    def restored_since(self, place: int) -> bool:
        """Whether the databases were restored after the key at `place`, which `verify` has just found, was the newest.

        What was seen under that key may be of a history that the databases no longer have.
        """
        return any(self._restored[:place])

    def _current(self) -> tuple[bytes, ...]:
        now = self._clock()
        if now - self._checked >= CHECK_SECONDS:
            self._checked = now
            self._reload()
        return self._keys

    def _reload(self) -> None:
        try:
            stamp = self._stat()
            if stamp == self._stamp:
                return
            self._keys, self._restored = _parse(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            _log.error("signing_keys_unreadable", reason=type(error).__name__)
            return
        self._stamp = stamp
        _log.info("signing_keys_read", keys=len(self._keys))

    def _stat(self) -> tuple[int, int, int]:
        stat = self._path.stat()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _mac(key: bytes, purpose: bytes, data: bytes) -> bytes:
    return hmac.digest(key, purpose + b"\0" + data, "sha256")[:MAC_BYTES]


def _parse(text: str) -> tuple[tuple[bytes, ...], tuple[bool, ...]]:
    """The keys, and for each whether a restore brought it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= MAX_KEYS:
        raise KeyringInvalidError(f"the file takes 1 to {MAX_KEYS} keys, one a line, newest first")
    if any(len(line) < MIN_KEY_CHARACTERS for line in lines):
        raise KeyringInvalidError(f"a signing key has at least {MIN_KEY_CHARACTERS} characters")
    return tuple(sha256(line.encode()).digest() for line in lines), tuple(line.startswith(RESTORED) for line in lines)

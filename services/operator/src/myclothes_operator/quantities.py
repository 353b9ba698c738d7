"""Kubernetes' quantities and durations, as numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_SUFFIXES = {
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}
_QUANTITY = re.compile(r"([0-9.]+(?:e[0-9]+)?)([a-zA-Z]*)")
_DURATION = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")


def quantity(text: str | float) -> float:
    """`250m` as 0.25, `1Gi` as 1073741824; raises ValueError."""
    found = _QUANTITY.fullmatch(str(text))
    if found is None or found[2] not in _SUFFIXES:
        raise ValueError(f"{text!r} is no quantity")
    return float(found[1]) * _SUFFIXES[found[2]]


def duration(text: str) -> float:
    """`1h30m` as 5400 seconds; raises ValueError."""
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        raise ValueError(f"{text!r} is no duration such as 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def moment(text: str) -> float:
    """Seconds since the epoch of `2026-01-31T12:00:00Z`."""
    return datetime.fromisoformat(text).timestamp()


def stamp(seconds: float) -> str:
    """The reverse of `moment`, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

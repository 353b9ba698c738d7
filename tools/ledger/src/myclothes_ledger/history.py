"""The history: an append-only file of JSON lines that outlives the process that writes it.

Each line is one record, an array that begins with its kind. Times are seconds of the machine's monotonic clock (`at`)
and of its wall clock (`wall`).
"""

from __future__ import annotations

import os
import time
from pathlib import Path  # noqa: TC003 - msgspec reads the annotations of this module
from typing import TYPE_CHECKING, Literal, Self

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

NAME = "history.jsonl"
FORMAT = 1
NO_CONNECTION = "no connection"
"""How the reason of a request begins that never left."""
_CHUNK = 1 << 20

Kind = Literal[
    "home",
    "category",
    "product",
    "search",
    "cart",
    "orders",
    "addresses",
    "account",
    "add",
    "set",
    "remove",
    "register",
    "login",
    "logout",
    "address",
    "checkout",
    "cancel",
]
Outcome = Literal["ok", "refused", "unknown"]
Lines = dict[str, int]
"""A cart's or an order's quantities by sku."""


class HistoryError(Exception):
    """The history cannot be used; the text says why and what to do."""


class Placed(Struct, frozen=True, array_like=True, gc=False):
    """An order as an answer shows it."""

    number: str
    status: str
    lines: Lines


class Saw(Struct, frozen=True, omit_defaults=True):
    """What an answer showed. `version` and `lines` are a cart's, `address` maps address ids to first lines."""

    version: int | None = None
    lines: Lines | None = None
    orders: tuple[Placed, ...] | None = None
    account: str | None = None
    addresses: dict[str, str] | None = None
    code: str | None = None
    """The problem document's, of a refusal."""


class Begun(Struct, frozen=True, array_like=True, tag="run"):
    """A start of the run; `run` is the same for all starts on one history and tells its shoppers from other runs'."""

    at: float
    wall: float
    run: str
    urls: tuple[str, ...]
    rate: float
    seed: int
    mode: str
    format: int = FORMAT


class Stock(Struct, frozen=True, array_like=True, tag="stock"):
    """What there is to buy and to look at, and the units `left` of each sku before anything was bought.

    `handles` are the products' by sku.
    """

    at: float
    wall: float
    left: Lines
    handles: dict[str, str]
    categories: tuple[str, ...]
    words: tuple[str, ...]


class Sent(Struct, frozen=True, array_like=True, tag="sent"):
    """A write on its way, noted before the first byte leaves.

    `cart` names the cart that it goes to as the shopper knows it: a guest's (`p7.g1`) or an account's (`p7.a`).
    `subject` is a sku, an order's number or an address' id, `text` an e-mail or an address' first line.
    """

    op: str
    attempt: int
    at: float
    wall: float
    person: int
    browser: str
    cart: str
    kind: Kind
    subject: str = ""
    quantity: int = 0
    text: str = ""


class Call(Struct, frozen=True, array_like=True, tag="call"):
    """A request with its answer, or without one (status 0, `reason` says why, beginning with NO_CONNECTION if it never
    left).

    `cookies` are those that the answer set. `late` is how late the client itself sent it, in seconds.
    """

    op: str
    attempt: int
    sent: float
    at: float
    wall: float
    person: int
    browser: str
    cart: str
    kind: Kind
    status: int
    outcome: Outcome
    reason: str = ""
    saw: Saw | None = None
    cookies: dict[str, str] | None = None
    url: int = 0
    late: float = 0.0

    @property
    def seconds(self) -> float:
        """From the request's first byte to the answer's last."""
        return self.at - self.sent

    @property
    def never_left(self) -> bool:
        """Whether nobody can have received it: no connection was made for it."""
        return not self.status and self.reason.startswith(NO_CONNECTION)


class Mark(Struct, frozen=True, array_like=True, tag="mark"):
    """Something that was done to the shop, e.g. "zone b killed"."""

    at: float
    wall: float
    text: str


class Ended(Struct, frozen=True, array_like=True, tag="end"):
    """The run's orderly end; `lag` is the longest time for which the client was held up, in seconds."""

    at: float
    wall: float
    lag: float


Record = Begun | Stock | Sent | Call | Mark | Ended
_decode = msgspec.json.Decoder(Record).decode


class History:
    """The file in a folder, opened for appending; one writer at a time, beside those who only mark."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_APPEND | os.O_CREAT | os.O_RDWR, 0o600)
        self._encode = msgspec.json.Encoder().encode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def repair(self) -> int:
        """Cut off a last line that a killed writer left without its end; returns how many bytes that were."""
        size = os.fstat(self._file).st_size
        end = size
        while end > 0:
            start = max(0, end - _CHUNK)
            found = os.pread(self._file, end - start, start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end != size:
            os.ftruncate(self._file, end)
        return size - end

    def write(self, record: Record) -> None:
        """Append one record. It outlives this process from here on; no promise about the machine."""
        os.write(self._file, self._encode(record) + b"\n")  # one call a line: another process may append as well


def read(folder: Path) -> Iterator[Record]:
    """All records in order; a last line without its end counts as not written.

    Raises HistoryError for a missing or damaged file.
    """
    path = folder / NAME
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield _decode(line)
                except msgspec.DecodeError as error:
                    raise HistoryError(f"{path}, line {number}, is damaged: {error}") from error
    except FileNotFoundError:
        raise HistoryError(f"there is no history in {folder}: give the folder that `run` was given") from None


def has_ended(folder: Path) -> bool:
    """Whether the run has come to its orderly end, for one who waits for it; read from the end of the file."""
    path = folder / NAME
    if not path.is_file():
        return False
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _CHUNK))
        tail = file.read()
    return tail.rfind(b'\n["end",') > tail.rfind(b'\n["run",')


def mark(folder: Path, text: str) -> None:
    """Note `text` in the history, also while `run` writes it."""
    if not (folder / NAME).is_file():
        raise HistoryError(f"there is no history in {folder}: start `run` first")
    with History(folder) as history:
        history.write(Mark(time.monotonic(), time.time(), text))

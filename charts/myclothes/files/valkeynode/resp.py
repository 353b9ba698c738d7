"""A blocking connection to a Valkey or Sentinel: just enough of RESP 2 for the few commands that are needed here."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

CONNECT_SECONDS = 0.3
REPLY_SECONDS = 0.5

Reply = str | int | list["Reply"] | None


class RefusedError(Exception):
    """The server answered with an error; its first word is the code."""


class AwayError(Exception):
    """Nobody answers there, or not in time."""


class Connection:
    """One connection, logged in when a user is given; raises AwayError or RefusedError."""

    def __init__(
        self, host: str, port: int, user: str | None = None, password: str = "", reply_seconds: float = REPLY_SECONDS
    ) -> None:
        try:
            self._socket = socket.create_connection((host, port), CONNECT_SECONDS)
        except OSError as error:
            raise AwayError(f"{host}:{port}: {error}") from error
        self._socket.settimeout(reply_seconds)
        self._file = self._socket.makefile("rb")
        if user is not None:
            try:
                self.call("AUTH", user, password)
            except BaseException:
                self.close()
                raise

    def call(self, *words: str | int) -> Reply:
        """The reply to one command. After an AwayError the connection is of no further use."""
        parts = [str(word).encode() for word in words]
        packed = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        try:
            self._socket.sendall(packed)
            return self._read()
        except (OSError, ValueError) as error:
            raise AwayError(str(error)) from error

    def close(self) -> None:
        """Close it."""
        self._file.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> Reply:
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise AwayError("the connection was closed")
        sign, rest = line[:1], line[1:-2]
        if sign == b"+":
            return rest.decode()
        if sign == b"-":
            raise RefusedError(rest.decode())
        if sign == b":":
            return int(rest)
        length = int(rest)
        if length < 0:
            return None
        if sign == b"*":
            return [self._read() for _ in range(length)]
        return self._file.read(length + 2)[:-2].decode()

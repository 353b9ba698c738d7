"""Names resolved once: no look-up happens while a zone dies, with the DNS pod that may be in it."""

from __future__ import annotations

import asyncio
import socket

RESOLVE_SECONDS = 3.0


class Addresses:
    """The addresses of Services, which stay as long as the Services do."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    async def of(self, host: str) -> str:
        """The address of `host`; raises OSError or TimeoutError."""
        if host not in self._known:
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            self._known[host] = str(found[0][4][0])
        return self._known[host]

    def forget(self) -> None:
        """Nobody answers at any of them: perhaps the Services were made anew."""
        self._known.clear()

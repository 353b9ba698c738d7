"""Free ports on loopback."""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"

# Below the range Linux gives to outgoing connections, so that a killed server finds its port free when it returns.
_PORTS = range(20_000, 32_000)
_ATTEMPTS = 200
_random = random.SystemRandom()
_given: set[int] = set()


def free_port() -> int:
    """A port nobody listens on now. Another process may still take it first: starts are retried with another one."""
    for _ in range(_ATTEMPTS):
        port = _random.choice(_PORTS)
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise OSError(f"no free port between {_PORTS.start} and {_PORTS.stop} on {HOST}")


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True

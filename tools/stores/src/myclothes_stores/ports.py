"""Free ports on loopback."""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"

# Below the range Linux gives to outgoing connections, so that a killed server finds its port free when it returns.
_PORTS = range(20_000, 32_000)
_ATTEMPTS = 200
_random = random.SystemRandom()


def free_port() -> int:
    """A port nobody listens on now, given to no other caller on this machine until this process ends.

    A program that does not ask here may still take it first; a Valkey or PostgreSQL server then starts on another one.
    """
    for _ in range(_ATTEMPTS):
        port = _random.choice(_PORTS)
        if is_free(port) and _claim(port):
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


def _claim(port: int) -> bool:
    """Whether nobody has been given the port: one process can hold a socket's name, whoever else tries."""
    with socket.socket(socket.AF_UNIX) as claim:
        try:
            claim.bind(f"\0myclothes-port-{port}")  # in Linux' abstract namespace: no file stays behind
        except OSError:
            return False
        claim.detach()  # the descriptor stays open: the process's end gives the name back
    return True

"""helm test: what a pod without an edge may not reach, it does not reach; its control is the edge that it has."""

from __future__ import annotations

import os
import socket
import sys

CONNECT_SECONDS = 3.0


def reaches(place: str) -> bool:
    """Whether a connection opens."""
    host, _, port = place.partition(":")
    try:
        with socket.create_connection((host, int(port)), CONNECT_SECONDS):
            return True
    except OSError:
        return False


def main() -> None:
    """Exits with what is wrong."""
    allowed, denied = os.environ["ALLOWED"], os.environ["DENIED"].split(",")
    if not reaches(allowed):
        sys.exit(f"the control {allowed} cannot be reached")
    print(f"{allowed} is reached, as it should be")  # noqa: T201 - the test's log
    for place in denied:
        if reaches(place):
            sys.exit(f"{place} is reached although no edge leads there: does the network plugin enforce policies?")
        print(f"{place} is not reached, as it should be")  # noqa: T201


if __name__ == "__main__":
    main()

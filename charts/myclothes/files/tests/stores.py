"""helm test: each store has one primary and as many replicas in step as it should."""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TextIO

CALL_SECONDS = 5.0


def sentinel(place: str, question: str, name: str) -> list[Any]:
    """A Sentinel's answer to a question about the primary of this name."""
    host, _, port = place.partition(":")
    with socket.create_connection((host, int(port)), CALL_SECONDS) as connection:
        connection.settimeout(CALL_SECONDS)
        connection.sendall(f"SENTINEL {question} {name}\r\n".encode())
        answer = read(connection.makefile("r", newline="\r\n"))
    if not isinstance(answer, list):
        sys.exit(f"{place}: {answer}")
    return answer


def read(lines: TextIO) -> Any:
    """One answer of the protocol RESP2: a list of answers, or a text."""
    first = lines.readline().strip()
    if first.startswith("*"):
        return [read(lines) for _ in range(int(first[1:]))]
    return lines.readline().strip() if first.startswith("$") else first


def fields(words: list[str]) -> dict[str, str]:
    """A flat list of names and values."""
    return dict(zip(words[::2], words[1::2], strict=True))


def valkey(places: list[str], name: str) -> None:
    """All Sentinels name the same primary, and see all of its replicas follow it."""
    primaries = set()
    for place in places:
        primary = fields(sentinel(place, "MASTER", name))
        primaries.add(f"{primary['ip']}:{primary['port']}")
        replicas = [fields(each) for each in sentinel(place, "REPLICAS", name)]
        states = sorted(f"{each['flags']}, link {each['master-link-status']}" for each in replicas)
        if primary["flags"] != "master" or states != ["slave, link ok"] * (len(places) - 1):
            sys.exit(f"valkey, says {place}: the primary is {primary['flags']}, its replicas are {states}")
    if len(primaries) != 1:
        sys.exit(f"the Sentinels disagree: {sorted(primaries)}")
    print(f"valkey: primary {primaries.pop()}, {len(places) - 1} replicas")  # noqa: T201 - the test's log


def postgres(hosts: list[str]) -> None:
    """Patroni has one leader, and the others stream from it."""
    with urllib.request.urlopen(f"http://{hosts[0]}/cluster", timeout=CALL_SECONDS) as answer:
        members = json.load(answer)["members"]
    states = sorted((member["role"], member["state"]) for member in members)
    leaders = [role for role, state in states if role == "leader" and state == "running"]
    streaming = [role for role, state in states if role != "leader" and state == "streaming"]
    if len(leaders) != 1 or len(streaming) != len(hosts) - 1:
        sys.exit(f"postgres: {states}")
    print(f"postgres: one leader, {len(streaming)} streaming")  # noqa: T201


def main() -> None:
    """Exits with what is wrong; a store that is another's is not looked at."""
    if places := os.environ.get("SENTINELS"):
        valkey(places.split(","), os.environ["PRIMARY_NAME"])
    if hosts := os.environ.get("PATRONI"):
        postgres(hosts.split(","))


if __name__ == "__main__":
    main()

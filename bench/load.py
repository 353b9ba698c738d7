"""Two ways to send requests: wrk as fast as it goes, for capacity, and an open model, for latency.

In the open model requests arrive at a constant rate whether or not earlier ones were answered, and latency counts from
the moment a request was due: a server that stalls is charged for all who would have come meanwhile.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import subprocess
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from myclothes_stores.ports import HOST

if TYPE_CHECKING:
    from bench.cases import Case, Request
    from bench.stack import Stack

CAPACITY_SECONDS = 4
LATENCY_SECONDS = 4.0
LATENCY_SHARE = 0.7
MAX_OPEN_RATE = 4000.0
"""What the open-model sender manages on its own core; faster servers are measured for capacity only."""
ANSWER_SECONDS = 5.0

SCRIPT = """
local id, run = 0, "%(run)s"
local variants = {
%(variants)s
}
function request()
  id = id + 1
  local v = variants[id %% #variants + 1]
  if v.write then v.headers["Idempotency-Key"] = run .. id end
  return wrk.format(v.method, v.path, v.headers, v.body)
end
"""


@dataclass(frozen=True)
class Capacity:
    """What a saturated core does: requests a second, and CPU microseconds a request by part."""

    rate: float
    cpu: dict[str, float]
    failed: int


def capacity(stack: Stack, case: Case) -> Capacity:
    """Send as fast as answers come back, for CAPACITY_SECONDS."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "requests.lua"
        script.write_text(SCRIPT % {"run": secrets.token_hex(8), "variants": _lua(case)}, encoding="utf-8")
        url = f"http://{HOST}:{stack.ports[case.target]}"
        command = [
            "wrk",
            "-t1",
            f"-c{case.connections}",
            f"-d{CAPACITY_SECONDS}s",
            "--timeout",
            "5s",
            "-s",
            str(script),
        ]
        before = stack.cpu()
        output = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
        after = stack.cpu()
    found = re.search(r"(\d+) requests in ([\d.]+)s", output)
    if found is None:
        raise SystemExit(f"{case.name}: {output}")
    answered = int(found[1])
    failed = sum(int(number) for number in re.findall(r"(?:Non-2xx or 3xx responses: |timeout )(\d+)", output))
    used = {part: (after[part] - before[part]) * 1e6 / max(answered, 1) for part in case.parts}
    return Capacity(answered / float(found[2]), used, failed)


def _lua(case: Case) -> str:
    def headers(request: Request) -> str:
        return ", ".join(f"[{key!r}] = {value!r}" for key, value in request.headers.items())

    return "\n".join(
        f"  {{method = {r.method!r}, path = {r.path!r}, headers = {{{headers(r)}}}, body = {r.body!r},"
        f" write = {'true' if case.writes else 'false'}}},"
        for r in case.variants
    )


@dataclass(frozen=True)
class Latency:
    """Milliseconds at a share of capacity."""

    p50: float
    p99: float
    failed: int


def latency(stack: Stack, case: Case, rate: float) -> Latency:
    """Requests due at `rate` a second for LATENCY_SECONDS."""
    return uvloop.run(_OpenModel(stack.ports[case.target], case).run(rate))


class _OpenModel:
    def __init__(self, port: int, case: Case) -> None:
        self._port = port
        self._idle: deque[_Connection] = deque()
        run = secrets.token_hex(8)
        self._messages = [_message(request, run, n if case.writes else None) for n, request in enumerate(case.variants)]
        self._milliseconds: list[float] = []
        self._failed = 0

    async def run(self, rate: float) -> Latency:
        start = time.perf_counter() + 0.1
        tasks = []
        for number in range(int(rate * LATENCY_SECONDS)):
            due = start + number / rate
            ahead = due - time.perf_counter()
            if ahead > 0:
                await asyncio.sleep(ahead)
            tasks.append(asyncio.ensure_future(self._send(due, number)))
        await asyncio.wait(tasks, timeout=ANSWER_SECONDS)
        self._failed += sum(not task.done() for task in tasks)
        for connection in self._idle:
            connection.close()
        self._milliseconds.sort()
        count = len(self._milliseconds)
        return Latency(self._milliseconds[count // 2], self._milliseconds[count * 99 // 100], self._failed)

    async def _send(self, due: float, number: int) -> None:
        head, tail = self._messages[number % len(self._messages)]
        connection = self._idle.pop() if self._idle else await self._open()
        status = await connection.exchange(head + b"%d" % number + tail if tail else head)
        self._milliseconds.append((time.perf_counter() - due) * 1000)
        self._failed += not 200 <= status < 300
        if connection.is_open:
            self._idle.append(connection)

    async def _open(self) -> _Connection:
        _, connection = await asyncio.get_running_loop().create_connection(_Connection, HOST, self._port)
        return connection


def _message(request: Request, run: str, number: int | None) -> tuple[bytes, bytes]:
    """A request as bytes; for a write in two parts, between which its count makes the operation id unique."""
    body = request.body.encode()
    lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {HOST}"]
    lines += [f"{key}: {value}" for key, value in request.headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    if number is None:
        return "\r\n".join([*lines, "", ""]).encode() + body, b""
    return "\r\n".join([*lines, f"Idempotency-Key: {run}-{number}-"]).encode(), b"\r\n\r\n" + body


class _Connection(asyncio.Protocol):
    """One request at a time; every server here sends Content-Length."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # a TCP connection's is an asyncio.Transport

    def exchange(self, message: bytes) -> asyncio.Future[int]:
        """Send; the future gives the answer's status, 0 when the connection ended first."""
        self._answer = asyncio.get_running_loop().create_future()
        self._buffer.clear()
        if self._transport is not None:
            self._transport.write(message)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0 or self._answer is None or self._answer.done():
            return
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", self._buffer[: head + 2])
        if len(self._buffer) >= head + 4 + (int(length[1]) if length else 0):
            self._answer.set_result(int(self._buffer[9:12]))

    def connection_lost(self, _error: Exception | None) -> None:
        self.is_open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(0)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

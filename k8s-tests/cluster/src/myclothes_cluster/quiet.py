"""When a zone got its last request: its pods' own counts, read again and again while something else goes on."""

import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Self

from myclothes_cluster.pods import Pods
from myclothes_rig.errors import CommandError
from myclothes_rig.waiting import wait_for

METRICS = {"gateway": 9080, "cart": 9081, "users": 9082, "shop": 9083}
QUIET_SECONDS = 12.0
"""A zone without a new request for this long has none any more: connections live for 10 s at most."""
LIMIT_SECONDS = 120.0
COUNT_SECONDS = 1.0
"""Between two readings of the pods' request counts."""
FETCH = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:{}/{}').read().decode())"
"""What a pod's Python says of a page of its own metrics port."""
_COUNT = re.compile(r'^http_request_seconds_count\{[^}]*route="([^"]*)"[^}]*\} ([0-9.e+]+)$', re.MULTILINE)
_PROBES = {"/livez", "/readyz"}


class Quiet:
    """The services' pods in a zone, whose requests are counted while it is entered as a context manager."""

    def __init__(self, pods: Pods, zone: str) -> None:
        self._pods = pods
        self._ports = {
            pod.name: METRICS[component] for component in METRICS for pod in pods.by_zone(component).get(zone, ())
        }
        self._pool = ThreadPoolExecutor(len(self._ports) + 1)
        self._counts: dict[str, float] = {}
        self._last = self._whole = float("-inf")
        self._ended = Event()
        self._reading: Future[None]

    def __enter__(self) -> Self:
        wait_for("every pod to tell its count", self._read, seconds=LIMIT_SECONDS)
        self._reading = self._pool.submit(self._read_on)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._pool.shutdown()

    def await_last(self, since: float, seconds: float = LIMIT_SECONDS) -> float:
        """The seconds from `since` (monotonic) until the last new request was seen: late by a reading at most."""

        def quiet() -> bool:
            if self._reading.done():
                self._reading.result()
            return self._whole - self._last > QUIET_SECONDS

        wait_for("the zone to get no request any more", quiet, seconds=seconds, diagnosis=lambda: f"{self._counts}")
        return self._last - since

    def _read_on(self) -> None:
        while not self._ended.wait(COUNT_SECONDS):
            self._read()

    def _read(self) -> bool:
        """Read all counts once; whether every pod has told its own."""
        begun = time.monotonic()
        counts = dict(zip(self._ports, self._pool.map(self._count, self._ports), strict=True))
        told = {name: count for name, count in counts.items() if count is not None}
        if any(count > self._counts.get(name, 0.0) for name, count in told.items()):
            self._last = time.monotonic()
        self._counts |= told
        if told.keys() == counts.keys():
            self._whole = begun
            return True
        return False

    def _count(self, pod: str) -> float | None:
        try:
            text = self._pods.run(pod, "python", "-c", FETCH.format(self._ports[pod], "metrics"))
        except CommandError:
            return None
        return sum(float(count) for route, count in _COUNT.findall(text) if route not in _PROBES)

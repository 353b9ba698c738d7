"""Prints one table: requests a second, CPU a request, latency, memory; then the goals beside the results."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.cases import Case, all_cases
from bench.load import LATENCY_SHARE, MAX_OPEN_RATE, Capacity, Latency, capacity, latency
from bench.stack import LOAD_CORE, SERVER_CORE, Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 3
CORES = 2
SERVICES = ("gateway", "cart", "users", "shop")


@dataclass(frozen=True)
class Row:
    """Medians of RUNS runs of one case."""

    case: Case
    rate: float
    cpu: dict[str, float]
    p50: float | None
    p99: float | None
    failed: int

    @property
    def total(self) -> float:
        """CPU microseconds a request over all parts."""
        return sum(self.cpu.values())


def measure(stack: Stack, case: Case) -> Row:
    """One case, RUNS times."""
    capacities: list[Capacity] = []
    latencies: list[Latency] = []
    for _ in range(RUNS):
        capacities.append(capacity(stack, case))
        rate = capacities[-1].rate * LATENCY_SHARE
        if rate <= MAX_OPEN_RATE:
            latencies.append(latency(stack, case, rate))
    return Row(
        case,
        rate=statistics.median(each.rate for each in capacities),
        cpu={part: statistics.median(each.cpu[part] for each in capacities) for part in case.parts},
        p50=statistics.median(each.p50 for each in latencies) if latencies else None,
        p99=statistics.median(each.p99 for each in latencies) if latencies else None,
        failed=sum(each.failed for each in capacities) + sum(each.failed for each in latencies),
    )


def show(row: Row) -> str:
    """One line of the table."""
    late = f"{row.p50:7.1f} {row.p99:7.1f}" if row.p50 is not None else "      -       -"
    parts = " + ".join(f"{part} {microseconds:.0f}" for part, microseconds in row.cpu.items())
    failed = f"  FAILED {row.failed}" if row.failed else ""
    return f"{row.case.name:<30} {row.rate:8.0f} {row.total:9.0f} {late}   {parts}{failed}"


@dataclass(frozen=True)
class Goal:
    """A figure, and the limit it should keep."""

    what: str
    value: float
    limit: float
    at_least: bool = False

    def __str__(self) -> str:
        met = self.value >= self.limit if self.at_least else self.value <= self.limit
        sign = "≥" if self.at_least else "≤"
        return f"  {'met   ' if met else 'MISSED'} {self.what}: {self.value:.2f} ({sign} {self.limit:g})"


def goals(rows: dict[str, Row], memory: dict[str, float]) -> Iterator[Goal]:
    """The goals whose rows were measured."""

    def ratio(above: str, below: str) -> float:
        return rows[above].total / rows[below].total

    if {"cart read, gateway", "cart read, nginx in front"} <= rows.keys():
        against_nginx = ratio("cart read, gateway", "cart read, nginx in front")
        yield Goal("cart read through the gateway, CPU ÷ nginx in front of the cart service", against_nginx, 2)
        yield Goal(
            "cart read through the gateway, a second a core", rows["cart read, gateway"].rate, 2000, at_least=True
        )
    if {"cart add, acknowledged", "cart add, no acknowledgement"} <= rows.keys():
        price = ratio("cart add, acknowledged", "cart add, no acknowledgement")
        yield Goal("acknowledged add, CPU ÷ unacknowledged", price, 1.5)
    if "cart add, gateway" in rows:
        rate = rows["cart add, gateway"].rate
        yield Goal("acknowledged add through the gateway, a second a core", rate, 1000, at_least=True)
    if "product page, warm" in rows:
        yield Goal("product page warm, CPU ms", rows["product page, warm"].total / 1000, 1)
    for name, mebibytes in memory.items():
        yield Goal(f"memory of {name} after the run, MiB", mebibytes, 100)


def main() -> None:
    """Measure and print; `--only TEXT` keeps the cases whose name has TEXT."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    only = parser.parse_args().only
    for program in ("nginx", "wrk"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is missing: apt-get install nginx-light wrk")
    if (os.cpu_count() or 1) < CORES:
        raise SystemExit("two cores are needed: one for what is measured, one for the load")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()}")
    print(f"everything measured on core {SERVER_CORE}, the load on core {LOAD_CORE}; medians of {RUNS} runs;")
    print(f"p50 and p99 in ms at {LATENCY_SHARE:.0%} of capacity, open model; CPU in µs a request\n")
    print(f"{'':<30} {'req/s':>8} {'CPU':>9} {'p50':>7} {'p99':>7}   by process", flush=True)
    rows: dict[str, Row] = {}
    with Stack() as stack:
        for case in all_cases(stack):
            if only in case.name:
                rows[case.name] = measure(stack, case)
                print(show(rows[case.name]), flush=True)
        memory = {name: stack.rss(name) for name in SERVICES}
    print("\ngoals")
    for goal in goals(rows, memory):
        print(goal)


main()

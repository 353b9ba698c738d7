"""The long run: `python services/cart/tests/failover/sweep.py [--from 0.8] [--to 4.0] [--step 0.1] [--kills 3] …`

Freezes the primary for each length under load, kills it and hands it over; prints a line each and a total, and exits
with 1 when an acknowledged add was lost or one applied twice. `--ack-replicas 0` is the control, which loses some.
"""

# ruff: noqa: T201 - a program: its output is its result
from __future__ import annotations

import argparse
import asyncio

from failover_harness import Rig


async def sweep(options: argparse.Namespace) -> int:
    """Run everything; the number of adds lost or applied twice."""
    rounds = []

    def note(round_) -> None:
        rounds.append(round_)
        print(round_, flush=True)
        for cart, sku in (round_.lost + round_.twice)[:5]:
            print(f"  {cart} {sku} acknowledged {round_.acked[cart, sku] - round_.began:.3f} s after", flush=True)

    timeout_ms = round(options.failover_timeout * 1000)
    async with Rig(ack_replicas=options.ack_replicas, failover_timeout_ms=timeout_ms) as rig:
        for _ in range(options.kills):
            note(await rig.kill())
        for _ in range(options.hand_overs):
            note(await rig.hand_over())
        for _ in range(options.times):
            steps = round((options.to - options.start) / options.step) + 1 if options.to >= options.start else 0
            for number in range(steps):
                seconds = options.start + number * options.step
                note(await rig.freeze(seconds, restart=options.restart or number % 4 == 3))
    bad = sum(len(r.lost) + len(r.twice) for r in rounds)
    gaps = sorted(r.gap for r in rounds)
    print(
        f"total: {len(rounds)} failures, acknowledged {sum(len(r.acked) for r in rounds)}, "
        f"lost {sum(len(r.lost) for r in rounds)}, twice {sum(len(r.twice) for r in rounds)}, "
        f"refused {sum(r.refused for r in rounds)}, gap median {gaps[len(gaps) // 2]:.2f} s, longest {gaps[-1]:.2f} s"
    )
    return bad


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="start", type=float, default=0.8, help="shortest freeze, seconds")
    parser.add_argument("--to", type=float, default=4.0, help="longest freeze, seconds")
    parser.add_argument("--step", type=float, default=0.1)
    parser.add_argument("--times", type=int, default=1, help="how often the whole row")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--hand-overs", type=int, default=0)
    parser.add_argument("--restart", action="store_true", help="a fresh process at every thaw, not at each fourth")
    parser.add_argument("--failover-timeout", type=float, default=10.0, help="the Sentinels', seconds")
    parser.add_argument("--ack-replicas", type=int, default=1)
    raise SystemExit(1 if asyncio.run(sweep(parser.parse_args())) else 0)


if __name__ == "__main__":
    main()

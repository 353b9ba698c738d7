"""`python -m myclothes_devshop`: the whole shop on this machine until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from myclothes_devshop.launcher import Options, run

DEFAULT_PORT = 8080
_PORTS = range(1, 65_536)


def main() -> int:
    """Reads the command line and runs the shop; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m myclothes_devshop", description=__doc__)
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="where the shop listens (%(default)s)")
    parser.add_argument("--ha", action="store_true", help="stores with replicas, for trying failures by hand")
    parser.add_argument("--feed", type=Path, metavar="FILE", help="import this catalogue rather than the sample")
    parser.add_argument(
        "--data", type=Path, default=Path(".data"), metavar="FOLDER", help="kept between runs (%(default)s)"
    )
    arguments = parser.parse_args()
    return run(Options(port=arguments.port, ha=arguments.ha, feed=arguments.feed, data=arguments.data))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) not in _PORTS:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from {_PORTS.start} to {_PORTS.stop - 1}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

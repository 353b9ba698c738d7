"""`python -m valkeynode.run_sentinel`: waits until there is a primary to watch, then runs Sentinel, again if it ends.

The keeper ends it when all pods have lost their primary: a Sentinel would elect by what it remembers, not by the data.
"""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING, Never

from valkeynode import configuration
from valkeynode.cluster import Cluster
from valkeynode.settings import QUARANTINE, Settings

if TYPE_CHECKING:
    from types import FrameType

    from valkeynode.settings import Address

PAUSE_SECONDS = 0.5


def primary(settings: Settings, cluster: Cluster) -> Address | None:
    """Whom to watch: what the other Sentinels say while any pod has a primary, else this pod's own; None: wait."""
    server = cluster.server(settings.me)
    peers = cluster.servers(settings.peers)
    if any(one.settled for one in (*peers, server) if one is not None):
        view = cluster.best_view(settings.peers)
        if view is not None:
            return view.primary
    leading = next((peer.node.valkey for peer in peers if peer.is_primary), None)
    if server is None or not server.settled:
        return leading
    if server.is_primary:
        return settings.me.valkey
    return server.follows if server.follows != QUARANTINE else leading


def stop(_number: int, _frame: FrameType | None) -> Never:
    """For SIGTERM: raise, as waiting for a child is not to be done within another wait for it."""
    raise SystemExit(0)


def main() -> None:
    """Never returns but by a signal."""
    signal.signal(signal.SIGTERM, stop)
    settings = Settings.from_environment()
    cluster = Cluster(settings)
    path = settings.data / "sentinel" / "sentinel.conf"
    while True:
        watched = primary(settings, cluster)
        if watched is None:
            time.sleep(PAUSE_SECONDS)
            continue
        remembered = path.read_text(encoding="utf-8") if path.exists() else ""
        configuration.write(path, configuration.sentinel(settings, watched, remembered))
        with subprocess.Popen(["valkey-server", str(path), "--sentinel"]) as process:  # noqa: S603, S607 - found on PATH
            try:
                code = process.wait()
            except SystemExit:
                process.terminate()
                raise
        print(f"sentinel ended with {code}", flush=True)  # noqa: T201 - the container's log
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()

"""`python -m valkeynode.handover`: before a planned stop, a primary hands over first; run by the pod's preStop.

Writes are paused until this server stops: an old primary that lives on beside a new one, and still has a replica, would
otherwise acknowledge what is then overwritten. It does not follow its successor for the moment that it has left: a
server that copies another one's data ignores SIGTERM until all of it is on disk.
"""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

from valkeynode.cluster import UNREACHABLE, Cluster, describe, pairs
from valkeynode.settings import Address, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from valkeynode.resp import Connection

SEEN_SECONDS = 3.0
"""For a Sentinel to see a replica that it could promote; after its own start it looks at them a second time first."""
HANDOVER_SECONDS = 10.0
"""For all that follows; the pod's grace period is longer."""
PAUSE_SECONDS = 30.0
"""No write is taken for this long: until this server has stopped."""
POLL_SECONDS = 0.02


def hand_over(settings: Settings, cluster: Cluster) -> bool:
    """Whether this pod's server has no replicas any more; raises one of UNREACHABLE when it does not answer."""
    with cluster.open(Address("127.0.0.1", settings.me.valkey.port)) as local:
        server = describe(settings.me, local)
        if not server.is_primary or server.replicas == 0:
            return True
        # not while writes wait; without any, it is tried all the same
        _until(time.monotonic() + SEEN_SECONDS, lambda: _seen(settings, cluster))
        end = time.monotonic() + HANDOVER_SECONDS
        local.call("CLIENT", "PAUSE", round(PAUSE_SECONDS * 1000), "WRITE")
        if not (_until(end, lambda: _in_step(settings, cluster, local)) and _failover(settings, cluster)):
            local.call("CLIENT", "UNPAUSE")
            return False
        # once a Sentinel has been told, the pause stays: what is written now could be overwritten
        return _until(end, lambda: _succeeded(settings, cluster))


def _succeeded(settings: Settings, cluster: Cluster) -> bool:
    """There is a new primary, and every other pod that answers follows it: no replica is left to this server."""
    view = cluster.best_view(settings.peers)
    if view is None or view.primary == settings.me.valkey:
        return False
    peers = cluster.servers(settings.peers)
    moved = all(view.primary in {peer.node.valkey, peer.follows} for peer in peers)
    leads = any(peer.is_primary and peer.node.valkey == view.primary for peer in peers)
    return moved and leads


def _seen(settings: Settings, cluster: Cluster) -> bool:
    """Another pod's Sentinel knows a replica that follows well enough to be promoted."""
    for peer in settings.peers:
        with contextlib.suppress(*UNREACHABLE), cluster.open_sentinel(peer) as sentinel:
            reply = sentinel.call("SENTINEL", "REPLICAS", settings.primary_name)
            replicas = [pairs(replica) for replica in reply] if isinstance(reply, list) else []
            if any(one["flags"] == "slave" and one["master-link-status"] == "ok" for one in replicas):
                return True
    return False


def _failover(settings: Settings, cluster: Cluster) -> bool:
    """Have another pod's Sentinel move the primary: this pod's own is about to stop."""
    for peer in settings.peers:
        with contextlib.suppress(*UNREACHABLE), cluster.open_sentinel(peer) as sentinel:
            sentinel.call("SENTINEL", "FAILOVER", settings.primary_name)
            return True
    return False


def _in_step(settings: Settings, cluster: Cluster, local: Connection) -> bool:
    """Every attached replica has all that was written. They say so themselves: a primary hears of it once a second."""
    server = describe(settings.me, local)
    written = int(server.info["master_repl_offset"])
    followers = [peer for peer in cluster.servers(settings.peers) if peer.follows == settings.me.valkey]
    complete = [peer for peer in followers if int(peer.info["slave_repl_offset"]) >= written]
    return len(complete) >= server.replicas


def _until(end: float, condition: Callable[[], bool]) -> bool:
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def main() -> None:
    """Exit code 0 even when nothing could be handed over: the stop goes on, and the Sentinels see it."""
    settings = Settings.from_environment()
    try:
        done = hand_over(settings, Cluster(settings))
    except UNREACHABLE as error:
        print(f"no hand-over: {error}", file=sys.stderr)  # noqa: T201 - the event's text
    else:
        print("handed over" if done else "no hand-over within the limit", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()

"""`python -m valkeynode.keeper`: tells this pod's Valkey whom to follow after a start, writes the beat, keeps the ACL.

It never moves a settled server: that is Sentinel's; but it ends a Sentinel that strays, to have it start anew.
docs/adr/0010-valkey-bootstrap.md gives the rules.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from valkeynode import configuration, rule
from valkeynode.cluster import BEAT_KEY, UNREACHABLE, Cluster, Server, View, describe
from valkeynode.monitor import Monitor
from valkeynode.resp import RefusedError
from valkeynode.settings import QUARANTINE, Address, Settings

if TYPE_CHECKING:
    from valkeynode.resp import Connection

ROUND_SECONDS = 0.1
"""Also the time between two beats; less than the 0.15 s for which a write waits for a replica that lags."""
LOOK_SECONDS = 1.0
"""Between two questions to this pod's Sentinel, and two looks for whoever asks how the server is."""
VOTE_SECONDS = 15.0
"""A vote binds for this long, then the pod may follow another."""
FAILOVER_PAUSE_SECONDS = 5.0
STRAY_SECONDS = 15.0
"""A Sentinel may name another primary than its pod's server has for this long; a fail-over is given 10 s."""
LINGER_SECONDS = 4.0
"""For this long after its server has stopped, a pod's address goes on refusing connections. A refusal says that the
server is gone; silence says nothing, and a primary's writes wait 3 s for a replica that says nothing."""


def log(event: str, **fields: object) -> None:
    """One JSON line."""
    line = json.dumps({"event": event, **{key: str(value) for key, value in fields.items()}})
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the container's log


class Keeper:
    """One pod's keeper; `round` is called again and again."""

    def __init__(self, settings: Settings, monitor: Monitor) -> None:
        self._settings = settings
        self._cluster = Cluster(settings)
        self._monitor = monitor
        self._local: Connection | None = None
        self._passwords = configuration.Passwords(settings.secrets)
        self._accepted = self._passwords.read()
        self._view: View | None = None
        self._looked = float("-inf")
        self._alone_since: float | None = None
        self._voted = float("-inf")
        self._forced = float("-inf")
        self._strays_since: float | None = None
        self._said = ""

    @property
    def server_is_away(self) -> bool:
        """Whether this pod's server did not answer in the last round."""
        return self._local is None

    def round(self) -> None:
        """Look at this pod's server and do the next thing that it needs."""
        try:
            if self._local is None:
                self._local = self._cluster.open(Address("127.0.0.1", self._settings.me.valkey.port))
            server = describe(self._settings.me, self._local)
            if not server.settled:
                self._settle(server, self._local)
            elif server.is_primary:
                self._beat(server, self._local)
            if time.monotonic() - self._looked >= LOOK_SECONDS:
                self._looked = time.monotonic()
                self._monitor.see(server, self._local.call("INFO"), self._view)
                self._view = self._cluster.view(self._settings.me)
                self._mind_sentinel(server)
                self._renew_passwords(self._local)
        except UNREACHABLE as error:
            self._monitor.away()
            self._looked = float("-inf")
            self._say("server_away", error=error)
            if self._local is not None:
                self._local.close()
                self._local = None

    # ── a primary ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _beat(self, server: Server, local: Connection) -> None:
        """Mark the data. Without a replica the server refuses it, as it does a shopper's write."""
        beat = server.fact.beat.next(time.time_ns() // 1_000_000, self._settings.name)
        self._say("leads", term=beat.term)
        with contextlib.suppress(RefusedError):
            local.call("SET", BEAT_KEY, str(beat))

    # ── a server that has just started ───────────────────────────────────────────────────────────────────────────────

    def _settle(self, server: Server, local: Connection) -> None:
        if server.linked:
            local.call("CONFIG", "SET", "replica-priority", 100)
            self._say("follows", primary=server.follows)
            return
        peers = self._cluster.servers(self._settings.peers)
        view = self._cluster.best_view(self._settings.peers)
        leaders = [peer.node.valkey for peer in peers if peer.is_primary]
        if view is not None and view.primary in leaders:
            self._follow(view.primary, server, local)
        elif view is None and len(leaders) == 1:
            self._follow(leaders[0], server, local)
        elif any(peer.settled for peer in peers):
            self._await_failover(view)
        else:
            self._take_part(server, peers, local)
            return
        self._alone_since = None

    def _follow(self, primary: Address, server: Server, local: Connection) -> None:
        if server.follows != primary:
            self._say("joins", primary=primary)
            local.call("REPLICAOF", primary.host, primary.port)

    def _await_failover(self, view: View | None) -> None:
        """A peer has a replica's data and there is no primary, or this pod was it: the Sentinels elect."""
        self._say("awaits_failover", named=view and view.primary)
        due = time.monotonic() - self._forced >= FAILOVER_PAUSE_SECONDS
        if view is not None and view.primary == self._settings.me.valkey and due:
            # came back before it was missed: a Sentinel would look on for 20 s
            self._forced = time.monotonic()
            with contextlib.suppress(*UNREACHABLE), self._cluster.open_sentinel(view.sentinel) as sentinel:
                sentinel.call("SENTINEL", "FAILOVER", self._settings.primary_name)

    def _take_part(self, server: Server, peers: list[Server], local: Connection) -> None:
        """No pod that answers has a primary: find the most advanced data, vote for it, lead when most have voted."""
        now = time.monotonic()
        if self._alone_since is None:
            self._alone_since = now
        follows = server.follows
        if follows != QUARANTINE:
            if now - self._voted < VOTE_SECONDS:
                return
            local.call("REPLICAOF", QUARANTINE.host, QUARANTINE.port)
        facts = [one.fact for one in (server, *peers)]
        chosen = rule.candidate(facts, len(self._settings.nodes), now - self._alone_since)
        if chosen is None:
            self._say("awaits_peers", present=sorted(fact.name for fact in facts))
            return
        self._end_sentinel()
        if chosen != self._settings.name:
            node = next(node for node in self._settings.nodes if node.name == chosen)
            self._voted = now
            self._say("votes", candidate=chosen)
            local.call("REPLICAOF", node.valkey.host, node.valkey.port)
        elif 1 + sum(peer.follows == self._settings.me.valkey for peer in peers) >= self._settings.majority:
            self._say("takes_the_lead", beat=server.fact.beat, has_data=server.fact.has_data)
            local.call("CONFIG", "SET", "replica-priority", 100)
            local.call("REPLICAOF", "NO", "ONE")

    def _end_sentinel(self) -> None:
        """It remembers a primary of the time before; it comes back when there is one again."""
        with contextlib.suppress(*UNREACHABLE), self._cluster.open_sentinel(self._settings.me) as sentinel:
            sentinel.call("SHUTDOWN")

    # ── a Sentinel that strays ───────────────────────────────────────────────────────────────────────────────────────

    def _mind_sentinel(self, server: Server) -> None:
        """Have it start anew when only it names another primary than this server has.

        A Sentinel that sees a fail-over back to the old primary before its own one has ended takes over the epoch, but
        not the address, and then keeps to its own: nothing of the same epoch corrects it.
        """
        primary = self._settings.me.valkey if server.is_primary else server.follows if server.linked else None
        named = self._view
        if primary is None or named is None or named.primary == primary:
            self._strays_since = None
            return
        now = time.monotonic()
        self._strays_since = now if self._strays_since is None else self._strays_since
        if now - self._strays_since < STRAY_SECONDS:
            return
        others = self._cluster.best_view(self._settings.peers)
        if others is not None and others.primary == primary and others.epoch >= named.epoch:
            log("sentinel_strays", names=named.primary, primary=primary, epoch=named.epoch)
            self._end_sentinel()
            self._strays_since = None

    # ── the rest ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _renew_passwords(self, local: Connection) -> None:
        accepted = self._passwords.read()
        if accepted != self._accepted:
            configuration.write(self._settings.run / "users.acl", configuration.users(accepted))
            local.call("ACL", "LOAD")
            self._accepted = accepted
            log("passwords_renewed")

    def _say(self, event: str, **fields: object) -> None:
        """Log what is new; a state that lasts is said once."""
        if event != self._said:
            self._said = event
            log(event, **fields)


def main() -> None:
    """Returns after SIGTERM, soon after the server has stopped; a container's first process is not ended otherwise."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    settings = Settings.from_environment()
    monitor = Monitor(settings)
    monitor.serve()
    keeper = Keeper(settings, monitor)
    while not (stopping.is_set() and keeper.server_is_away):
        started = time.monotonic()
        keeper.round()
        time.sleep(max(0.0, ROUND_SECONDS - (time.monotonic() - started)))
    time.sleep(LINGER_SECONDS)


if __name__ == "__main__":
    main()

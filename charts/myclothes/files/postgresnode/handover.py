"""`python -m postgresnode.handover`: before a planned stop, a primary hands over; run by the pod's preStop.

A replica stops only when the primary has another one in step: without one no commit is acknowledged.
"""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

from postgresnode import restapi
from postgresnode.settings import Settings, secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HANDOVER_SECONDS = 20.0
POLL_SECONDS = 0.2
HERE = "127.0.0.1"
LEADER = "leader"
IN_STEP = frozenset({"sync_standby", "quorum_standby"})
"""The roles that Patroni gives to replicas that commits wait for; another one may not be promoted."""
TWO = 2


def hand_over(settings: Settings) -> str:
    """What was done; raises OSError when Patroni does not answer."""
    if len(settings.hosts) == 1:
        return "the only one: nobody to hand over to"
    done = "no primary: nothing to hand over"
    end = time.monotonic() + HANDOVER_SECONDS
    while time.monotonic() < end:
        members = restapi.call(HERE, "/cluster")["members"]
        leader = next((member["name"] for member in members if member["role"] == LEADER), None)
        candidate = successor(members, settings.name)
        if leader == settings.name and candidate is not None:
            done = "handed over"
            with contextlib.suppress(OSError):  # refused, as all was not as it seemed: look again
                _switch(settings, candidate)
        elif leader not in {None, settings.name} and (candidate is not None or len(settings.hosts) == TWO):
            return done
        time.sleep(POLL_SECONDS)
    return "not handed over within the limit"


def successor(members: Sequence[Mapping[str, str]], leaving: str) -> str | None:
    """Who is to lead next; None: nobody is in step. `members` as Patroni describes them.

    An upgrade and a rollback alike replace the last pod first, together with a first pod of each service: the moment in
    which a move of the primary takes longest. So the last pod leads only if no other can, and a roll finds the primary
    on one that it replaces later. Of the others those after the one that is `leaving` come first: they have been
    replaced already and need not hand over again. With three pods that makes

    - of a primary on pod 0 one move, the roll's last step, to pod 1;
    - of one on pod 1 two, to pod 0 and, as the roll's last step, back;
    - of one on pod 2, where only a failure leaves it, two: at once to pod 0, and at last to pod 1.
    """
    ready = [
        member["name"]
        for member in members
        if member["role"] in IN_STEP and member["state"] == "streaming" and member["name"] != leaving
    ]
    last = max((member["name"] for member in members), default=None)
    return min(ready, key=lambda name: (name == last, name < leaving, name), default=None)


def _switch(settings: Settings, candidate: str) -> None:
    """Have Patroni move the primary; it answers when that is done. Raises OSError when it refuses."""
    restapi.call(
        HERE,
        "/switchover",
        method="POST",
        body={"leader": settings.name, "candidate": candidate},
        password=secret(settings.secrets, "restapi"),
        seconds=HANDOVER_SECONDS,
    )


def main() -> None:
    """Exit code 0 in any case: the stop goes on, and Patroni releases the lead as it shuts down."""
    try:
        print(hand_over(Settings.from_environment()), file=sys.stderr)  # noqa: T201 - the event's text
    except (OSError, KeyError, TypeError) as error:
        print(f"no hand-over: {error}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()

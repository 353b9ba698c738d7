"""Who is the primary, and how sure are the Sentinels."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from myclothes_kit.valkey.nodes import UNREACHABLE, Address, Dialler, Target
from myclothes_kit.valkey.wire import Command, Reply, ReplyError, Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

SENTINEL_SECONDS = 0.2


@dataclass(frozen=True)
class Primary:
    """The primary as the Sentinels name it; `epoch` grows with every failover, 0 without Sentinels."""

    address: Address
    epoch: int = 0


@dataclass(frozen=True)
class View:
    """What the Sentinels that answered say together."""

    primary: Primary
    replicas: frozenset[Address] = frozenset()
    majority: bool = True
    """More than half of all Sentinels named this very primary and epoch."""


async def look(target: Target, dialler: Dialler) -> View | None:
    """Ask all Sentinels at once and take the answer of the highest epoch; None when none answers.

    Of two answers of one epoch, which a Sentinel that strays may give, the one that more of them give. Takes
    SENTINEL_SECONDS for each of at most three exchanges. Without Sentinels the target's one node is the primary.
    """
    if target.node is not None:
        return View(Primary(target.node))
    asked = await asyncio.gather(*(_ask(sentinel, target.master_name, dialler) for sentinel in target.sentinels))
    answers = [answer for answer in asked if answer is not None]
    if not answers:
        return None
    named = Counter(primary for primary, _ in answers)
    best = max(named, key=lambda primary: (primary.epoch, named[primary]))
    agreeing = [replicas for primary, replicas in answers if primary == best]
    return View(
        primary=best,
        replicas=frozenset().union(*agreeing) - {best.address},
        majority=len(agreeing) * 2 > len(target.sentinels),
    )


async def _ask(sentinel: Address, name: str, dialler: Dialler) -> tuple[Primary, frozenset[Address]] | None:
    wire = None
    try:
        wire = await dialler.open(sentinel, authenticate=False)
        # During a failover MASTER gives the new epoch with the old address for a while; this one gives the new address
        # as soon as the epoch is the new one. Sent together, they are answered together.
        commands = [("SENTINEL", part, name) for part in ("GET-MASTER-ADDR-BY-NAME", "MASTER", "REPLICAS")]
        (host, port), master, replicas = await _exchange(wire, commands, dialler)
        primary = Primary(Address(host.decode(), int(port)), int(_fields(master)["config-epoch"]))
        return primary, frozenset(_address(_fields(replica)) for replica in replicas)
    except (*UNREACHABLE, KeyError, ValueError, TypeError):
        return None
    finally:
        if wire is not None:
            wire.close()


async def _exchange(wire: Wire, commands: Sequence[Command], dialler: Dialler) -> list[Reply]:
    """The replies to `commands`, logging in first only where the Sentinel asks for it: many run without a password."""
    replies = await wire.call(commands, SENTINEL_SECONDS)
    if isinstance(replies[0], ReplyError) and str(replies[0]).startswith("NOAUTH"):
        await dialler.log_in(wire)
        replies = await wire.call(commands, SENTINEL_SECONDS)
    for reply in replies:
        if isinstance(reply, ReplyError):
            raise reply
    return replies


def _fields(flat: list[bytes]) -> dict[str, str]:
    texts = [part.decode() for part in flat]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def _address(fields: dict[str, str]) -> Address:
    return Address(fields["ip"], int(fields["port"]))

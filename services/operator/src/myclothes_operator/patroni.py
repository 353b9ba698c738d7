"""The user store: what Patroni says of its members, and the planned switch-over of its primary."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from myclothes_kit.settings import read_secret
from myclothes_operator.errors import FailedError, RefusedError
from myclothes_operator.model import Server, Store

if TYPE_CHECKING:
    from pathlib import Path

    from myclothes_operator.addresses import Addresses

LOOK_SECONDS = 1.5
SWITCH_SECONDS = 25.0
"""Patroni answers when the switch-over is done."""
OK, PRECONDITION_FAILED = 200, 412
AWAY = (OSError, TimeoutError, aiohttp.ClientError, ValueError)
_PRIMARY = {"primary", "master"}


@dataclass(frozen=True)
class PatroniPod:
    """Where a pod's Patroni listens."""

    pod: str
    host: str
    port: int


class UserStore:
    """Asks all pods at once."""

    def __init__(self, nodes: tuple[PatroniPod, ...], user: str, password: Path | None, addresses: Addresses) -> None:
        self._nodes = nodes
        self._user = user
        self._password = password
        self._addresses = addresses

    async def observe(self) -> Store:
        """What the pods say; those that do not answer in time are away."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LOOK_SECONDS)) as session:
            answers, clusters = await asyncio.gather(
                asyncio.gather(*(self._ask(session, node, "/patroni") for node in self._nodes)),
                asyncio.gather(*(self._ask(session, node, "/cluster") for node in self._nodes)),
            )
        if not any(answers):
            self._addresses.forget()
        said = dict(zip((node.pod for node in self._nodes), answers, strict=True))
        leaders = [
            str(member["name"])
            for cluster in clusters
            if cluster is not None
            for member in cluster.get("members", ())
            if member.get("role") == "leader"
        ]
        # one that says of itself that it leads knows best; else whom the lock names
        leading = [pod for pod, answer in said.items() if answer is not None and answer.get("role") in _PRIMARY]
        primary = next(iter([*leading, *leaders]), None)
        lead = said.get(primary) if primary is not None else None
        return Store(
            tuple(_server(pod, answer, lead_answers=lead is not None) for pod, answer in said.items()),
            primary,
            max((int(answer.get("timeline", 0)) for answer in answers if answer is not None), default=0),
            tuple(pod for pod, answer in said.items() if answer is not None),
        )

    async def move(self, primary: str, candidate: str) -> str:
        """Switch over to `candidate`, if `primary` leads; the pod that leads then.

        Raises RefusedError when Patroni says that it does not lead any more, or that the candidate is not fit.
        """
        node = next(one for one in self._nodes if one.pod == candidate)
        timeout = aiohttp.ClientTimeout(total=SWITCH_SECONDS, connect=LOOK_SECONDS)
        password = read_secret(self._password) or ""
        headers = {"Authorization": aiohttp.encode_basic_auth(self._user, password)}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
                session.post(
                    f"{await self._base(node)}/switchover", json={"leader": primary, "candidate": candidate}
                ) as answer,
            ):
                text = await answer.text()
        except AWAY as error:
            raise FailedError(f"{candidate}: {error or type(error).__name__}") from error
        if answer.status == PRECONDITION_FAILED:
            raise RefusedError(text)
        if answer.status != OK:
            raise FailedError(f"Patroni: {answer.status} {text}")
        return candidate

    async def _ask(self, session: aiohttp.ClientSession, node: PatroniPod, path: str) -> dict[str, Any] | None:
        try:
            async with session.get(f"{await self._base(node)}{path}") as answer:
                found = json.loads(await answer.text())
        except AWAY:
            return None
        return found if isinstance(found, dict) else None

    async def _base(self, node: PatroniPod) -> str:
        address = await self._addresses.of(node.host)
        return f"http://[{address}]:{node.port}" if ":" in address else f"http://{address}:{node.port}"


def _server(pod: str, said: dict[str, Any] | None, *, lead_answers: bool) -> Server:
    """A standby counts when a commit may wait for it; while no primary answers, when its Postgres runs."""
    if said is None:
        return Server(pod, answers=False, in_step=False)
    if said.get("role") in _PRIMARY:
        return Server(pod, answers=True, in_step=said.get("state") == "running")
    if not lead_answers:
        return Server(pod, answers=True, in_step=said.get("state") in {"running", "streaming"})
    synchronous = bool(said.get("quorum_standby") or said.get("sync_standby"))
    return Server(pod, answers=True, in_step=synchronous and said.get("replication_state") == "streaming")

"""Carries actions out: each once, each under its precondition, none on what was seen too long ago."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

import structlog

from myclothes_operator import metrics
from myclothes_operator.actions import (
    Action,
    MoveCartPrimary,
    MoveUserPrimary,
    PutBack,
    SetMinimum,
    SetStatus,
    TakeOut,
)
from myclothes_operator.errors import FailedError, RefusedError
from myclothes_operator.lease import LEASE_SECONDS, RENEW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from myclothes_operator.kube import Kube
    from myclothes_operator.patroni import UserStore
    from myclothes_operator.valkey import CartStore

SEEN_SECONDS = LEASE_SECONDS - RENEW_SECONDS - 1.0
"""An action that is not begun this soon after its look began is not begun at all: the Lease may be another's by then.

A look at a frozen zone, which takes connections and says nothing, takes some 2 s.
"""
REST_SECONDS = 3.0
"""Between two moves of a store's primary: one that did not come off is not tried again at once."""
_log = structlog.get_logger()


class Executor:
    """Changes in Kubernetes are made at once; a primary's move goes on beside them.

    One store's after the other's: two pauses of writes that overlap are longer than two that do not.
    """

    def __init__(
        self, kube: Kube, cart_store: CartStore | None, user_store: UserStore | None, wake: Callable[[], None]
    ) -> None:
        self._kube = kube
        self._cart_store = cart_store
        self._user_store = user_store
        self._wake = wake
        self._moving: asyncio.Task[None] | None = None
        self._rested: dict[str, float] = {}

    async def perform(self, actions: tuple[Action, ...], seen: float) -> tuple[Action, ...]:
        """Do all of `actions`, which follow from a look at `seen` (monotonic seconds); what fails is logged.

        Those are returned that are done; a primary's move has only begun by then.
        """
        done = await asyncio.gather(*(self._begin(action, seen) for action in actions))
        return tuple(action for action, is_done in zip(actions, done, strict=True) if is_done)

    async def close(self) -> None:
        """Let a move that has begun come to its end."""
        if self._moving is not None:
            await self._moving

    async def _begin(self, action: Action, seen: float) -> bool:
        kube = self._kube
        match action:
            case MoveCartPrimary(primary, epoch) if (cart := self._cart_store) is not None:
                self._move("cart", action, partial(cart.move, primary, epoch), seen)
            case MoveUserPrimary(primary, candidate) if (user := self._user_store) is not None:
                self._move("user", action, partial(user.move, primary, candidate), seen)
            case SetStatus(shift, version, status):
                return await self._do(action, lambda: kube.set_status(shift, version, status), seen)
            case TakeOut(pod, version, shift):
                return await self._do(action, lambda: kube.set_serving(pod, version, shift), seen)
            case PutBack(pod, version):
                return await self._do(action, lambda: kube.set_serving(pod, version, None), seen)
            case SetMinimum(autoscaler, version, minimum, mark):
                return await self._do(action, lambda: kube.set_minimum(autoscaler, version, minimum, mark), seen)
        return False

    def _move(self, store: str, action: Action, move: Callable[[], Awaitable[str]], seen: float) -> None:
        busy = self._moving is not None and not self._moving.done()
        if busy or time.monotonic() < self._rested.get(store, 0.0):
            return

        async def run() -> None:
            with metrics.MOVE_SECONDS.labels(store).time():
                await self._do(action, move, seen)
            self._rested[store] = time.monotonic() + REST_SECONDS
            self._wake()

        self._moving = asyncio.create_task(run())

    async def _do(self, action: Action, doing: Callable[[], Awaitable[str | None]], seen: float) -> bool:
        kind = type(action).__name__
        started = time.monotonic()
        outcome, detail = "done", None
        try:
            if started - seen > SEEN_SECONDS:
                raise RefusedError("seen too long ago")  # noqa: TRY301 - counted and logged as any other refusal
            detail = await doing()
        except RefusedError as error:
            outcome, detail = "refused", str(error)
        except FailedError as error:
            outcome, detail = "failed", str(error)
        metrics.ACTIONS.labels(kind, outcome).inc()
        seconds = round(time.monotonic() - started, 3)
        _log.info("step", action=kind, outcome=outcome, detail=detail, seconds=seconds, **_fields(action))
        return outcome == "done"


def _fields(action: Action) -> dict[str, object]:
    """What a log line says of an action."""
    if isinstance(action, SetStatus):
        return {"shift": action.shift, "phase": action.status.phase}
    return {name: value for name, value in vars(action).items() if name not in {"version", "mark"}}

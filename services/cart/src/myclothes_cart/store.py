"""Carts in Valkey: what can be asked of the store, and how it is done."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

import structlog

from myclothes_cart.domain import Add, Cart, Change, Erase, Merge, Set, Take, cart_of, is_guest
from myclothes_kit.problems import Unavailable
from myclothes_kit.valkey import Script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from myclothes_cart.settings import CartSettings
    from myclothes_kit.valkey import Store
    from myclothes_kit.valkey.wire import Reply

DAY_SECONDS = 86_400
_log = structlog.get_logger()


@dataclass(frozen=True)
class Forward:
    """The cart was merged into cart `to`."""

    to: str


@dataclass(frozen=True)
class Refused:
    """The change breaks a rule: `line_limit`, `quantity_limit`, `reused` or `too_many_changes`.

    `quantity` is the line's, where it is over the limit.
    """

    reason: str
    quantity: int = 0


class CartStore(Protocol):
    """Where carts are. Every call may raise `myclothes_kit.problems.Unavailable`."""

    async def read(self, cart_id: str) -> Cart | Forward:
        """The cart's state, which may not be acknowledged yet."""

    async def confirm(self, cart_id: str) -> Cart | Forward:
        """The cart's state, acknowledged."""

    async def change(self, cart_id: str, change: Change, operation: str) -> Cart | Forward | Refused:
        """Make a change, once for each `operation`; the state after it, acknowledged."""


def _script(name: str) -> Script:
    folder = files("myclothes_cart") / "scripts"
    return Script(f"{(folder / 'prelude.lua').read_text()}\n{(folder / f'{name}.lua').read_text()}")


class ValkeyCarts:
    """Carts in Valkey, each change one script."""

    def __init__(self, store: Store, settings: CartSettings) -> None:
        self._store = store
        self._limits = (settings.max_lines, settings.max_quantity)
        self._most = settings.max_remembered_changes
        self._memory_ms = settings.change_memory_seconds * 1000
        self._take_memory_ms = settings.take_memory_seconds * 1000
        self._guest_seconds = settings.guest_retention_days * DAY_SECONDS
        self._account_seconds = settings.account_retention_days * DAY_SECONDS
        self._scripts = {name: _script(name) for name in ("add", "set", "take", "merge", "erase", "touch")}

    async def read(self, cart_id: str) -> Cart | Forward:
        key = _key(cart_id)
        fields, ttl = await self._store.read(("HGETALL", key), ("TTL", key))
        if 0 <= ttl < self._retention(cart_id) - DAY_SECONDS:
            await self._refresh(cart_id)
        return _state(cart_id, fields)

    async def confirm(self, cart_id: str) -> Cart | Forward:
        reply = await self._run("touch", cart_id, "", "", self._memory_ms, ())
        return _outcome_of_read(cart_id, reply)

    async def change(self, cart_id: str, change: Change, operation: str) -> Cart | Forward | Refused:
        more_keys: list[str] = []
        args: list[str | int]
        memory = self._memory_ms
        match change:
            case Add(sku, quantity):
                name, args = "add", [sku, quantity, *self._limits]
            case Set(sku, quantity):
                name, args = "set", [sku, quantity, *self._limits]
            case Take(lines):
                name, args = "take", [part for line in lines for part in (line.sku, line.quantity)]
                memory = self._take_memory_ms
            case Merge(source):
                name, args = "merge", [cart_id, self._retention(source)]
                more_keys = [_key(source), _operations_key(source)]
            case Erase():
                name, args = "erase", []
        reply = await self._run(name, cart_id, operation, change.fingerprint, memory, args, more_keys)
        return _outcome(cart_id, reply)

    async def _run(
        self,
        name: str,
        cart_id: str,
        operation: str,
        fingerprint: str,
        memory_ms: int,
        args: Sequence[str | int],
        more_keys: Sequence[str] = (),
    ) -> Reply:
        keys = [_key(cart_id), _operations_key(cart_id), *more_keys]
        head: list[str | int] = [operation, fingerprint, memory_ms, self._most, self._retention(cart_id)]
        return await self._store.write(self._scripts[name], keys, [*head, *args])

    async def _refresh(self, cart_id: str) -> None:
        # a courtesy that the next read repeats: no reason to refuse this one
        try:
            await self._store.read(("EXPIRE", _key(cart_id), self._retention(cart_id)))
        except Unavailable:
            _log.info("cart_retention_not_refreshed")

    def _retention(self, cart_id: str) -> int:
        return self._guest_seconds if is_guest(cart_id) else self._account_seconds


def _key(cart_id: str) -> str:
    return f"cart:{cart_id}"


def _operations_key(cart_id: str) -> str:
    return f"cart:{cart_id}:ops"


def _state(cart_id: str, flat: list[bytes]) -> Cart | Forward:
    texts = [part.decode() for part in flat]
    fields = dict(zip(texts[::2], texts[1::2], strict=True))
    return Forward(fields[":to"]) if ":to" in fields else cart_of(cart_id, fields)


def _outcome(cart_id: str, reply: Reply) -> Cart | Forward | Refused:
    kind = reply[0].decode()
    if kind == "cart":
        return _state(cart_id, reply[1])
    if kind == "forward":
        return Forward(reply[1].decode())
    return Refused(kind, reply[1] if len(reply) > 1 else 0)


def _outcome_of_read(cart_id: str, reply: Reply) -> Cart | Forward:
    outcome = _outcome(cart_id, reply)
    if isinstance(outcome, Refused):
        raise TypeError("a touch cannot be refused")
    return outcome

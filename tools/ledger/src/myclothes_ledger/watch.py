"""What can be seen to be wrong while the shopping goes on: a cart that went back. The rest is for the checker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from myclothes_ledger.history import Call
    from myclothes_ledger.requests import Wish


class Watch:
    """Follows each cart's newest acknowledged version, and what each browser has been shown of it."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}
        self._shown: dict[str, int] = {}
        self._least: dict[tuple[str, int], tuple[int, int]] = {}

    def sent(self, op: str, attempt: int, browser: str, cart: str, wish: Wish) -> None:
        """A request leaves: its answer must show no less than what is known now."""
        shown = self._shown.get(browser, 0)
        self._least[op, attempt] = shown, max(shown, self._newest.get(cart, 0) if wish.writes else 0)

    def answered(self, call: Call) -> str | None:
        """What is wrong with an answer; None for nothing."""
        shown, least = self._least.pop((call.op, call.attempt), (0, 0))
        if call.outcome != "ok":
            return None
        if call.kind == "logout":
            self._shown.pop(call.browser, None)
        version = call.saw.version if call.saw is not None else None
        if version is None:
            return None
        if call.kind != "cart":
            self._newest[call.cart] = max(self._newest.get(call.cart, 0), version)
        if call.cookies is not None and (call.kind != "cart" or version == self._newest.get(call.cart)):
            self._shown[call.browser] = max(shown, version)
        if version < least:
            return f"{call.op} {call.kind} shows {call.cart} at version {version}, but {least} had been acknowledged"
        return None

    def forget(self, person: int) -> None:
        """A shopper has left."""
        prefix = f"p{person}."
        for known in (self._newest, self._shown):
            for name in [name for name in known if name.startswith(prefix)]:
                del known[name]

"""The laws of a cart, through HTTP against a real Valkey, under any order of calls, repeats and lost answers.

An acknowledged change is there (a); an acknowledged removal stays (b); an operation applies at most once, however often
and however concurrently it is sent, and a lost answer means unknown, never lost and twice (c); a merge loses no line,
not even over the limits (g). Two different changes at once come out as one after the other.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from copy import deepcopy

import aiohttp
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

SKUS = st.sampled_from(["tee", "sock", "hat"])
QUANTITIES = st.integers(1, 40)
SENDINGS = st.sampled_from(["once", "twice", "together", "answer lost", "answer lost twice"])
MAX_QUANTITY = 99
DROP_SECONDS = 0.0005
"""So short that the answer is dropped after the request was sent, most of the time; either way the law holds."""


def of(kind, *more):
    return st.tuples(st.just(kind), *more)


WHOSE = st.sampled_from(["guest", "account"])
CHANGES = st.one_of(
    of("add", WHOSE, SKUS, QUANTITIES),
    of("set", WHOSE, SKUS, st.integers(0, MAX_QUANTITY)),
    of("remove", WHOSE, SKUS),
    of("take", WHOSE, SKUS, QUANTITIES),
    of("merge"),
    of("erase"),
)


class Model:
    """What a guest's and an account's cart must hold."""

    def __init__(self):
        self.lines = {"guest": Counter(), "account": Counter()}
        self.merged = False

    def of(self, whose):
        """The lines that this cart's id shows."""
        return self.lines["account" if self.merged else whose]

    def apply(self, change):
        """Make the change; its status."""
        match change:
            case ("add", whose, sku, quantity):
                if self.of(whose)[sku] + quantity > MAX_QUANTITY:
                    return 422
                self.of(whose)[sku] += quantity
            case ("set", whose, sku, quantity):
                self.of(whose)[sku] = quantity
            case ("remove", whose, sku):
                self.of(whose)[sku] = 0
            case ("take", whose, sku, quantity):
                self.of(whose)[sku] = max(0, self.of(whose)[sku] - quantity)
            case ("merge",):
                if not self.merged:
                    self.lines["account"].update(self.lines["guest"])
                self.merged = True
            case ("erase",):
                self.lines["account"].clear()
        return 200

    def shown(self):
        """Both carts' lines, as they are read."""
        return {whose: dict(+self.of(whose)) for whose in self.lines}


class CartLaws(RuleBasedStateMachine):
    """One guest's and one account's cart beside what they must hold."""

    base = ""

    @initialize()
    def begin(self):
        self.loop = asyncio.new_event_loop()
        self.session = self.loop.run_until_complete(self._open())
        self.ids = {whose: f"{whose}-{secrets.token_hex(16)}" for whose in ("guest", "account")}
        self.model = Model()
        self.versions = {}
        self.past = []

    async def _open(self):
        return aiohttp.ClientSession()

    def teardown(self):
        if hasattr(self, "loop"):
            self.loop.run_until_complete(self.session.close())
            self.loop.close()

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _once(self, method, path, body, operation):
        async with self.session.request(
            method, self.base + path, json=body, headers={"Idempotency-Key": operation}
        ) as answer:
            # an erasure answers with nothing
            return (200, None) if answer.status == 204 else (answer.status, await answer.json())

    async def _lose(self, *call):
        try:
            async with asyncio.timeout(DROP_SECONDS):
                await self._once(*call)
        except TimeoutError:
            pass

    async def _together(self, *calls):
        return await asyncio.gather(*(self._once(*call) for call in calls))

    async def _send(self, how, *call):
        if how == "together":
            return (await self._together(*[call] * 4))[0]
        for _ in range(how.count("lost") + how.count("lost twice")):
            await self._lose(*call)
        if how == "twice":
            await self._once(*call)
        return await self._once(*call)

    def call(self, change):
        """A change as a call with an operation id of its own."""
        kind, *more = change
        cart = f"/v1/carts/{self.ids[more[0] if more else 'account']}"
        match more:
            case []:
                source = {"from": self.ids["guest"]}
                method, path, body = ("DELETE", "", None) if kind == "erase" else ("POST", "/merge", source)
            case [_, sku]:
                method, path, body = "DELETE", f"/lines/{sku}", None
            case [_, sku, quantity] if kind == "set":
                method, path, body = "PUT", f"/lines/{sku}", {"quantity": quantity}
            case [_, sku, quantity]:
                line = {"sku": sku, "quantity": quantity}
                method, path, body = "POST", *(("/lines", line) if kind == "add" else ("/take", {"lines": [line]}))
        return method, cart + path, body, secrets.token_hex(8)

    # ── what may happen ──────────────────────────────────────────────────────────────────────────────────────────────

    @rule(change=CHANGES, how=SENDINGS)
    def change(self, change, how):
        call = self.call(change)
        status, _ = self.loop.run_until_complete(self._send(how, *call))
        assert status == self.model.apply(change)
        if status == 200:
            self.past.append(call)

    @rule(changes=st.tuples(CHANGES, CHANGES))
    def race(self, changes):
        """Two at the same time do what they do one after the other, in this order or that."""
        calls = [self.call(change) for change in changes]
        statuses = [status for status, _ in self.loop.run_until_complete(self._together(*calls))]
        outcomes = []
        for order in ((0, 1), (1, 0)):
            model = deepcopy(self.model)
            made = {number: model.apply(changes[number]) for number in order}
            outcomes.append((model, [made[0], made[1]]))
        shown = {whose: self.read(whose)[1] for whose in self.ids}
        fitting = [model for model, made in outcomes if (model.shown(), made) == (shown, statuses)]
        assert fitting, f"{shown} after {changes}, {statuses}"
        self.model = fitting[0]
        self.past += [call for call, status in zip(calls, statuses, strict=True) if status == 200]

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def repeat_something_old(self, data):
        call = data.draw(st.sampled_from(self.past))
        status, document = self.loop.run_until_complete(self._once(*call))
        assert status == 200, document

    @precondition(lambda self: self.past)
    @rule(data=st.data(), sku=SKUS)
    def reuse_an_operation_id(self, data, sku):
        *_, operation = data.draw(st.sampled_from(self.past))
        call = ("POST", f"/v1/carts/{self.ids['account']}/lines", {"sku": f"other-{sku}", "quantity": 1}, operation)
        status, document = self.loop.run_until_complete(self._once(*call))
        # known to the account's cart, it is refused; known to the guest's alone, it is new here
        if status == 200:
            self.model.lines["account"][f"other-{sku}"] += 1
            self.past = [past for past in self.past if past[-1] != operation]
        else:
            assert document["code"] == "idempotency_key_reused"

    @precondition(lambda self: hasattr(self, "loop"))
    @invariant()
    def the_carts_hold_what_was_acknowledged(self):
        shown = self.model.shown()
        for whose in self.ids:
            document, lines = self.read(whose)
            assert document["id"] == self.ids["account" if self.model.merged else whose]
            assert lines == shown[whose]
            assert document["version"] >= self.versions.get(whose, 0), "no older state is ever shown"
            self.versions[whose] = document["version"]

    def read(self, whose):
        """A cart's document, and its lines."""
        document = self.loop.run_until_complete(self._read(self.ids[whose]))
        return document, {line["sku"]: line["quantity"] for line in document["lines"]}

    async def _read(self, cart):
        async with self.session.get(f"{self.base}/v1/carts/{cart}") as answer:
            return await answer.json()


@pytest.mark.timeout(170)
def test_the_laws_hold(base):
    laws = type("CartLaws", (CartLaws,), {"base": base})
    run_state_machine_as_test(
        laws,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

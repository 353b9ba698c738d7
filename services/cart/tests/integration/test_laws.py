"""The laws of a cart, through HTTP against a real Valkey, under any order of calls, repeats and lost answers.

An acknowledged change is there (a); an acknowledged removal stays (b); an operation applies at most once, however often
and however concurrently it is sent, and a lost answer means unknown, never lost and twice (c); a merge loses no line,
not even over the limits (g).
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter

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


class CartLaws(RuleBasedStateMachine):
    """One guest's and one account's cart beside what they must hold."""

    base = ""

    @initialize()
    def begin(self):
        self.loop = asyncio.new_event_loop()
        self.session = self.loop.run_until_complete(self._open())
        self.guest = f"guest-{secrets.token_hex(16)}"
        self.account = f"account-{secrets.token_hex(16)}"
        self.expected = {self.guest: Counter(), self.account: Counter()}
        self.merged = False
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
            return answer.status, await answer.json()

    async def _lose(self, *call):
        try:
            async with asyncio.timeout(DROP_SECONDS):
                await self._once(*call)
        except TimeoutError:
            pass

    async def _send(self, how, *call):
        if how == "together":
            return (await asyncio.gather(*(self._once(*call) for _ in range(4))))[0]
        for _ in range(how.count("lost") + how.count("lost twice")):
            await self._lose(*call)
        if how == "twice":
            await self._once(*call)
        return await self._once(*call)

    def send(self, how, *call):
        """The status of a call sent `how`, which then is one that happened."""
        operation = secrets.token_hex(8)
        status, document = self.loop.run_until_complete(self._send(how, *call, operation))
        assert status in (200, 422), document
        if status == 200:
            self.past.append((*call, operation))
        return status

    def held(self, cart):
        """Where the cart's lines are now, and what is expected there."""
        at = self.account if cart == self.guest and self.merged else cart
        return at, self.expected[at]

    # ── what may happen ──────────────────────────────────────────────────────────────────────────────────────────────

    @rule(guest=st.booleans(), sku=SKUS, quantity=QUANTITIES, how=SENDINGS)
    def add(self, guest, sku, quantity, how):
        cart = self.guest if guest else self.account
        _, expected = self.held(cart)
        status = self.send(how, "POST", f"/v1/carts/{cart}/lines", {"sku": sku, "quantity": quantity})
        fits = expected[sku] + quantity <= MAX_QUANTITY
        assert status == (200 if fits else 422)
        if fits:
            expected[sku] += quantity

    @rule(guest=st.booleans(), sku=SKUS, quantity=st.integers(0, MAX_QUANTITY), how=SENDINGS)
    def set_quantity(self, guest, sku, quantity, how):
        cart = self.guest if guest else self.account
        _, expected = self.held(cart)
        assert self.send(how, "PUT", f"/v1/carts/{cart}/lines/{sku}", {"quantity": quantity}) == 200
        expected[sku] = quantity

    @rule(guest=st.booleans(), sku=SKUS, how=SENDINGS)
    def remove(self, guest, sku, how):
        cart = self.guest if guest else self.account
        _, expected = self.held(cart)
        assert self.send(how, "DELETE", f"/v1/carts/{cart}/lines/{sku}", None) == 200
        expected[sku] = 0

    @rule(guest=st.booleans(), sku=SKUS, quantity=QUANTITIES, how=SENDINGS)
    def take(self, guest, sku, quantity, how):
        cart = self.guest if guest else self.account
        _, expected = self.held(cart)
        body = {"lines": [{"sku": sku, "quantity": quantity}]}
        assert self.send(how, "POST", f"/v1/carts/{cart}/take", body) == 200
        expected[sku] = max(0, expected[sku] - quantity)

    @rule(how=SENDINGS)
    def merge(self, how):
        assert self.send(how, "POST", f"/v1/carts/{self.account}/merge", {"from": self.guest}) == 200
        if not self.merged:
            self.expected[self.account].update(self.expected.pop(self.guest))
            self.merged = True

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
        call = ("POST", f"/v1/carts/{self.account}/lines", {"sku": f"other-{sku}", "quantity": 1}, operation)
        status, document = self.loop.run_until_complete(self._once(*call))
        # known to the account's cart, it is refused; known to the guest's alone, it is new here
        if status == 200:
            self.expected[self.account][f"other-{sku}"] += 1
            self.past = [past for past in self.past if past[-1] != operation]
        else:
            assert document["code"] == "idempotency_key_reused"

    @precondition(lambda self: hasattr(self, "loop"))
    @invariant()
    def the_carts_hold_what_was_acknowledged(self):
        for cart in (self.guest, self.account):
            at, expected = self.held(cart)
            document = self.loop.run_until_complete(self._read(cart))
            assert document["id"] == at
            lines = {line["sku"]: line["quantity"] for line in document["lines"]}
            assert lines == {sku: quantity for sku, quantity in expected.items() if quantity}
            assert document["version"] >= self.versions.get(cart, 0), "no older state is ever shown"
            self.versions[cart] = document["version"]

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

"""The sweep of erasures that are still open."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from myclothes_gateway.erasures import Erasure, Erasures, OpenErasures
from myclothes_kit.problems import Unavailable

PAGE = 2


class Users:
    """A peer with open erasures, PAGE of them an answer."""

    def __init__(self, accounts):
        self.accounts = accounts
        self.confirmed = []

    async def ask(self, shape, path):
        assert shape is OpenErasures
        after = parse_qs(urlsplit(path).query).get("cursor", [""])[0]
        found = [account for account in self.accounts if account > after][:PAGE]
        items = [Erasure(account, ["cart", "shop"]) for account in found]
        return OpenErasures(items, found[-1] if len(found) == PAGE else None)

    async def send(self, _method, path, _session, *, body, operation):  # noqa: ARG002 - Peer
        self.confirmed.append((path.split("/")[3], body["part"]))


class Shop:
    async def send(self, *_args, **_kwargs):
        pass


class Carts:
    def __init__(self, stuck):
        self.stuck = stuck

    async def erase(self, owner, _operation):
        if owner in self.stuck:
            raise Unavailable


async def test_a_sweep_reaches_all_behind_those_that_are_stuck():
    accounts = [f"{number:032x}" for number in range(7)]
    users = Users(accounts)
    stuck = accounts[:4]
    sweeper = Erasures(users, Shop(), Carts({f"account-{account}" for account in stuck}), 1.0)
    await sweeper.sweep()
    assert [account for account, part in users.confirmed if part == "shop"] == accounts
    assert [account for account, part in users.confirmed if part == "cart"] == accounts[4:]

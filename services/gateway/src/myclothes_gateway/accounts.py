"""Accounts: registering, logging in and out, what an account holds, and its end."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import structlog

from myclothes_gateway.models import Account, Address, Addresses

if TYPE_CHECKING:
    from myclothes_gateway.carts import Carts
    from myclothes_gateway.erasures import Erasures
    from myclothes_gateway.inputs import AccountChanges, AddressInput, Credentials, Registration
    from myclothes_gateway.limits import Limits
    from myclothes_gateway.peers import Peer
    from myclothes_gateway.sessions import Session
    from myclothes_gateway.sessions.logins import Logins

_log = structlog.get_logger()


class Accounts:
    """What a shopper does with an account. Calls that need a login raise NotLoggedIn (401) without one."""

    def __init__(
        self, users: Peer, shop: Peer, carts: Carts, logins: Logins, limits: Limits, erasures: Erasures
    ) -> None:
        self._users = users
        self._shop = shop
        self._carts = carts
        self._logins = logins
        self._limits = limits
        self._erasures = erasures

    async def register(self, session: Session, registration: Registration, operation: str) -> Account:
        """A new account, logged in, with the guest's cart and orders. EmailTaken (409), rules broken (422), 429."""
        await self._limits.registration(session.address)
        account = await self._users.tell(Account, "POST", "/v1/accounts", operation, body=registration, session=session)
        await self._enter(session, account)
        return account

    async def login(self, session: Session, credentials: Credentials, operation: str) -> Account:
        """The account, logged in under a new session id. LoginRefused (401), LimitReached (429).

        When anything fails, the guest's session and cart are as they were, and the same login can be tried again.
        """
        await self._limits.login(credentials.email, session.address)
        account = await self._users.tell(Account, "POST", "/v1/logins", operation, body=credentials, session=session)
        await self._enter(session, account)
        return account

    async def _enter(self, session: Session, account: Account) -> None:
        """Each step may be repeated, and what a failure leaves undone is done when the shopper logs in again.

        The merge first: a guest whose orders were claimed may not order any more, and so the cart must be the account's
        by then. Until it is, a failed login costs the guest nothing; from then on no checkout of the guest can be
        right. The claim next: of the checkouts that read the cart before it was merged and come late, it brings along
        those that were in time and forbids the others. Both before the record: a session that is logged in shows
        merged cart and orders from its first page.

        Each claim has an operation id of its own: after a login that failed half-way the guest may log in to another
        account, and claiming twice does no harm.
        """
        await self._logins.resolve(session)
        guest = session.guest_cart_id if session.account_id is None else None
        owner = f"account-{account.id}"
        if guest is None:
            await self._logins.open(session, account)
            return
        merged = await self._carts.merge(session, guest, owner, f"merge:{guest}")
        # with a cart, the guest may have ordered without ever having had an answer
        if session.ordered or session.cart_version:
            await self._shop.send(
                "POST",
                f"/v1/owners/{owner}/claim",
                session,
                body={"from": guest},
                operation=f"claim:{uuid.uuid4().hex}",
            )
        await self._logins.open(session, account)
        session.saw_cart(merged)

    async def logout(self, session: Session) -> None:
        """End the session; the visitor is a new one. A 503 when that cannot be promised."""
        await self._logins.close(session)

    async def get(self, session: Session) -> Account:
        """The account that is logged in."""
        account_id = await self._logins.account_id(session)
        return await self._users.ask(Account, f"/v1/accounts/{account_id}", session)

    async def change(self, session: Session, changes: AccountChanges, operation: str) -> Account:
        """The changed account. A new e-mail or password needs the current password (403 PasswordWrong) and ends all
        other sessions of the account.
        """
        account_id = await self._logins.account_id(session)
        if changes.current_password:
            await self._limits.password(account_id)
        account = await self._users.tell(
            Account, "PATCH", f"/v1/accounts/{account_id}", operation, body=changes, session=session
        )
        if changes.email or changes.password:
            await self._logins.close_others(session, account)
        return account

    async def delete(self, session: Session, operation: str) -> None:
        """Delete account, cart and the personal data of the orders, and end all sessions.

        Users remembers the erasure before anything else happens; what cart or shop cannot do now, a sweep does later.
        """
        account_id = await self._logins.account_id(session)
        await self._users.send("DELETE", f"/v1/accounts/{account_id}", session, operation=operation)
        await self._logins.close_all(account_id)
        session.begin()
        await self._erasures.erase(account_id, ("cart", "shop"))

    async def export(self, session: Session) -> dict[str, Any]:
        """Everything that is kept about the person, by part of the shop."""
        account_id = await self._logins.account_id(session)
        cart = await self._carts.read(session)
        session.saw_cart(cart)
        return {
            "account": await self._users.ask(dict, f"/v1/accounts/{account_id}/export", session),
            "cart": cart,
            "shop": await self._shop.ask(dict, f"/v1/owners/{session.owner}/export", session),
        }

    async def addresses(self, session: Session) -> list[Address]:
        """The account's addresses."""
        account_id = await self._logins.account_id(session)
        return (await self._users.ask(Addresses, f"/v1/accounts/{account_id}/addresses", session)).items

    async def add_address(self, session: Session, address: AddressInput, operation: str) -> Address:
        """A new address; 422 naming the fields that its country requires."""
        account_id = await self._logins.account_id(session)
        path = f"/v1/accounts/{account_id}/addresses"
        return await self._users.tell(Address, "POST", path, operation, body=address, session=session)

    async def replace_address(
        self, session: Session, address_id: str, address: AddressInput, operation: str
    ) -> Address:
        """The address as it is now; NothingHere (404) for one that is not the account's."""
        account_id = await self._logins.account_id(session)
        path = f"/v1/accounts/{account_id}/addresses/{address_id}"
        return await self._users.tell(Address, "PUT", path, operation, body=address, session=session)

    async def delete_address(self, session: Session, address_id: str, operation: str) -> None:
        """Forget an address."""
        account_id = await self._logins.account_id(session)
        path = f"/v1/accounts/{account_id}/addresses/{address_id}"
        await self._users.send("DELETE", path, session, operation=operation)

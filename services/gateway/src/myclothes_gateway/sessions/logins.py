"""Who is logged in: the record behind a session, opened at login, checked, and closed."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import structlog

from myclothes_gateway import metrics
from myclothes_gateway.errors import NotLoggedIn
from myclothes_gateway.models import Account
from myclothes_gateway.sessions.records import Record
from myclothes_gateway.sessions.session import Session
from myclothes_kit.problems import NotFound, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from myclothes_gateway.peers import Peer
    from myclothes_gateway.sessions.codec import SessionCodec
    from myclothes_gateway.sessions.records import Records

EPOCH_SECONDS = 60.0
"""How often users is asked whether an account's sessions have ended."""
MAX_EPOCHS = 10_000
_log = structlog.get_logger()


class Logins:
    """Opens, resolves and ends logged-in sessions."""

    def __init__(
        self, records: Records, users: Peer, codec: SessionCodec, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._records = records
        self._users = users
        self._codec = codec
        self._clock = clock
        self._epochs: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def resolve(self, session: Session) -> None:
        """Find out whose session it is; one that has ended becomes a new visitor's. No call for a guest."""
        if not session.signed_in or session.account_id is not None:
            return
        name = session.record_name
        record = await self._records.get(name)
        if record is None:
            metrics.SESSION_ENDED.inc()
            session.begin()
            return
        session.account_id = record.account_id
        if record.epoch < await self._epoch(record, session):
            await self._records.close(name, record.account_id)
            metrics.SESSION_ENDED.inc()
            session.begin()
            return
        today = self._codec.today()
        if record.day != today:
            await self._records.open(name, Record(record.account_id, record.epoch, today))

    async def account_id(self, session: Session) -> str:
        """The account that is logged in; raises NotLoggedIn (401)."""
        await self.resolve(session)
        if session.account_id is None:
            raise NotLoggedIn("Log in first.")
        return session.account_id

    async def open(self, session: Session, account: Account) -> None:
        """Log `session` in under a new id; the id it came with is worth nothing for the account."""
        fresh = Session(position=session.position, address=session.address)
        fresh.begin()
        fresh.signed_in, fresh.account_id = True, account.id
        record = Record(account.id, account.session_epoch, self._codec.today())
        await self._records.open(fresh.record_name, record)
        ended = session.record_name if session.signed_in else None
        session.become(fresh)
        metrics.SESSION_OPENED.inc()
        self._remember(account)
        if ended is not None:
            await self._records.close(ended, account.id)

    async def close(self, session: Session) -> None:
        """Log out: the record goes, and the visitor is a new one."""
        await self.resolve(session)
        if session.account_id is not None:
            await self._records.close(session.record_name, session.account_id)
            metrics.SESSION_CLOSED.inc()
        session.begin()

    async def close_others(self, session: Session, account: Account) -> None:
        """After a change of password or e-mail: this session goes on under the new epoch, all others end."""
        name = session.record_name
        await self._records.open(name, Record(account.id, account.session_epoch, self._codec.today()))
        await self._records.close_all(account.id, keep=name)
        self._remember(account)

    async def close_all(self, account_id: str) -> None:
        """End all sessions of an account that is being deleted."""
        await self._records.close_all(account_id, keep=None)

    async def _epoch(self, record: Record, session: Session) -> int:
        """The account's epoch, at most a minute old; the record's own while users cannot tell."""
        known = self._epochs.get(record.account_id)
        now = self._clock()
        if known is not None and now - known[0] < EPOCH_SECONDS:
            return known[1]
        try:
            account = await self._users.ask(Account, f"/v1/accounts/{record.account_id}", session)
        except NotFound:
            return record.epoch + 1
        except Problem as problem:
            _log.warning("session_epoch_unknown", code=problem.code)
            return record.epoch
        self._remember(account)
        return account.session_epoch

    def _remember(self, account: Account) -> None:
        self._epochs[account.id] = (self._clock(), account.session_epoch)
        self._epochs.move_to_end(account.id)
        while len(self._epochs) > MAX_EPOCHS:
            self._epochs.popitem(last=False)

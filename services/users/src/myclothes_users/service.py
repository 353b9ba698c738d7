"""What the users service does with accounts: it decides, the store keeps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog
from msgspec import UNSET
from sqlalchemy.exc import IntegrityError

from myclothes_kit import emails
from myclothes_kit.postgres import Answer, Stored, fingerprint, once
from myclothes_kit.problems import FieldError, Problem, Unavailable, Unprocessable
from myclothes_users import passwords, store
from myclothes_users.domain import AccountChange, Export, encoded
from myclothes_users.errors import AccountUnknown, EmailTaken, LoginRefused, PasswordWrong
from myclothes_users.metrics import LOGINS
from myclothes_users.tables import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_kit.postgres import Database, Position
    from myclothes_users.domain import Account, ErasurePage, ErasureQuery, Login, Part, Registration
    from myclothes_users.hashing import Argon, Hasher

log = structlog.get_logger()

VERIFY_TRIES = 3
"""How often a current password is verified again because the account's hash changed meanwhile."""


class Users:
    """Accounts, logins and erasures. Every write takes an operation id and applies at most once."""

    def __init__(self, database: Database, hasher: Hasher) -> None:
        self._database = database
        self._hasher = hasher

    async def register(self, key: str, given: Registration) -> Answer[Stored]:
        """201 and a new account; raises EmailTaken, or Unprocessable for an e-mail, a password or a name."""
        email, name = emails.normalised(given.email), one_line("name", given.name)
        password = passwords.checked(given.password)
        await self._database.await_primary()  # a hash costs more than all else
        password_hash, request = await self._hasher.run(
            lambda argon: (argon.hash(password), argon.fingerprint(key, "register", given))
        )
        account_id = uuid4().hex

        async def work(connection: AsyncConnection) -> Stored:
            made = await store.add_account(
                connection,
                account_id,
                email=email,
                identity=emails.identity(email),
                name=name,
                password_hash=password_hash,
            )
            if made is None:
                raise EmailTaken(errors=[FieldError("email", "taken", "log in, or use another e-mail")])
            return Stored(201, encoded(made))

        return await self._once(key, request, account_id, work)

    async def login(self, given: Login, at_least: Position | None) -> Answer[Account]:
        """The account of an e-mail and its password; raises LoginRefused, the same way and as slowly for both.

        It asks the primary: a password that was changed must not open a session from a replica that does not know.
        """
        try:
            identity = emails.identity(emails.normalised(given.email))
        except Unprocessable:
            identity = ""  # nobody's
        found = await self._database.read_newest(lambda c: store.account_by_email(c, identity), at_least)
        account, stored = found.value or (None, None)
        password = passwords.normalised(given.password)
        accepted = await self._hasher.run(lambda argon: argon.verify(stored, password))
        if account is None or stored is None or not accepted:
            LOGINS.labels("refused").inc()
            raise LoginRefused
        LOGINS.labels("accepted").inc()
        if self._hasher.outdated(stored):
            await self._rehash(account.id, stored, password)
        return Answer(account, found.position)

    async def account(self, account_id: str, at_least: Position | None) -> Answer[Account]:
        """An account; raises AccountUnknown."""
        found = await self._database.read(lambda c: store.account(c, account_id), at_least)
        if found.value is None:
            raise AccountUnknown
        return Answer(found.value[0], found.position)

    async def export(self, account_id: str, at_least: Position | None) -> Answer[Export]:
        """Everything held here about a person; raises AccountUnknown."""

        async def work(connection: AsyncConnection) -> Export:
            found = await store.account(connection, account_id)
            if found is None:
                raise AccountUnknown
            return Export(found[0], await store.addresses(connection, account_id))

        return await self._database.read(work, at_least)

    async def change(self, account_id: str, key: str, given: AccountChange) -> Answer[Stored]:
        """200 and the account as changed; a new password or e-mail ends its sessions.

        Raises AccountUnknown, PasswordWrong, EmailTaken, or Unprocessable.
        """
        values, password = _changes(given)
        if given.email is UNSET and password is None:
            return await self._change(account_id, key, fingerprint("change", account_id, given), values, None)
        if given.current_password is UNSET:
            raise Unprocessable(
                "current_password: it is required to change the e-mail or the password",
                errors=[FieldError("current_password", "missing", "required to change the e-mail or the password")],
            )
        current = passwords.normalised(given.current_password)

        async def look(connection: AsyncConnection) -> tuple[tuple[Account, str] | None, bool]:
            return await store.account(connection, account_id), await store.operation_done(connection, key)

        def hashes(argon: Argon, stored: str, *, again: bool) -> tuple[dict[str, str], bytes]:
            # A repeat is known by its fingerprint: the password it gives as the current one is no longer that.
            if not again and not argon.verify(stored, current):
                raise PasswordWrong(errors=[FieldError("current_password", "wrong", "not the current password")])
            new = {} if password is None or again else {"password_hash": argon.hash(password)}
            return new, argon.fingerprint(key, "change", account_id, given)

        for _ in range(VERIFY_TRIES):
            (found, again) = (await self._database.read_newest(look)).value
            if found is None:
                raise AccountUnknown
            new, request = await self._hasher.run(partial(hashes, stored=found[1], again=again))
            try:
                return await self._change(account_id, key, request, values | new, found[1])
            except _HashChanged:
                continue
        raise Unavailable("The password is being changed by another request.")

    async def delete(self, account_id: str, key: str) -> Answer[Stored]:
        """202: personal data is gone here, and an erasure is open for the other services; raises AccountUnknown."""

        async def work(connection: AsyncConnection) -> Stored:
            if await store.account(connection, account_id, lock=True) is None:
                raise AccountUnknown
            await store.erase_account(connection, account_id)
            return Stored(202)

        return await self._once(key, fingerprint("delete", account_id), None, work)

    async def erasures(self, query: ErasureQuery, at_least: Position | None) -> Answer[ErasurePage]:
        """A page of the erasures that wait for a confirmation."""
        return await self._database.read(lambda connection: store.erasures(connection, query.cursor), at_least)

    async def confirm(self, account_id: str, key: str, part: Part) -> Answer[Stored]:
        """204: `part` has erased the account; also when that was known or nothing is pending."""

        async def work(connection: AsyncConnection) -> Stored:
            await store.confirm_erasure(connection, account_id, part)
            return Stored(204)

        return await self._once(key, fingerprint("confirm", account_id, part), None, work)

    async def reset_password(self, email: str, password: str) -> Answer[Account]:
        """An operator's new password for an account, ending its sessions; raises AccountUnknown or Unprocessable."""
        identity, password = emails.identity(emails.normalised(email)), passwords.checked(password)
        new = await self._hasher.run(lambda argon: argon.hash(password))

        async def work(connection: AsyncConnection) -> Account:
            found = await store.account_by_email(connection, identity)
            if found is None:
                raise AccountUnknown(f"There is no account with the e-mail {email}.")
            return await store.change_account(connection, found[0].id, end_sessions=True, password_hash=new)

        return await self._database.write(work)

    async def _change(
        self, account_id: str, key: str, request: bytes, values: dict[str, str], verified: str | None
    ) -> Answer[Stored]:
        """Set `values`; with `verified` only if the account's hash is still that one, and ending its sessions."""

        async def work(connection: AsyncConnection) -> Stored:
            found = await store.account(connection, account_id, lock=True)
            if found is None:
                raise AccountUnknown
            account, stored = found
            if verified not in (None, stored):
                raise _HashChanged
            if values:
                try:
                    account = await store.change_account(
                        connection, account_id, end_sessions=verified is not None, **values
                    )
                except IntegrityError as error:
                    raise EmailTaken(errors=[FieldError("email", "taken", "another account has it")]) from error
            return Stored(200, encoded(account))

        return await self._once(key, request, account_id, work)

    async def _once(
        self, key: str, request: bytes, subject: str | None, work: Callable[[AsyncConnection], Awaitable[Stored]]
    ) -> Answer[Stored]:
        return await write_once(self._database, key, request, subject, work)

    async def _rehash(self, account_id: str, old: str, password: str) -> None:
        """Bring a hash up to today's parameters. The login stands whether or not this works."""
        try:
            new = await self._hasher.run(lambda argon: argon.hash(password))
            await self._database.write(lambda connection: store.replace_hash(connection, account_id, old, new))
        except Problem as problem:
            log.info("rehash_postponed", code=problem.code)


def _changes(given: AccountChange) -> tuple[dict[str, str], str | None]:
    """The columns that `given` sets, checked, and the new password if there is one; raises Unprocessable."""
    values: dict[str, str] = {}
    if given.name is not UNSET:
        values["name"] = one_line("name", given.name)
    if given.email is not UNSET:
        values["email"] = emails.normalised(given.email)
        values["email_identity"] = emails.identity(values["email"])
    return values, None if given.password is UNSET else passwords.checked(given.password)


class _HashChanged(Exception):  # noqa: N818 - a signal, not a failure
    """The account's password hash is no longer the one that was verified."""


async def write_once(
    database: Database,
    key: str,
    request: bytes,
    subject: str | None,
    work: Callable[[AsyncConnection], Awaitable[Stored]],
) -> Answer[Stored]:
    """Run `work` in a transaction under the operation id `key`, or answer what it answered first.

    Raises AccountUnknown for the repeat of an operation on an account (`subject`) that was erased since.
    """

    async def guarded(connection: AsyncConnection) -> Stored:
        return await once(connection, OPERATIONS, key, request, lambda: work(connection), subject=subject)

    answer = await database.write(guarded)
    if answer.value.status == AccountUnknown.status:
        raise AccountUnknown
    return answer


def one_line(field: str, text: str) -> str:
    """`text` without surrounding blanks; raises Unprocessable (422) on `field` when nothing is left."""
    if not (text := text.strip()):
        raise Unprocessable(f"{field}: it is blank", errors=[FieldError(field, "missing", "this field is required")])
    return text

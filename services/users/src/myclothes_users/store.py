"""Accounts, addresses and erasures in Postgres: single statements, to be called inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from myclothes_users.domain import PARTS, Account, Address, AddressFields, Erasure, ErasurePage, Part
from myclothes_users.tables import ACCOUNTS, ADDRESSES, ERASURES, OPERATIONS

if TYPE_CHECKING:
    from sqlalchemy.engine import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

ERASURES_SHOWN = 100
"""Open erasures that one answer lists."""
_GONE = 404
_FIELDS = ("name", "line1", "line2", "city", "region", "postal_code", "country", "phone")


async def add_account(
    connection: AsyncConnection, account_id: str, *, email: str, identity: str, name: str, password_hash: str
) -> Account | None:
    """A new account; None when the e-mail is taken."""
    new = insert(ACCOUNTS).values(
        id=UUID(account_id), email=email, email_identity=identity, name=name, password_hash=password_hash
    )
    row = (
        await connection.execute(
            new.on_conflict_do_nothing(index_elements=[ACCOUNTS.c.email_identity]).returning(ACCOUNTS)
        )
    ).one_or_none()
    return None if row is None else _account(row)


async def account(connection: AsyncConnection, account_id: str, *, lock: bool = False) -> tuple[Account, str] | None:
    """An account and its password hash; with `lock` no other transaction changes it until this one ends."""
    query = sa.select(ACCOUNTS).where(ACCOUNTS.c.id == UUID(account_id))
    return _with_hash((await connection.execute(query.with_for_update() if lock else query)).one_or_none())


async def account_by_email(connection: AsyncConnection, identity: str) -> tuple[Account, str] | None:
    """The account of an e-mail and its password hash."""
    query = sa.select(ACCOUNTS).where(ACCOUNTS.c.email_identity == identity)
    return _with_hash((await connection.execute(query)).one_or_none())


async def change_account(connection: AsyncConnection, account_id: str, *, end_sessions: bool, **values: str) -> Account:
    """Set columns of an existing account; `end_sessions` makes its session epoch grow.

    Raises IntegrityError when another account took the e-mail at the same time.
    """
    change = ACCOUNTS.update().where(ACCOUNTS.c.id == UUID(account_id))
    change = change.values(session_epoch=ACCOUNTS.c.session_epoch + int(end_sessions), **values)
    return _account((await connection.execute(change.returning(ACCOUNTS))).one())


async def replace_hash(connection: AsyncConnection, account_id: str, old: str, new: str) -> None:
    """Store a better hash of the same password, unless the password was changed meanwhile."""
    await connection.execute(
        ACCOUNTS.update()
        .where(ACCOUNTS.c.id == UUID(account_id), ACCOUNTS.c.password_hash == old)
        .values(password_hash=new)
    )


async def erase_account(connection: AsyncConnection, account_id: str) -> None:
    """Remove all personal data of an account and open its erasure; stored answers about it become a 404."""
    await connection.execute(ACCOUNTS.delete().where(ACCOUNTS.c.id == UUID(account_id)))
    await connection.execute(
        OPERATIONS.update().where(OPERATIONS.c.subject == account_id).values(status=_GONE, body=None)
    )
    await connection.execute(
        insert(ERASURES).values(account_id=UUID(account_id), pending=list(PARTS)).on_conflict_do_nothing()
    )


async def addresses(connection: AsyncConnection, account_id: str) -> list[Address]:
    """The addresses of an account, the oldest first."""
    query = (
        sa.select(ADDRESSES)
        .where(ADDRESSES.c.account_id == UUID(account_id))
        .order_by(ADDRESSES.c.created_at, ADDRESSES.c.id)
    )
    return [_address(row) for row in await connection.execute(query)]


async def add_address(connection: AsyncConnection, account_id: str, fields: AddressFields) -> Address:
    """A new address, of an account that holds a lock and has no other default one if this is to be it."""
    new = insert(ADDRESSES).values(id=uuid4(), account_id=UUID(account_id), **_values(fields))
    return _address((await connection.execute(new.returning(ADDRESSES))).one())


async def change_address(
    connection: AsyncConnection, account_id: str, address_id: str, fields: AddressFields
) -> Address:
    """Overwrite an existing address."""
    change = ADDRESSES.update().where(_is(account_id, address_id)).values(**_values(fields))
    return _address((await connection.execute(change.returning(ADDRESSES))).one())


async def remove_address(connection: AsyncConnection, account_id: str, address_id: str) -> None:
    """Delete an address; harmless when there is none."""
    await connection.execute(ADDRESSES.delete().where(_is(account_id, address_id)))


async def clear_default(connection: AsyncConnection, account_id: str) -> None:
    """Leave an account without a default address, until one is set in the same transaction."""
    await connection.execute(
        ADDRESSES.update()
        .where(ADDRESSES.c.account_id == UUID(account_id), ADDRESSES.c.is_default)
        .values(is_default=False)
    )


async def set_default(connection: AsyncConnection, account_id: str, address_id: str) -> None:
    """Make an address the default one of an account that has none."""
    await connection.execute(ADDRESSES.update().where(_is(account_id, address_id)).values(is_default=True))


async def erasures(connection: AsyncConnection, cursor: str | None) -> ErasurePage:
    """ERASURES_SHOWN erasures that wait for a confirmation, by account id, after the one at `cursor`."""
    query = sa.select(ERASURES).order_by(ERASURES.c.account_id).limit(ERASURES_SHOWN)
    if cursor is not None:
        query = query.where(ERASURES.c.account_id > UUID(cursor))
    found = [Erasure(row.account_id.hex, row.pending) for row in await connection.execute(query)]
    return ErasurePage(found, found[-1].account_id if len(found) == ERASURES_SHOWN else None)


async def count_erasures(connection: AsyncConnection) -> int:
    """How many erasures wait for a confirmation."""
    return await connection.scalar(sa.select(sa.func.count()).select_from(ERASURES)) or 0


async def confirm_erasure(connection: AsyncConnection, account_id: str, part: Part) -> None:
    """Take note that `part` has erased the account; with the last one nothing of it remains here."""
    one = ERASURES.c.account_id == UUID(account_id)
    await connection.execute(
        ERASURES.update().where(one).values(pending=sa.func.array_remove(ERASURES.c.pending, part))
    )
    await connection.execute(ERASURES.delete().where(one, sa.func.cardinality(ERASURES.c.pending) == 0))


async def operation_done(connection: AsyncConnection, key: str) -> bool:
    """Whether an operation of this id has been committed."""
    return await connection.scalar(sa.select(OPERATIONS.c.key).where(OPERATIONS.c.key == key)) is not None


def _is(account_id: str, address_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(ADDRESSES.c.id == UUID(address_id), ADDRESSES.c.account_id == UUID(account_id))


def _values(fields: AddressFields) -> dict[str, Any]:
    return {name: getattr(fields, name) for name in _FIELDS} | {"is_default": fields.default}


def _account(row: Row[Any]) -> Account:
    return Account(row.id.hex, row.email, row.name, row.created_at, row.session_epoch)


def _with_hash(row: Row[Any] | None) -> tuple[Account, str] | None:
    return None if row is None else (_account(row), row.password_hash)


def _address(row: Row[Any]) -> Address:
    texts = {name: getattr(row, name) for name in _FIELDS}
    return Address(id=row.id.hex, default=row.is_default, **texts)

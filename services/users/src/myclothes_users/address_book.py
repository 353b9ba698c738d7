"""The addresses of an account: several, of which one is the default whenever there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from myclothes_kit.postgres import Answer, Stored, fingerprint
from myclothes_users import postal, store
from myclothes_users.domain import encoded
from myclothes_users.errors import AccountUnknown, AddressLimit, AddressUnknown
from myclothes_users.service import write_once

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_kit.postgres import Database, Position
    from myclothes_users.domain import Address, AddressFields


class AddressBook:
    """Addresses by account. The first is the default; to change it, make another one the default."""

    def __init__(self, database: Database, max_addresses: int) -> None:
        self._database = database
        self._max_addresses = max_addresses

    async def all(self, account_id: str, at_least: Position | None) -> Answer[list[Address]]:
        """The addresses, the oldest first; raises AccountUnknown."""

        async def work(connection: AsyncConnection) -> list[Address]:
            if await store.account(connection, account_id) is None:
                raise AccountUnknown
            return await store.addresses(connection, account_id)

        return await self._database.read(work, at_least)

    async def add(self, account_id: str, key: str, given: AddressFields) -> Answer[Stored]:
        """201 and the new address; raises AccountUnknown, AddressLimit, or Unprocessable naming the fields."""
        fields = postal.checked(given)

        async def work(connection: AsyncConnection) -> Stored:
            present = await self._locked(connection, account_id)
            if len(present) >= self._max_addresses:
                raise AddressLimit(f"An account keeps {self._max_addresses} addresses at most; delete one first.")
            chosen = await _defaulted(connection, account_id, fields, is_default=not present)
            return Stored(201, encoded(await store.add_address(connection, account_id, chosen)))

        return await write_once(self._database, key, fingerprint("add", account_id, given), account_id, work)

    async def change(self, account_id: str, address_id: str, key: str, given: AddressFields) -> Answer[Stored]:
        """200 and the address as overwritten; raises AccountUnknown, AddressUnknown, or Unprocessable."""
        fields = postal.checked(given)

        async def work(connection: AsyncConnection) -> Stored:
            old = _find(await self._locked(connection, account_id), address_id)
            if old is None:
                raise AddressUnknown
            chosen = await _defaulted(connection, account_id, fields, is_default=old.default)
            return Stored(200, encoded(await store.change_address(connection, account_id, address_id, chosen)))

        request = fingerprint("overwrite", account_id, address_id, given)
        return await write_once(self._database, key, request, account_id, work)

    async def remove(self, account_id: str, address_id: str, key: str) -> Answer[Stored]:
        """204, also when there is no such address; the oldest other one inherits being the default.

        Raises AccountUnknown.
        """

        async def work(connection: AsyncConnection) -> Stored:
            present = await self._locked(connection, account_id)
            old = _find(present, address_id)
            if old is not None:
                await store.remove_address(connection, account_id, address_id)
                heir = next((address for address in present if address.id != old.id), None)
                if old.default and heir is not None:
                    await store.set_default(connection, account_id, heir.id)
            return Stored(204)

        request = fingerprint("remove", account_id, address_id)
        return await write_once(self._database, key, request, account_id, work)

    async def _locked(self, connection: AsyncConnection, account_id: str) -> list[Address]:
        if await store.account(connection, account_id, lock=True) is None:
            raise AccountUnknown
        return await store.addresses(connection, account_id)


def _find(present: list[Address], address_id: str) -> Address | None:
    return next((address for address in present if address.id == address_id), None)


async def _defaulted(
    connection: AsyncConnection, account_id: str, fields: AddressFields, *, is_default: bool
) -> AddressFields:
    """`fields` as the default address if it asks to be or must be, with no other default one left."""
    if fields.default and not is_default:
        await store.clear_default(connection, account_id)
    return msgspec.structs.replace(fields, default=fields.default or is_default)

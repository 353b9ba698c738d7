"""Operation ids in the same transaction as what they did: a write applies at most once, however often it is sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from myclothes_kit.postgres.errors import OperationIdReused
from myclothes_kit.problems import FieldError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from myclothes_kit.postgres.database import Database

PURGE_ROWS = 500
"""Rows a purging statement deletes at most, so that it holds no lock for long."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer of an operation: its HTTP status and encoded JSON body, and whether this is a repeat of it."""

    status: int
    body: bytes = b""
    repeated: bool = False


def operations_table(metadata: sa.MetaData, name: str = "operations") -> sa.Table:
    """The table of a service's operation ids; declared in its metadata, created by its migrations.

    `subject` says whom the stored answer is about, so that it can be erased with them. `repeats` exists to be written:
    a repeat is acknowledged only by a commit of its own, which waits for replication like the first one.
    """
    return sa.Table(
        name,
        metadata,
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("status", sa.SmallInteger),
        sa.Column("body", sa.LargeBinary),
        sa.Column("repeats", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Index(f"{name}_created_at", "created_at"),
        sa.Index(f"{name}_subject", "subject", postgresql_where=sa.text("subject IS NOT NULL")),
    )


def fingerprint(*parts: object) -> bytes:
    """What makes a request the same request: call, path, payload. Anything msgspec encodes; 32 bytes.

    Not for secrets: it is a quick hash and it is stored.
    """
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).digest()


async def once(
    connection: AsyncConnection,
    table: sa.Table,
    key: str,
    request: bytes,
    work: Callable[[], Awaitable[Stored]],
    *,
    subject: str | None = None,
) -> Stored:
    """Run `work` if `key` is new in `table` and remember its answer; else answer what it answered first.

    Requests under one key wait for each other here (at most the lock time-out). `request` is the request's
    fingerprint; the same key with another one raises OperationIdReused (422). What `work` raises rolls back the key
    with all else: a refusal is not remembered. Call it first in the transaction.
    """
    new = insert(table).values(key=key, fingerprint=request, subject=subject)
    row = (
        await connection.execute(
            new.on_conflict_do_update(index_elements=[table.c.key], set_={"repeats": table.c.repeats + 1}).returning(
                table.c.fingerprint, table.c.status, table.c.body, table.c.repeats
            )
        )
    ).one()
    if row.fingerprint != request:
        raise OperationIdReused(
            "Use a new Idempotency-Key for a new operation; repeat one only with the same request.",
            errors=[FieldError("Idempotency-Key", "reused", "it was used for another request")],
        )
    if row.repeats:
        return Stored(row.status, row.body or b"", repeated=True)
    stored = await work()
    await connection.execute(table.update().where(table.c.key == key).values(status=stored.status, body=stored.body))
    return stored


async def purge(database: Database, table: sa.Table, hours: float) -> int:
    """Forget up to PURGE_ROWS operations older than `hours`; returns how many. For a timer, in every process."""
    old = (
        sa.select(table.c.key)
        .where(table.c.created_at < sa.func.now() - timedelta(hours=hours))
        .limit(PURGE_ROWS)
        .with_for_update(skip_locked=True)
    )

    async def work(connection: AsyncConnection) -> int:
        return (await connection.execute(table.delete().where(table.c.key.in_(old)))).rowcount

    return (await database.write(work)).value

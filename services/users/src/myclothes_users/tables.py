"""The tables of the database `users`."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from myclothes_kit.postgres import operations_table

METADATA = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_name)s",
    }
)


def _created_at() -> sa.Column[object]:
    return sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


ACCOUNTS = sa.Table(
    "accounts",
    METADATA,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("email_identity", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("session_epoch", sa.Integer, nullable=False, server_default=sa.text("1")),
    _created_at(),
)

ADDRESSES = sa.Table(
    "addresses",
    METADATA,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    *(
        sa.Column(name, sa.Text, nullable=False)
        for name in ("name", "line1", "line2", "city", "region", "postal_code", "country", "phone")
    ),
    sa.Column("is_default", sa.Boolean, nullable=False),
    _created_at(),
    sa.Index("addresses_account_id", "account_id"),
    sa.Index("addresses_one_default", "account_id", unique=True, postgresql_where=sa.text("is_default")),
)

ERASURES = sa.Table(
    "erasures",
    METADATA,
    sa.Column("account_id", sa.Uuid, primary_key=True),
    sa.Column("pending", ARRAY(sa.Text), nullable=False),
    _created_at(),
)
"""Deleted accounts whose data other services have yet to erase; nothing personal."""

OPERATIONS = operations_table(METADATA)

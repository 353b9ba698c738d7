# ruff: noqa: INP001 - alembic runs it by its path
"""Alembic's entry: run by `python -m myclothes_shop migrate` and by the tests."""

from myclothes_kit.postgres.migrations import run_migrations
from myclothes_shop.store.tables import METADATA

run_migrations(METADATA)

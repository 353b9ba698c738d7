"""Where alembic starts: the tables to compare with, the rest is the kit's."""  # noqa: INP001 - a script of alembic's, not a module

from myclothes_kit.postgres.migrations import run_migrations
from myclothes_users.tables import METADATA

run_migrations(METADATA)

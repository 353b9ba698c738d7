"""`python -m myclothes_users [serve | migrate | reset-password EMAIL]`."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import secrets
import sys

from sqlalchemy.exc import SQLAlchemyError

from myclothes_kit import logs, postgres, server
from myclothes_kit.health import Readiness
from myclothes_kit.problems import Problem
from myclothes_kit.settings import load
from myclothes_users.app import MIGRATIONS, SERVICE, create_app, open_hasher
from myclothes_users.hashing import give_memory_back
from myclothes_users.service import Users
from myclothes_users.settings import UsersSettings


def main() -> None:
    """Runs the command named on the command line; exit code 1 on failure, 2 for wrong settings or arguments."""
    parser = argparse.ArgumentParser(prog="python -m myclothes_users", description="The users service.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve requests (the default)")
    commands.add_parser("migrate", help="apply pending schema changes to the database")
    reset = commands.add_parser("reset-password", help="set a new password and end the account's sessions")
    reset.add_argument("email")
    reset.add_argument("--generate", action="store_true", help="make a password and print it")
    arguments = parser.parse_args()

    settings = load(UsersSettings)
    logs.configure(SERVICE, settings.log_level, settings.log_format)
    try:
        if arguments.command == "migrate":
            from myclothes_kit.postgres import migrations  # noqa: PLC0415 - serving does without alembic

            asyncio.run(migrations.migrate(SERVICE, settings, MIGRATIONS))
        elif arguments.command == "reset-password":
            password = secrets.token_urlsafe(12) if arguments.generate else _asked()
            print(asyncio.run(_reset(settings, arguments.email, password)))
            if arguments.generate:
                print(f"The new password: {password}")
        else:
            give_memory_back()
            readiness = Readiness()
            server.run(create_app(settings, readiness), settings, readiness)
    except Problem as problem:
        sys.exit(f"{problem.title}: {problem.detail}")
    except SQLAlchemyError as error:
        sys.exit(f"The database refused: {error}")


async def _reset(settings: UsersSettings, email: str, password: str) -> str:
    async with postgres.open_database(SERVICE, settings) as database, open_hasher(settings) as hasher:
        account = (await Users(database, hasher).reset_password(email, password)).value
    return f"The password of {account.email} is changed; its sessions have ended."


def _asked() -> str:
    """The new password, typed twice, or from the first line of standard input when that is no terminal."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("New password: ")
    if getpass.getpass("Again: ") != password:
        sys.exit("The two are not the same.")
    return password


if __name__ == "__main__":
    main()

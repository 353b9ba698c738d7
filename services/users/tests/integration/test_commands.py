"""The commands: migrate, reset-password, serve; and what they say when something is wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import aiohttp
import pytest
import sqlalchemy as sa
from alembic import command

from myclothes_kit.postgres import migrations, open_database, schema
from myclothes_stores.ports import free_port
from myclothes_users.app import MIGRATIONS, SERVICE

from .conftest import ADA, PASSWORD, serving, settings_for

SECONDS = 60.0


def environment(database, **values):
    own = {
        "USERS_DATABASE_HOSTS": database.hosts,
        "USERS_DATABASE_NAME": database.name,
        "USERS_DATABASE_USER": database.user,
        **values,
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("USERS_")} | own


async def start(env, *arguments):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "myclothes_users",
        *arguments,
        env=env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run(env, *arguments, typed=""):
    process = await start(env, *arguments)
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate(typed.encode())
    return process.returncode, out.decode(), err.decode()


async def test_two_migrations_at_once_leave_one_schema_that_matches_the_tables(database):
    fresh = database("users", owner="users")
    results = await asyncio.gather(*(run(environment(fresh), "migrate") for _ in range(2)))
    assert [code for code, _, _ in results] == [0, 0], results
    assert (await run(environment(fresh), "migrate"))[0] == 0

    def compare(connection):
        command.check(migrations.config(MIGRATIONS, connection))

    async with open_database(SERVICE, settings_for(fresh)) as db:
        await db.write(lambda connection: connection.run_sync(compare))
        with pytest.raises(Exception, match="New upgrade operations detected"):
            await db.write(lambda c: _without_an_index(c, compare))


async def _without_an_index(connection, compare):
    """The control: a difference is noticed."""
    await connection.execute(sa.text("DROP INDEX addresses_one_default"))
    await connection.run_sync(compare)


async def test_reset_password_ends_the_sessions(users_database):
    env = environment(users_database, USERS_HASH_MEMORY_KIB="8", USERS_HASH_ROUNDS="1")
    async with serving(settings_for(users_database)) as call:
        ada = (await call("POST", "/v1/accounts", ADA)).body
        code, out, err = await run(env, "reset-password", "ADA@example.org", typed="an operator's choice\n")
        assert code == 0, err
        assert "sessions have ended" in out
        login = {"email": ADA["email"], "password": "an operator's choice"}
        answer = await call("POST", "/v1/logins", login)
        assert answer.body["session_epoch"] == ada["session_epoch"] + 1
        assert (await call("POST", "/v1/logins", login | {"password": PASSWORD})).status == 401

        code, out, _ = await run(env, "reset-password", "--generate", "ada@example.org")
        generated = out.strip().rpartition(" ")[2]
        assert (code, (await call("POST", "/v1/logins", login | {"password": generated})).status) == (0, 200)

        for email, typed, says in (
            ("bob@example.org", "an operator's choice", "no account with the e-mail bob@example.org"),
            ("ada@example.org", "password", "most common"),
            ("ada@example.org", "", "8 to 128"),
            ("ada", "an operator's choice", "email"),
        ):
            code, _, err = await run(env, "reset-password", email, typed=typed)
            assert code == 1
            assert says in err
            assert "Traceback" not in err


async def test_an_absent_database_and_wrong_settings_are_said_clearly(users_database):
    env = environment(users_database, USERS_DATABASE_HOSTS="127.0.0.1:1")
    code, _, err = await run(env, "reset-password", "ada@example.org", typed="an operator's choice\n")
    assert code == 1
    assert "cannot be reached" in err
    assert "Traceback" not in err
    code, _, err = await run(environment(users_database, USERS_DATABASE_HOSTS="a:b", USERS_COLOUR="red"), "migrate")
    assert code == 2
    assert "USERS_COLOUR: unknown" in err
    assert "USERS_DATABASE_HOSTS: " in err


async def test_serve_waits_for_the_schema_and_stops_with_0(database):
    fresh = database("users", owner="users")
    port = free_port()
    env = environment(fresh, USERS_PORT=str(port))
    process = await start(env)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

            async def ready():
                try:
                    async with session.get("/readyz") as response:
                        return await response.text()
                except OSError:
                    return "starting"

            async with asyncio.timeout(SECONDS):
                while await ready() != schema.OUTDATED:  # noqa: ASYNC110 - polls a server
                    await asyncio.sleep(0.05)
                assert (await run(env, "migrate"))[0] == 0
                while await ready() != "ok":  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()

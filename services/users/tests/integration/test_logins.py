"""What a login costs, whoever asks; and how hashes are renewed."""

from __future__ import annotations

import asyncio
import threading

from myclothes_users.hashing import Argon

from .conftest import ADA, PASSWORD, serving, settings_for

SECONDS = 30.0


async def test_an_unknown_email_and_a_wrong_password_cost_one_verification_each(call, ada, monkeypatch):
    """Counted rather than timed: a hash is verified in both cases, of the same parameters."""
    verified = []
    verify = Argon.verify

    def counted(self, stored, password):
        verified.append(stored is not None)
        return verify(self, stored, password)

    monkeypatch.setattr(Argon, "verify", counted)
    for email in (ADA["email"], "bob@example.org", "no e-mail"):
        answer = await call("POST", "/v1/logins", {"email": email, "password": "wrong password"})
        assert answer.status == 401
    assert verified == [True, False, False]
    right = await call("POST", "/v1/logins", {"email": ADA["email"], "password": PASSWORD})
    assert right.status == 200


async def test_a_crowd_gets_429_at_once(users_database, monkeypatch):
    go_on = threading.Event()
    verify = Argon.verify
    monkeypatch.setattr(Argon, "verify", lambda *arguments: go_on.wait(SECONDS) and verify(*arguments))
    async with serving(settings_for(users_database, hash_threads=1, hash_queue=1)) as call:
        login = {"email": "bob@example.org", "password": "wrong password"}
        crowd = [asyncio.create_task(call("POST", "/v1/logins", login)) for _ in range(12)]
        # ten are refused while the two that have a place still wait
        async with asyncio.timeout(SECONDS):
            while sum(one.done() for one in crowd) < 10:  # noqa: ASYNC110 - polls a server
                await asyncio.sleep(0.01)
        refused = [one.result() for one in crowd if one.done()]
        assert {(answer.status, answer.code, answer.headers["Retry-After"]) for answer in refused} == {
            (429, "hashing_busy", "1")
        }
        go_on.set()
        assert sorted(answer.status for answer in await asyncio.gather(*crowd)) == [401] * 2 + [429] * 10
        assert (await call("POST", "/v1/logins", login)).status == 401


async def test_a_login_renews_a_hash_of_old_parameters(users_database, postgres):
    def stored():
        return postgres.sql("SELECT password_hash, session_epoch FROM accounts", database=users_database.name)[0]

    async with serving(settings_for(users_database)) as call:
        await call("POST", "/v1/accounts", ADA)
    before = stored()
    async with serving(settings_for(users_database, hash_rounds=3)) as call:
        wrong = await call("POST", "/v1/logins", {"email": ADA["email"], "password": "wrong password"})
        assert wrong.status == 401
        assert stored() == before
        for _ in range(2):
            right = await call("POST", "/v1/logins", {"email": ADA["email"], "password": PASSWORD})
            assert right.status == 200
    renewed, epoch = stored()
    assert "t=3" in renewed
    assert epoch == before[1]

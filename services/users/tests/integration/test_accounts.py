"""Accounts over HTTP: register, log in, change, export, delete; each refusal beside what is allowed."""

from __future__ import annotations

import asyncio

import pytest

from myclothes_users import store

from .conftest import ADA, HOME, PASSWORD, serving, settings_for


async def test_register_answers_the_account_and_never_the_password(call):
    answer = await call("POST", "/v1/accounts", ADA)
    assert answer.status == 201
    assert set(answer.body) == {"id", "email", "name", "created_at", "session_epoch"}
    assert answer.body["email"] == "Ada@example.org"
    assert len(answer.body["id"]) == 32
    shown = await call("GET", f"/v1/accounts/{answer.body['id']}", position=answer.position)
    assert (shown.status, shown.body) == (200, answer.body)


async def test_a_repeated_registration_answers_the_first_result(call):
    first = await call("POST", "/v1/accounts", ADA, key="register-1")
    again = await call("POST", "/v1/accounts", ADA, key="register-1")
    assert (again.status, again.raw) == (201, first.raw)
    assert again.position > first.position
    other = await call("POST", "/v1/accounts", ADA | {"password": "another long one"}, key="register-1")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    taken = await call("POST", "/v1/accounts", ADA, key="register-2")
    assert (taken.status, taken.code) == (409, "email_taken")


async def test_concurrent_registrations_of_one_email_make_one_account(users_database):
    async with serving(settings_for(users_database, hash_queue=100)) as call:
        spellings = ["ada@example.org", "ADA@EXAMPLE.ORG", "Ada@example.org", " ada@example.org "] * 3
        answers = await asyncio.gather(*(call("POST", "/v1/accounts", ADA | {"email": e}) for e in spellings))
        assert sorted(answer.status for answer in answers) == [201] + [409] * 11
        same = await asyncio.gather(
            *(call("POST", "/v1/accounts", ADA | {"email": "bob@example.org"}, key="same-key") for _ in range(8))
        )
        assert {answer.status for answer in same} == {201}
        assert len({answer.body["id"] for answer in same}) == 1


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"email": "nobody"}, "email", "invalid"),
        ({"email": "a@b@c.org"}, "email", "invalid"),
        ({"password": "short"}, "password", "invalid"),
        ({"password": "x" * 129}, "password", "invalid"),
        ({"password": "Password1"}, "password", "too_common"),
        ({"name": ""}, "name", "invalid"),
        ({"name": "   "}, "name", "missing"),
        ({"name": "a\u0000b"}, "name", "invalid"),
        ({"name": "a\n"}, "name", "invalid"),
        ({"admin": True}, "admin", "unknown"),
    ],
)
async def test_a_registration_that_breaks_a_rule_is_refused_by_field(call, change, field, code):
    answer = await call("POST", "/v1/accounts", ADA | change)
    assert (answer.status, answer.fields) == (422, {field: code})
    assert (await call("POST", "/v1/accounts", ADA)).status == 201


async def test_a_write_needs_an_operation_id(call):
    missing = await call("POST", "/v1/accounts", ADA, key="")
    assert (missing.status, missing.code) == (400, "idempotency_key_missing")
    malformed = await call("POST", "/v1/accounts", ADA, key="short")
    assert (malformed.status, malformed.code) == (400, "idempotency_key_invalid")


async def test_a_malformed_position_is_refused(call, ada):
    refused = await call("GET", f"/v1/accounts/{ada['id']}", position="yesterday")
    assert (refused.status, refused.code) == (400, "position_invalid")
    assert (await call("GET", f"/v1/accounts/{ada['id']}", position="1/0/1")).status == 200


@pytest.mark.parametrize("account_id", ["0" * 32, "me", "0" * 31 + "G", "%00"])
async def test_an_unknown_account_is_a_404_everywhere(call, account_id):
    calls = [
        ("GET", "", None),
        ("PATCH", "", {"name": "Bob"}),
        ("PATCH", "", {"password": "quite another one", "current_password": "x"}),
        ("DELETE", "", None),
        ("GET", "/export", None),
        ("GET", "/addresses", None),
        ("POST", "/addresses", HOME),
        ("PUT", f"/addresses/{'0' * 32}", HOME),
        ("DELETE", f"/addresses/{'0' * 32}", None),
    ]
    for method, path, body in calls:
        answer = await call(method, f"/v1/accounts/{account_id}{path}", body)
        assert (answer.status, answer.code) == (404, "account_unknown")


async def test_login_by_any_spelling_of_the_email(call, ada):
    for email in ("ada@example.org", "ADA@EXAMPLE.ORG", " Ada@example.org"):
        answer = await call("POST", "/v1/logins", {"email": email, "password": PASSWORD})
        assert (answer.status, answer.body) == (200, ada)
        assert answer.position


async def test_a_login_that_fails_says_the_same_whatever_is_wrong(call, ada):
    def told(answer):
        return {name: value for name, value in answer.body.items() if name != "request_id"}

    wrong = await call("POST", "/v1/logins", {"email": ADA["email"], "password": "wrong password"})
    unknown = await call("POST", "/v1/logins", {"email": "bob@example.org", "password": "wrong password"})
    malformed = await call("POST", "/v1/logins", {"email": "bob", "password": ""})
    assert wrong.status == unknown.status == malformed.status == 401
    assert told(wrong) == told(unknown) == told(malformed)
    assert wrong.code == "login_refused"


async def test_a_password_counts_in_every_keyboards_spelling(call):
    await call("POST", "/v1/accounts", ADA | {"password": "pa\u0308sswo\u0308rter und mehr"})
    composed = {"email": ADA["email"], "password": "p\u00e4ssw\u00f6rter und mehr"}
    assert (await call("POST", "/v1/logins", composed)).status == 200


async def test_a_change_of_name_keeps_the_sessions(call, ada):
    path = f"/v1/accounts/{ada['id']}"
    answer = await call("PATCH", path, {"name": " Countess Lovelace "})
    assert (answer.status, answer.body) == (200, ada | {"name": "Countess Lovelace"})
    assert (await call("PATCH", path, {})).body == answer.body
    assert (await call("GET", path, position=answer.position)).body == answer.body


async def test_a_change_of_password_ends_the_sessions(call, ada):
    path = f"/v1/accounts/{ada['id']}"
    change = {"password": "quite another one", "current_password": PASSWORD}
    answer = await call("PATCH", path, change, key="change-password-1")
    assert (answer.status, answer.body["session_epoch"]) == (200, ada["session_epoch"] + 1)
    again = await call("PATCH", path, change, key="change-password-1")
    assert (again.status, again.raw) == (200, answer.raw)
    reused = await call("PATCH", path, change | {"current_password": "guess"}, key="change-password-1")
    assert (reused.status, reused.code) == (422, "idempotency_key_reused")
    assert (await call("POST", "/v1/logins", {"email": ADA["email"], "password": PASSWORD})).status == 401
    new = {"email": ADA["email"], "password": "quite another one"}
    assert (await call("POST", "/v1/logins", new)).body["session_epoch"] == ada["session_epoch"] + 1


async def test_a_change_of_email_ends_the_sessions(call, ada):
    change = {"email": "countess@example.org", "current_password": PASSWORD}
    answer = await call("PATCH", f"/v1/accounts/{ada['id']}", change)
    assert (answer.body["email"], answer.body["session_epoch"]) == ("countess@example.org", ada["session_epoch"] + 1)
    assert (await call("POST", "/v1/logins", {"email": ADA["email"], "password": PASSWORD})).status == 401
    assert (await call("POST", "/v1/logins", {"email": change["email"], "password": PASSWORD})).status == 200


async def test_changes_that_are_refused_change_nothing(call, ada):
    await call("POST", "/v1/accounts", ADA | {"email": "bob@example.org"})
    path = f"/v1/accounts/{ada['id']}"
    refusals = [
        ({"password": "quite another one"}, 422, "invalid"),
        ({"email": "new@example.org"}, 422, "invalid"),
        ({"password": "quite another one", "current_password": "wrong"}, 403, "password_wrong"),
        ({"email": "new@example.org", "current_password": "wrong"}, 403, "password_wrong"),
        ({"email": "BOB@example.org", "current_password": PASSWORD}, 409, "email_taken"),
        ({"email": "bob", "current_password": PASSWORD}, 422, "invalid"),
        ({"password": "password1", "current_password": PASSWORD}, 422, "invalid"),
        ({"name": None}, 422, "invalid"),
    ]
    for change, status, code in refusals:
        answer = await call("PATCH", path, change)
        assert (answer.status, answer.code) == (status, code), change
    assert (await call("GET", path)).body == ada
    own = await call("PATCH", path, {"email": "ADA@example.org", "current_password": PASSWORD})
    assert own.status == 200


async def test_concurrent_changes_of_the_password_each_verify_the_one_before(users_database):
    async with serving(settings_for(users_database, hash_queue=100)) as call:
        ada = (await call("POST", "/v1/accounts", ADA)).body
        path = f"/v1/accounts/{ada['id']}"
        changes = [{"password": f"new password {n}", "current_password": PASSWORD} for n in range(5)]
        answers = await asyncio.gather(*(call("PATCH", path, change) for change in changes))
        assert sorted(answer.status for answer in answers) == [200, 403, 403, 403, 403]


async def test_export_has_everything(call, ada):
    address = (await call("POST", f"/v1/accounts/{ada['id']}/addresses", HOME)).body
    answer = await call("GET", f"/v1/accounts/{ada['id']}/export")
    assert (answer.status, answer.body) == (200, {"account": ada, "addresses": [address]})


async def test_deletion_removes_what_is_personal_and_waits_for_the_others(call, users_database, postgres):
    ada = (await call("POST", "/v1/accounts", ADA, key="register-1")).body
    path = f"/v1/accounts/{ada['id']}"
    await call("POST", f"{path}/addresses", HOME)
    answer = await call("DELETE", path, key="delete-1")
    assert answer.status == 202
    assert (await call("DELETE", path, key="delete-1")).status == 202
    assert (await call("DELETE", path)).status == 404
    assert (await call("GET", path, position=answer.position)).status == 404
    assert (await call("POST", "/v1/logins", {"email": ADA["email"], "password": PASSWORD})).status == 401
    assert (await call("POST", "/v1/accounts", ADA, key="register-1")).code == "account_unknown"
    left = [
        postgres.sql(query, database=users_database.name)
        for query in (
            "SELECT t::text FROM accounts t UNION SELECT t::text FROM addresses t UNION SELECT t::text FROM erasures t",
            "SELECT key, subject, status, convert_from(coalesce(body, ''), 'UTF8') FROM operations",
        )
    ]
    assert len(left[1]) == 3
    assert "example.org" not in str(left)
    assert "Lovelace" not in str(left)

    pending = await call("GET", "/v1/erasures", position=answer.position)
    assert pending.body == {"items": [{"account_id": ada["id"], "pending": ["cart", "shop"]}], "next": None}
    confirmations = f"/v1/erasures/{ada['id']}/confirmations"
    assert (await call("POST", confirmations, {"part": "gateway"})).status == 422
    half = await call("POST", confirmations, {"part": "cart"})
    assert half.status == 204
    pending = await call("GET", "/v1/erasures", position=half.position)
    assert pending.body == {"items": [{"account_id": ada["id"], "pending": ["shop"]}], "next": None}
    assert (await call("POST", confirmations, {"part": "cart"})).status == 204
    done = await call("POST", confirmations, {"part": "shop"})
    assert (await call("GET", "/v1/erasures", position=done.position)).body == {"items": [], "next": None}
    assert (await call("POST", confirmations, {"part": "shop"})).status == 204
    assert (await call("POST", "/v1/accounts", ADA)).body["id"] != ada["id"]


async def test_all_open_erasures_are_listed_page_by_page(call, postgres, users_database, monkeypatch):
    monkeypatch.setattr(store, "ERASURES_SHOWN", 10)
    postgres.sql(
        "INSERT INTO erasures (account_id, pending) "
        "SELECT gen_random_uuid(), '{cart,shop}' FROM generate_series(1, 21)",
        database=users_database.name,
    )
    seen, cursor = [], ""
    while cursor is not None:
        page = (await call("GET", f"/v1/erasures{cursor and f'?cursor={cursor}'}")).body
        assert len(page["items"]) <= store.ERASURES_SHOWN
        seen += [item["account_id"] for item in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 21
    assert (await call("GET", "/v1/erasures?cursor=x")).fields == {"cursor": "invalid"}


async def test_what_cannot_be_read_is_a_clear_problem(call):
    async with call.session.post("/v1/accounts", data=b"{", headers={"Idempotency-Key": "k" * 8}) as response:
        assert response.status == 415
    headers = {"Idempotency-Key": "k" * 8, "Content-Type": "application/json"}
    async with call.session.post("/v1/accounts", data=b"{", headers=headers) as response:
        assert response.status == 400
    async with call.session.post("/v1/accounts", data=b'{"name": "\xff"}', headers=headers) as response:
        assert response.status == 400
    async with call.session.put("/v1/accounts", headers=headers) as response:
        assert response.status == 405

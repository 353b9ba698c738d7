"""The storefront's forms as a browser without scripts sends them, when something goes wrong on the way."""

from __future__ import annotations

import html
import re

NEW_PASSWORD = "another long one"


async def get(shopper, path):
    """The page's status and text."""
    async with shopper.http.get(path, headers={"Accept": "text/html"}) as answer:
        return answer.status, await answer.text()


async def post(shopper, path, fields):
    """Status and text of the answer to a form; of a redirect, where it leads."""
    headers = {"Accept": "text/html"}
    async with shopper.http.post(path, data=fields, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location") or await answer.text()


def fields_of(page, action, part=""):
    """The fields of a page's form as a browser would send them untouched."""
    for form in re.findall(rf'<form method="post" action="{action}".*?</form>', page, re.DOTALL):
        inputs = [dict(re.findall(r'([a-z]+)="([^"]*)"', each)) for each in re.findall(r"<input [^>]*>", form)]
        fields = {each["name"]: html.unescape(each.get("value", "")) for each in inputs}
        if fields.get("part", "") == part:
            return fields
    raise AssertionError(f"no form for {action}: {page}")


async def test_a_password_that_could_not_be_saved_is_asked_for_again(rig, shopper, gate):
    way = await gate(rig.users.port)
    with rig.gateway_with(users_url=way.url, deadline_seconds=2) as gateway:
        ann = shopper(gateway.url)
        account = await ann.register()
        _, page = await get(ann, "/account")
        typed = {"current_password": account["password"], "password": NEW_PASSWORD}
        way.refuse(b"PATCH")
        status, page = await post(ann, "/account", fields_of(page, "/account", "pass") | typed)
        assert status == 503
        assert way.seen
        assert NEW_PASSWORD not in page
        way.open()
        again = fields_of(page, "/account", "pass")
        status, page = await post(ann, "/account", again)
        assert status == 422, "without its passwords it is not saved"
        await shopper().log_in(account)
        assert await post(ann, "/account", again | typed) == (303, "/account")
        await shopper().log_in(account, expect=401)
        await shopper().log_in({**account, "password": NEW_PASSWORD})

"""E-mail addresses: one spelling for each."""

from __future__ import annotations

import pytest

from myclothes_kit import emails
from myclothes_kit.problems import Unprocessable


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("ada@example.org", "ada@example.org"),
        (" Ada@EXAMPLE.org ", "Ada@example.org"),
        ("ada@\N{FULLWIDTH LATIN SMALL LETTER E}xample\N{IDEOGRAPHIC FULL STOP}org", "ada@example.org"),
        ("ada+shop@xn--bcher-kva.example.org", "ada+shop@bücher.example.org"),
    ],
)
def test_an_email_has_one_normal_form(given, shown):
    assert emails.normalised(given) == shown
    assert emails.identity(emails.normalised(given.upper())) == emails.identity(shown)


@pytest.mark.parametrize("given", ["", "ada", "@example.org", "ada@", "ada@example", "a b@example.org", "a@b.c\n.org"])
def test_what_is_no_email_is_refused(given):
    with pytest.raises(Unprocessable) as refused:
        emails.normalised(given)
    assert [(error.field, error.code) for error in refused.value.errors] == [("email", "invalid")]

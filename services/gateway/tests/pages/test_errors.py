"""The page for a failure."""

from __future__ import annotations

import pytest

from myclothes_gateway.pages import show_problem
from myclothes_kit.problems import Unavailable


@pytest.mark.parametrize(
    ("path", "query", "link"),
    [
        ("/search", "q=tee&size=M", "/search?q=tee&amp;size=M"),
        ("/products/tee?", "", "/products/tee%3F"),
        ("//another.example/", "", "/another.example/"),
        ("/\\another.example/", "", "/%5Canother.example/"),
        ("/\t/another.example/", "", "/another.example/"),
    ],
)
def test_another_try_stays_in_the_shop(request_of, path, query, link):
    page = show_problem(request_of(path, query), Unavailable()).body.decode()
    assert f'href="{link}">Try again</a>' in page

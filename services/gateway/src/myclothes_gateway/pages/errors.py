"""The page for a failure: what happened, that nothing is lost, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from myclothes_gateway.pages.views import go, page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from myclothes_kit.problems import Problem


class _Words(NamedTuple):
    title: str
    text: str
    action: str
    """What the main button says: it leads back to the page that failed, or home."""
    again: bool


_AWAY = _Words(
    "One moment, please",
    "A part of the shop is not answering right now. Your cart is safe: "
    "everything in it will be there when the shop is back.",
    "Try again",
    again=True,
)
_WORDS: Mapping[int, _Words] = {
    400: _Words("That did not work", "Your browser sent something that we could not read.", "To the shop", again=False),
    403: _Words(
        "This came from somewhere else",
        "For your safety the shop only takes forms from its own pages. Open the page again and send it from there.",
        "To the shop",
        again=False,
    ),
    404: _Words(
        "There is nothing here",
        "The page has moved, or the garment is no longer sold. A search may find what you were looking for.",
        "See all clothes",
        again=False,
    ),
    405: _Words(
        "That is not how this page works", "Open it from the shop and try from there.", "To the shop", again=False
    ),
    409: _Words(
        "Something has changed", "Have a look at what is so now, and go on from there.", "To your cart", again=False
    ),
    413: _Words("That was too much at once", "Please shorten what you typed.", "To the shop", again=False),
    422: _Words(
        "Something is not right yet", "Please check what you typed and send it again.", "To the shop", again=False
    ),
    429: _Words("A little slower, please", "There were many requests from where you are.", "Try again", again=True),
    500: _Words(
        "Something went wrong on our side",
        "We have been told about it. Your cart is as it was.",
        "Try again",
        again=True,
    ),
    503: _AWAY,
}
_TARGETS = {404: "/search", 409: "/cart"}


def show_problem(request: Request, problem: Problem) -> Response:
    """The page for a failure, with its status and headers; the login for somebody who has to log in first."""
    if problem.status == 401:  # noqa: PLR2004 - Unauthorized
        return go("/login")
    words = _WORDS.get(problem.status, _AWAY if problem.status > 500 else _WORDS[400])  # noqa: PLR2004 - server errors
    reads = request.method in {"GET", "HEAD"}
    target = _TARGETS.get(problem.status, "/")
    if words.again and reads:
        target = _here(request)
    elif words.again:
        target = "/cart"
    return page(
        request,
        "problem.html",
        problem.status,
        headers=problem.headers(),
        words=words,
        target=target,
        wait=int(problem.headers().get("Retry-After", "0")),
        detail=problem.detail if problem.status in {403, 409, 422, 429} and problem.detail != problem.title else "",
        number=problem.status,
        again=None,
    )


def _here(request: Request) -> str:
    """A link to the requested page: within the shop, though the path be `//another.example`."""
    path = "/" + request.url.path.lstrip("/")
    return f"{path}?{request.url.query}" if request.url.query else path


def resend_page(request: Request, problem: Problem, fields: Mapping[str, list[str]]) -> Response:
    """The page for a form that no store could promise to keep: one button sends the same form once more."""
    return page(
        request,
        "problem.html",
        problem.status,
        headers=problem.headers(),
        words=_AWAY,
        target=request.url.path,
        wait=int(problem.headers().get("Retry-After", "0")),
        detail="",
        number=problem.status,
        again=[(name, value) for name, values in fields.items() for value in values],
    )

"""The page that tells people which zones the shop could lose."""

from myclothes_operator.model import Finding
from myclothes_operator.pages import survivability


def test_each_reason_is_named_with_what_would_mend_it() -> None:
    text = survivability({"b": (Finding("Budget", "cart allows no disruption", "wait"),), "a": ()})
    assert text.splitlines() == [
        "a: the shop could lose it now",
        "b: the shop could NOT lose it now",
        "  - cart allows no disruption",
        "    to mend it: wait",
    ]
    assert "nothing has been seen" in survivability({})

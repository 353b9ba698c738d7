"""Positions: their text and their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myclothes_kit.positions import Position

LSNS = st.integers(0, 2**64 - 1)


@given(st.integers(1, 2**32 - 1), LSNS)
def test_positions_come_back_from_their_text(timeline, lsn):
    assert Position.parse(str(Position(timeline, lsn))) == Position(timeline, lsn)


@pytest.mark.parametrize("text", ["", "1/0", "0/0/9", "1/0/x", "1/0/9\n", "1/0/123456789"])
def test_what_is_no_position_is_refused(text):
    assert Position.parse("1/0/9") == Position(1, 9)
    with pytest.raises(ValueError, match="looks like"):
        Position.parse(text)


@given(LSNS, LSNS)
def test_a_later_timeline_comes_later(lsn, other):
    assert Position() <= Position(1, lsn) < Position(2, other)

"""Cursors: what is given out comes back, nothing else is believed."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myclothes_shop.domain.cursors import Position, decode, encode, list_id
from myclothes_shop.errors import CursorInvalid

BIGINTS = st.integers(-(2**63) + 1, 2**63 - 1)


@given(BIGINTS, BIGINTS)
def test_a_cursor_leads_back_to_its_position(key, number):
    of = list_id("products", "navy")
    assert decode(of, encode(of, Position(key, number))) == Position(key, number)


def test_no_cursor_is_the_start():
    assert decode("of", "") is None


def test_a_cursor_of_another_list_is_refused_by_name():
    with pytest.raises(CursorInvalid) as caught:
        decode(list_id("products", "navy"), encode(list_id("products", "red"), Position(1, 2)))
    assert caught.value.errors[0].field == "cursor"
    assert "another list" in caught.value.detail


@given(st.text(min_size=1, max_size=300))
def test_what_was_not_given_out_is_refused(text):
    with pytest.raises(CursorInvalid):
        decode("of", text)


@given(st.data())
def test_a_damaged_cursor_is_refused_or_leads_to_a_position(data):
    cursor = encode("of", Position(1999, 42))
    place = data.draw(st.integers(0, len(cursor) - 1))
    damaged = cursor[:place] + data.draw(st.characters()) + cursor[place + 1 :]
    with contextlib.suppress(CursorInvalid):
        assert isinstance(decode("of", damaged), Position)

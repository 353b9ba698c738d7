"""Skus, slugs and the words of a search."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from myclothes_shop.domain.words import HANDLE_LENGTH, is_sku, query_words, sku_for, sku_of, slug, words

OPTIONS = st.dictionaries(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=40), max_size=3)


def test_a_word_is_found_whatever_its_accents_and_case():
    assert words("Crème-Pullover, 2XL") == ["creme", "pullover", "2xl"]


def test_a_search_says_a_word_once():
    assert query_words("red RED réd shirt") == ["red", "shirt"]


def test_slugs_are_readable():
    assert slug("  Männer & Jacken ") == "manner-jacken"


def test_a_slug_of_another_script_is_stable_and_not_blank():
    assert slug("男装") == slug("男装") != ""
    assert slug("男装") != slug("女装")
    assert slug("  ") == ""


def test_a_sku_that_can_be_one_stays():
    assert sku_of("MC001-WHITE-S") == "MC001-WHITE-S"


def test_blank_skus_come_from_handle_and_options():
    assert sku_for("ocean-blue-shirt", {}) == "ocean-blue-shirt"
    assert sku_for("tee", {"Size": "M", "Colour": "Navy"}) == "tee--navy--m"
    assert sku_for("tee", {"Colour": "Navy", "Size": "M"}) == "tee--navy--m"


def test_options_that_look_alike_do_not_share_a_sku():
    made = [sku_for("tee", {"Size": size}) for size in ("M/L", "M L", "M-L", "M", "ml")]
    assert len(set(made)) == len(made)
    assert sku_for("a-b", {"S": "c"}) != sku_for("a", {"R": "b", "S": "c"})


@given(st.text(max_size=200))
def test_every_text_makes_a_sku_and_a_slug(text):
    assert text == "" or is_sku(sku_of(text))
    assert len(slug(text)) <= HANDLE_LENGTH
    assert slug(slug(text)) == slug(text)
    assert bool(slug(text)) == bool(text.strip())


@given(st.from_regex(r"[a-z0-9]{1,20}(-[a-z0-9]{1,20}){0,4}", fullmatch=True), OPTIONS, OPTIONS)
def test_skus_are_stable_and_tell_variants_apart(handle, options, others):
    made = sku_for(handle, options)
    assert is_sku(made)
    assert made == sku_for(handle, dict(reversed(options.items())))
    folded = {name: value.casefold() for name, value in options.items()}
    if sorted(folded.items()) != sorted((name, value.casefold()) for name, value in others.items()) and len(
        folded
    ) == len(others) == len(set(folded) & set(others)):
        assert made != sku_for(handle, others)

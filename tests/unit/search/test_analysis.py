"""Folding, tokens and identifiers."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.search.analysis import (
    comparable,
    fold,
    folded_words,
    identifier_token,
    spellings,
    spotted_words,
    without_stop_words,
    words,
)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Buôn lậu qua biên giới", "buon lau qua bien gioi"),
        ("ĐÀO ĐỨC", "dao duc"),
        ("Ðào đức", "dao duc"),  # eth, as real name lists write it
        ("\u00d0\u00e0o \u00f0\u1ee9c", "dao duc"),
        ("\u0189ao", "dao"),  # African D
        ("Cửa khẩu Hữu Nghị", "cua khau huu nghi"),
        ("hòa, hoà; hóa", "hoa hoa hoa"),
        ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("xe 29C-123.45", "xe 29c 123 45"),
        ("snake_case", "snake case"),
        ("走私 Co Ltd", "走 私 co ltd"),
        ("", ""),
        ("  !?\u0000 ", ""),
    ],
)
def test_fold(typed, folded):
    assert fold(typed) == folded


@given(st.text())
def test_combining_and_composed_spellings_meet(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_words_and_folded_words_agree(text):
    assert [word.folded for word in words(text)] == folded_words(text)


@given(st.text())
def test_no_token_can_be_split_again_by_the_index(text):
    for word in folded_words(text):
        assert all(ord(sign) > 127 or sign.isalnum() for sign in word)
        assert " " not in word


@given(st.text(alphabet="aàảãáạăâđeêoôơuưĐÐ bcghmn,.-\u0301\u0323", max_size=60))
def test_spotted_words_are_the_words_in_their_places(text):
    spotted = list(spotted_words(text))
    assert [word.folded for word in spotted] == folded_words(text)
    for word in spotted:
        assert fold(text[word.start : word.end]) == word.folded


def test_exact_form_keeps_diacritics_and_forgives_the_place_of_the_tone():
    assert words("hoà")[0].exact == words("hòa")[0].exact
    assert words("thuý")[0].exact == words("thúy")[0].exact
    assert words("hoa")[0].exact != words("hòa")[0].exact
    assert words("Đào")[0].exact == words("Ðào")[0].exact != words("Dào")[0].exact
    assert words("lậu")[0].exact != words("lâu")[0].exact


def test_whether_diacritics_were_typed():
    assert words("lậu")[0].has_diacritics
    assert words("đi")[0].has_diacritics
    assert not words("hoa")[0].has_diacritics


def test_identifier_is_one_token_in_any_spelling():
    assert identifier_token("29C-123.45") == identifier_token("29c 12345") == "29c12345"
    assert identifier_token("--") == ""


def test_stop_words_leave_long_queries_only():
    short = folded_words("hàng của công ty")
    assert without_stop_words(short) == short
    long = folded_words("hàng lậu của công ty đã được cất giấu trong kho")
    assert without_stop_words(long) == folded_words("hàng lậu công ty cất giấu kho")
    only = ["va", "la", "cua", "co", "cac", "nhung", "duoc"]
    assert without_stop_words(only) == only


@given(st.text(alphabet=st.characters(max_codepoint=0x2100)))
def test_the_quick_way_folds_like_the_general_one(text):
    assert folded_words(text) == [word.folded for word in words(text)]


@pytest.mark.parametrize("typed", ["hòa", "hoà", "thúy", "quốc", "đường", "ngoằn", "xyz", "Ðức", "giữ"])
def test_every_way_to_write_a_word_is_among_its_spellings(typed):
    word = words(typed)[0]
    assert comparable(typed) in spellings(word)
    assert all(words(spelling)[0].exact == word.exact for spelling in spellings(word))

"""Snippets show why a record was found, word for word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from intelhub.search.analysis import Spotted, register_recogniser
from intelhub.search.analysis import _recognisers as recognisers
from intelhub.search.query import parse_query, positive_leaves
from intelhub.search.snippets import best_snippet, mark_hits, mark_query

TEXT = (
    "Tổ kiểm soát nắm tin một doanh nghiệp thường mở tờ khai vào cuối ngày. "
    "Hàng là phụ tùng ô tô, khai xuất xứ Malaysia, nghi buôn lậu qua cửa khẩu Hữu Nghị. "
    "Đề nghị Cục kiểm tra thực tế lô hàng và xác minh chứng nhận xuất xứ trước khi thông quan."
)


def leaves(typed):
    return list(positive_leaves(parse_query(typed).tree))


def hits(pieces):
    return [piece.text for piece in pieces if piece.is_hit]


def test_words_without_diacritics_mark_words_with_them():
    assert hits(best_snippet([TEXT], leaves("buon lau"))) == ["buôn", "lậu"]


def test_a_phrase_is_one_mark():
    assert hits(best_snippet([TEXT], leaves('"xuat xu"')))[0] == "xuất xứ"


def test_an_exact_phrase_marks_exact_spellings_only():
    text = "kiểm tra, kiếm tra, kiểm tra"
    assert hits(mark_hits(text, leaves('"kiểm tra"'))) == ["kiểm tra", "kiểm tra"]
    assert hits(mark_hits(text, leaves('"kiem tra"'))) == ["kiểm tra", "kiếm tra", "kiểm tra"]


def test_what_is_under_not_is_not_marked():
    assert hits(mark_hits("xe tải", leaves("xe NOT tải"))) == ["xe"]


def test_prefix_and_identifier():
    assert hits(mark_hits("xe 29C-123.45 chở container", leaves("29C-123.45 contai*"))) == ["29C-123.45", "container"]


def test_an_identifier_in_another_spelling_is_marked_where_it_stands():
    def plates(text):
        return [Spotted(3, 13, "29C12345")] if text.startswith("xe 29C-123.45") else []

    register_recogniser(plates)
    try:
        assert hits(mark_hits("xe 29C-123.45 về", leaves("29c12345"))) == ["29C-123.45"]
        assert hits(mark_hits("xe 29C-123.45 về", leaves("29c-12345"))) == ["29C-123.45"]
    finally:
        recognisers.remove(plates)


def test_the_window_is_where_most_words_meet():
    text = "lậu " + "x " * 400 + "buôn lậu thuốc lá " + "y " * 400
    pieces = best_snippet(["nothing here", text], leaves("buôn lậu thuốc"))
    assert hits(pieces) == ["buôn", "lậu", "thuốc"]
    assert pieces[0].text == pieces[-1].text == "…"


def test_without_a_hit_it_is_the_beginning():
    assert "".join(piece.text for piece in best_snippet(["", TEXT], leaves("topic:x"))).startswith("Tổ kiểm soát")
    assert best_snippet([], leaves("a")) == ()


@given(st.text(max_size=300), st.text(max_size=20))
def test_marking_never_changes_the_text(text, typed):
    assert "".join(piece.text for piece in mark_hits(text, leaves(typed))) == text


@given(st.lists(st.text(alphabet="ab ậđ\n", max_size=600), max_size=3), st.text(alphabet="ab ậđ*", max_size=8))
def test_a_snippet_is_a_stretch_of_one_passage(texts, typed):
    shown = "".join(piece.text for piece in best_snippet(texts, leaves(typed), window=50)).strip("…")
    assert not shown or any(shown in text for text in texts)
    assert len(shown) <= 50


def test_a_word_typed_with_diacritics_is_marked_as_typed_where_it_stands_so():
    [pieces] = mark_query("ô tô", ["Phụ tùng ô tô, ở tờ khai C/O của tổ."])
    assert [piece.text for piece in pieces if piece.is_hit] == ["ô", "tô"]
    [pieces] = mark_query("ô tô", ["Tổ ở kho giữ tờ khai."])
    assert [piece.text for piece in pieces if piece.is_hit] == ["Tổ", "ở", "tờ"]
    [pieces] = mark_query("o to", ["Ô tô ở kho, tờ khai."])
    assert [piece.text for piece in pieces if piece.is_hit] == ["Ô", "tô", "ở", "tờ"]

"""Which words tell a text apart, and that nothing of a text is read as a formula."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from intelhub.records.projection import spot
from intelhub.search import (
    MOST_TELLING,
    choose_telling,
    list_candidates,
    list_numbers,
    question_of,
    register_recogniser,
)
from intelhub.search.query import Identifier, Or, Phrase, Term, parse_query

register_recogniser(spot)
TEXT = "Xe tải chở phụ tùng ô tô và của là các những, phụ tùng cũ đi qua lối mòn"


def test_frequent_words_come_first_and_words_that_say_nothing_never():
    found = [one.folded for one in list_candidates("", [TEXT])]
    assert found[:2] == ["phu", "tung"]
    assert not {"va", "cua", "la", "cac", "nhung", "o"} & set(found)


def test_rare_words_win_and_stand_in_the_order_of_the_text():
    candidates = list_candidates("", [TEXT])
    counts = {one.folded: 900 for one in candidates} | {"loi": 3, "mon": 2, "cu": 1}
    chosen = choose_telling(candidates, counts, most=3, at_least=2)
    assert [one.spelt for one in chosen] == ["phụ", "lối", "mòn"]
    assert "cũ" not in {one.spelt for one in choose_telling(candidates, counts, most=20, at_least=2)}, (
        "a word of one document leads to no other"
    )


def test_an_identifier_is_asked_for_in_its_one_spelling():
    tree = parse_query(question_of(list_numbers(["CSQU 305438-3", "29C-123.45"]))).tree
    assert isinstance(tree, Or)
    assert [type(child) for child in tree.children] == [Identifier, Identifier]
    assert [child.token for child in tree.children] == ["csqu3054383", "29c12345"]


@given(st.lists(st.text(max_size=60), max_size=5), st.lists(st.text(max_size=30), max_size=5))
def test_whatever_stands_in_a_text_is_asked_for_as_words_alone(texts, identifiers):
    candidates = list_candidates("", texts)
    counts = {one.folded: 5 for one in candidates}
    chosen = choose_telling(candidates, counts, most=MOST_TELLING, at_least=1)
    assert len(chosen) <= MOST_TELLING
    query = parse_query(question_of([*list_numbers(identifiers), *(one.spelt for one in chosen)]))
    leaves = query.tree.children if isinstance(query.tree, Or) else (query.tree,)
    if chosen:
        assert all(isinstance(leaf, Term | Identifier | Phrase) for leaf in leaves)
        assert query.not_before is query.not_after is None
        assert query.notices == ()

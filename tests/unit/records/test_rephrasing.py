"""What the page of “0 results” offers instead is what was asked, but for the one thing it says."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from intelhub.records.service.rephrasing import just_so, take_apart, without_each_word, without_quotation_marks
from intelhub.search.query import Not, parse_query, positive_leaves
from intelhub.search.spelling import as_spelt

LEAVES = st.sampled_from(("xăng", "dầu", "container", "unit:15BB", 'unit:"Hữu Nghị"', "level:1"))
QUESTIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("NOT {}".format, LEAVES),
        st.builds("NOT ({})".format, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(("AND", "OR", "")), inner),
        st.builds("{} {}".format, inner, inner),
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("typed", "any_word"),
    [
        ("xang dau", "xang OR dau"),
        ("xang dau NOT container", "NOT container (xang OR dau)"),
        ('(xang OR dau) NOT "phu tung"', 'NOT "phu tung" (xang OR dau)'),
        ("xang dau KHÔNG (thung OR can)", "KHÔNG (thung OR can) (xang OR dau)"),
        ('unit:15BB xang "dau do"', "unit:15BB (xang OR dau OR do)"),
        ('unit:"Huu Nghi" xang dau', 'unit:"Huu Nghi" (xang OR dau)'),
    ],
)
def test_any_word_keeps_what_stands_beside_the_words(typed, any_word):
    assert take_apart(typed).for_any_word() == any_word


def test_what_is_excluded_is_no_word():
    assert take_apart("NOT container").words == ()
    assert take_apart("NOT NOT container dau").words == ("dau",)


@pytest.mark.parametrize(
    ("typed", "without"),
    [
        ("xang dau", {"xang": "dau", "dau": "xang"}),
        ("xang", {}),
        ("xang AND NOT dau", {"xang": "NOT dau", "dau": "xang"}),
        (
            "xang (dau OR container)",
            {"xang": "(dau OR container)", "dau": "xang (container)", "container": "xang (dau)"},
        ),
        ("xang NOT (dau)", {"xang": "NOT (dau)", "dau": "xang"}),
        ('xang OR ("dau do")', {"xang": '("dau do")', '"dau do"': "xang"}),
        ('unit:"Huu Nghi" xang', {'unit:"Huu Nghi"': "xang", "xang": 'unit:"Huu Nghi"'}),
    ],
)
def test_one_word_goes_with_what_hung_on_it(typed, without):
    assert dict(without_each_word(typed)) == without


def test_the_value_of_a_field_keeps_its_quotation_marks():
    assert without_quotation_marks('unit:"Huu Nghi" "phu tung" (a OR "b c")') == 'unit:"Huu Nghi" phu tung (a OR b c)'


@given(QUESTIONS)
def test_nothing_offered_asks_for_what_was_excluded(typed):
    asked, wanted = parse_query(typed), take_apart(typed)
    assume(wanted.words)
    assert not asked.notices
    offered = parse_query(wanted.for_any_word())
    assert not offered.notices
    assert leaves(offered) <= leaves(asked)
    assert excludes(offered.tree) == excludes(asked.tree)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("thuốc lá ngoai", '"thuốc" "lá" ngoai'),
        ("thuốc OR (rượu NOT bia)", '"thuốc" OR ("rượu" NOT bia)'),
        ("thuốc NOT (rượu OR lá) NOT bã", '"thuốc" NOT (rượu OR lá) NOT bã'),
        ("thuốc phiện của các đối tượng ở bến", '"thuốc" "phiện" "đối" "tượng" "bến"'),
        ('"thuốc lá" rượu chè~ donvi:"Hữu Nghị"', '"thuốc lá" "rượu" chè~ donvi:"Hữu Nghị"'),
    ],
)
def test_only_what_is_spelt_as_typed_is_asked_for(typed, asked):
    assert just_so(typed) == asked


@pytest.mark.parametrize(
    "typed",
    [
        "“thuốc lá” Hà",
        "(THUỐC KHÔNG LÁ)",
        "(THUỐC HOẶC RƯỢU)",
        "Hà Nội: thuốc",
        "thuốc＊ lá",
        f"thuốc {'la' * 494} lá",
    ],
)
def test_what_cannot_be_typed_for_just_that_spelling_is_not_offered(typed):
    assert as_spelt(parse_query(typed).tree) != parse_query(typed).tree
    assert just_so(typed) == ""


@given(QUESTIONS)
def test_what_is_asked_for_just_so_is_the_question_as_it_is_spelt(typed):
    assert not parse_query(just_so(typed)).notices
    assert just_so(typed)
    assert parse_query(just_so(typed)).tree == as_spelt(parse_query(typed).tree)


def leaves(query):
    return set(map(repr, positive_leaves(query.tree)))


def excludes(node):
    return isinstance(node, Not) or any(map(excludes, getattr(node, "children", ())))

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.search.matching import Checked
from intelhub.search.query import Identifier, parse_query, positive_leaves
from intelhub.search.ranking import hold, rank
from tests.factories.search_world import document

FILLING = " hàng" * 7


def weighed(checked, leaves):
    return rank([hold(checked, leaves)])[0].score


def score(text, typed):
    leaves = list(positive_leaves(parse_query(typed).tree))
    return weighed(Checked(document(text)), leaves)


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        ("xe tải biển xanh", "tải xe biển xanh"),
        ("tải xe biển xanh", "xe biển tải xanh"),
        ("xe biển tải xanh", "xe biển xanh tải"),
        ("xe hàng hàng tải", "xe hàng hàng hàng tải"),
        ("xe internationalisation tải", "xe a b tải"),
    ],
)
def test_the_nearer_words_stand_the_more_they_weigh(nearer, farther):
    assert score(nearer, "xe tải") > score(farther, "xe tải")


def test_where_they_are_nearest_counts():
    assert score(f"xe{FILLING} tải biển xe{FILLING}", "xe tải") > score(f"xe{FILLING} tải biển{FILLING} xe", "xe tải")


def test_of_words_that_do_not_all_stand_there_none_is_near():
    assert score("xe hàng hàng", "xe OR tải") == score("hàng hàng xe", "xe OR tải")


def test_words_of_two_passages_are_not_near():
    def passages(*texts):
        leaves = list(positive_leaves(parse_query("xe tải").tree))
        return weighed(Checked(document(texts=texts)), leaves)

    assert passages("hàng xe", "tải hàng") < passages("hàng xe a b c tải", "hàng")
    assert passages("hàng xe", "tải hàng") == passages("xe hàng", "hàng tải")


@given(st.permutations(["xe", "tải", "biển", "số", "hàng", "hàng", "hàng", "hàng"]))
def test_no_order_weighs_more_than_words_in_a_row(words):
    assert score(" ".join(words), "xe tải biển") <= score("xe tải biển số hàng hàng hàng hàng", "xe tải biển")


def test_what_fewer_of_the_weighed_hold_says_more():
    leaves = list(positive_leaves(parse_query("xe OR tải").tree))
    common, _, rare = rank([hold(Checked(document(text)), leaves) for text in ("xe hàng", "xe hàng", "tải hàng")])
    assert rare.score > common.score > 0


def test_what_holds_an_identifier_is_no_empty_passage():
    container = Identifier("msku1234565", ())
    assert not Checked(document(texts=("gạo", ""))).fits(container)
    assert Checked(document(identifiers=("MSKU1234565",))).fits(container)

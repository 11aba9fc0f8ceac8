"""A cell of a pasted column is one identifier, of the kind its shape says, or a sentence says why it is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from intelhub.platform.messages import Message
from intelhub.records.identifiers import recognise
from intelhub.records.service.asked import pairs_of, request_of
from intelhub.search import Order, SearchRequest


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("csqu 305438-3", "container", "CSQU3054383"),
        ("9074729", "vessel", "9074729"),
        ("IMO 9074729", "vessel", "9074729"),
        ("0100109106", "enterprise", "0100109106"),
        ("MST: 0101234567-001", "enterprise", "0101234567-001"),
        ("103456789012", "declaration", "103456789012"),
        ("8708.99", "goods", "870899"),
        ("HS 8708", "goods", "8708"),
        ("29C-123.45", "vehicle", "29C12345"),
        ("HQVN/123456", "seal", "HQVN123456"),
        ("กข 1234", "vehicle", "กข1234"),
    ],
)
def test_each_shape_is_its_kind_in_its_one_spelling(typed, kind, value):
    found = recognise(typed)
    assert (found.kind.value, found.value) == (kind, value)


@pytest.mark.parametrize("typed", ["CSQU3054384", "9074728", "IMO 12", "xin chào", "7700", "HS 12", "12", "MST 5", "–"])
def test_what_is_none_says_why(typed):
    assert isinstance(recognise(typed), Message)


def test_a_question_comes_back_from_its_pairs_as_it_was():
    asked = SearchRequest(
        text='"phụ tùng" unit:15BB',
        facets={"topic": ("smuggling", "drugs"), "level": ("1",)},
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        order=Order.RELEVANCE,
    )
    assert request_of(pairs_of(asked)) == asked
    assert request_of(pairs_of(SearchRequest())) == SearchRequest()

"""Lines of an import file: whatever bytes come, each line is a dictionary or a sentence."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.cli.import_lines import MOST_BYTES, WHOLE_LINE, Line, fields_in, read_lines
from intelhub.platform.errors import RuleRefused

WORDS = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


def line(content: bytes) -> Line:
    return Line(number=1, size=len(content), content=content)


@given(st.dictionaries(WORDS, JSON, max_size=4))
def test_every_object_comes_back_as_it_was_written(fields):
    assert fields_in(line(json.dumps(fields).encode())) == fields
    assert fields_in(line(json.dumps(fields, ensure_ascii=False).encode())) == fields


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_one_sentence_about_the_line(content):
    complaints: list[str] = []
    fields: object = None
    try:
        fields = fields_in(line(content))
    except RuleRefused as refused:
        complaints = [name for name, messages in refused.fields.items() for said in messages if str(said)]
    assert isinstance(fields, dict) or complaints == [WHOLE_LINE]


@given(st.lists(st.sampled_from([b"", b"  ", b"\r", b"{}", b"{", b"\xff", b'{"a": 1}\r']), max_size=10))
def test_lines_keep_their_numbers_and_blank_ones_are_passed_over(contents):
    read = {one.number: (one.content or b"").strip() for one in read_lines(io.BytesIO(b"\n".join(contents)))}
    assert read == {number: one.strip() for number, one in enumerate(contents, 1) if one.strip()}


@pytest.mark.parametrize("excess", [1, 2, MOST_BYTES, 3 * MOST_BYTES + 7])
def test_a_line_too_long_is_passed_over_whole(excess):
    file = io.BytesIO(b"a" * (MOST_BYTES + excess) + b"\n{}\n")
    first, second = read_lines(file)
    assert (first.number, first.content, first.size) == (1, None, MOST_BYTES + excess + 1)
    assert (second.number, second.content) == (2, b"{}\n")
    with pytest.raises(RuleRefused, match="longer than"):
        fields_in(first)


def test_the_longest_line_that_may_be_is_read():
    content = b'{"text": "' + b"a" * (MOST_BYTES - 13) + b'"}\n'
    assert len(content) == MOST_BYTES
    (only,) = read_lines(io.BytesIO(content))
    assert len(fields_in(only)["text"]) == MOST_BYTES - 13


def test_a_name_twice_in_a_subject_is_found_too():
    with pytest.raises(RuleRefused, match="“kind” stands twice"):
        fields_in(line(b'{"subjects": [{"kind": "person", "kind": "vehicle"}]}'))

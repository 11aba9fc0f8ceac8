"""What goes to a search server: tokens of one shape, one wall each, in no order of reading; the words behind them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.crypto import Tampered, Vault
from intelhub.search.elastic.dictionary import Dictionary
from intelhub.search.elastic.tokens import (
    Tokens,
    Vocabulary,
    Wall,
    document_id,
    fields_of,
    index_name,
    vocabulary_of,
)
from tests.factories.search_world import CASE, PARTITION, RIVER, document, root_keys

VAULT = Vault(root_keys())
TOKEN = re.compile(r"[a-z2-7]{16}")
WALL = Wall.of(PARTITION)
ELSEWHERE = (
    replace(WALL, level=2), replace(WALL, compartments=frozenset({CASE})), replace(WALL, department_id=RIVER),
    replace(WALL, epoch=2),
)  # fmt: skip
some_words = st.lists(st.text("aăâbcdđeê", min_size=1, max_size=6), max_size=20)


@given(some_words)
def test_every_token_has_one_shape_and_stands_in_order(words):
    fields = fields_of(Tokens(VAULT, WALL), document(" ".join(words)))
    for name in ("x", "f"):
        tokens = fields[name].split()
        assert tokens == sorted(tokens)
        assert all(map(TOKEN.fullmatch, tokens))
        assert len(tokens) == len(words)
    assert fields["k"] == sorted(set(fields["k"]))
    assert all(map(TOKEN.fullmatch, [fields["p"], *fields["k"]]))


@given(some_words)
def test_how_often_words_stand_is_kept_and_nothing_of_which(words):
    fields = fields_of(Tokens(VAULT, WALL), document(" ".join(words)))
    assert sorted(Counter(fields["x"].split()).values()) == sorted(Counter(words).values())


@given(st.text(min_size=1, max_size=8))
def test_a_word_has_another_token_behind_every_wall_in_every_field_and_under_every_key(word):
    walls = [Tokens(VAULT, wall) for wall in (WALL, *ELSEWHERE)]
    other_keys = Tokens(Vault(root_keys()), WALL)
    found = [make(word) for tokens in (*walls, other_keys) for make in (tokens.exact, tokens.folded)]
    found += [tokens.value(kind, word) for tokens in walls for kind in ("identifier", "author")]
    assert len(set(found)) == len(found)


def test_kinds_and_values_are_framed():
    tokens = Tokens(VAULT, WALL)
    assert tokens.value("a", "bc") != tokens.value("ab", "c")
    assert tokens.value("unit", f"{uuid4().hex}/1") != tokens.value("unit", f"{uuid4().hex}/1")


def test_names_and_ids_are_the_same_again_and_say_nothing():
    record_id = uuid4()
    assert document_id(VAULT, PARTITION, record_id) == document_id(VAULT, PARTITION, record_id)
    ids = {document_id(VAULT, replace(PARTITION, year=year), record_id) for year in range(2000, 2030)}
    assert len(ids | {record_id}) == 31
    names = [index_name(VAULT, level, epoch) for level in range(4) for epoch in (1, 2)]
    assert len(set(names)) == 8
    assert all(re.fullmatch(r"ih-[a-z2-7]{16}", name) for name in names)


def test_the_shape_of_a_reach_is_a_token_a_unit_and_exposure():
    one = document("a", exposure=2)
    kept = set(fields_of(Tokens(VAULT, WALL), one)["k"])
    tokens = Tokens(VAULT, WALL)
    for exposure in range(4):
        assert (tokens.value("exposure", str(exposure)) in kept) == (exposure <= 2)
        assert (tokens.value("unit", f"{one.unit_id.hex}/{exposure}") in kept) == (exposure <= 2)


@given(st.lists(some_words, max_size=6), st.lists(some_words, max_size=6))
def test_what_is_added_and_taken_away_again_leaves_no_trace(kept, passing):
    before, added = (sum_of(texts) for texts in (kept, passing))
    start = Dictionary(Vocabulary()).with_changes(before, Vocabulary())
    through = start.with_changes(added, Vocabulary()).with_changes(Vocabulary(), added)
    assert through.sealed(VAULT, WALL, 1) != start.sealed(VAULT, WALL, 1), "never the same ciphertext"
    for beginning in ("", "a", "d", "ab"):
        known = {word for word in before.words if word.startswith(beginning)}
        assert through.words_beginning(beginning, most=1000) == sorted(known)
        assert start.words_beginning(beginning, most=3) == sorted(known)[:3]
    assert through.months == start.months


def sum_of(texts):
    total = Vocabulary()
    for words in texts:
        total.take(vocabulary_of(document(" ".join(words))))
    return total


def test_a_dictionary_opens_for_its_wall_and_version_alone():
    sealed = Dictionary(vocabulary_of(document("buôn lậu"))).sealed(VAULT, WALL, 7)
    assert Dictionary.opened(VAULT, sealed, WALL, 7).words_beginning("l", most=9) == ["lau"]
    for wall, version in ((WALL, 8), *((wall, 7) for wall in ELSEWHERE)):
        with pytest.raises(Tampered):
            Dictionary.opened(VAULT, sealed, wall, version)

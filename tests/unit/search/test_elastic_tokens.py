"""What goes to a search server: tokens of one shape, one wall each, in no order of reading; the words behind them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.access.filter import PartitionFilter, RowCondition
from intelhub.crypto import Tampered, Vault
from intelhub.search.analysis import fold
from intelhub.search.elastic.asking import remaining
from intelhub.search.elastic.dictionary import (
    Dictionary,
    Kind,
    Part,
    image_of,
    seal_part,
    vocabulary_of,
)
from intelhub.search.elastic.tokens import Tokens, Wall, fields_of, index_name
from intelhub.search.kept_open import KeptOpen
from tests.factories.search_world import CASE, GATE, LAN, PARTITION, RIVER, document, root_keys

VAULT = Vault(root_keys())
TOKEN = re.compile(r"[a-z2-7]{16}")
WALL = Wall.of(PARTITION)
ELSEWHERE = (
    replace(WALL, level=2), replace(WALL, compartments=frozenset({CASE})), replace(WALL, department_id=RIVER),
)  # fmt: skip
some_words = st.lists(st.text("aăâbcdđeê", min_size=1, max_size=6), max_size=20)


@given(some_words)
def test_every_token_has_one_shape_and_stands_in_order(words):
    fields = fields_of(Tokens(VAULT, WALL), document(" ".join(words)))
    tokens = fields["f"].split()
    assert tokens == sorted(tokens)
    assert all(map(TOKEN.fullmatch, tokens))
    assert len(tokens) == len(set(map(fold, words)))
    assert fields["k"] == sorted(set(fields["k"]))
    assert all(map(TOKEN.fullmatch, [fields["p"], *fields["k"]]))


@given(st.text(min_size=1, max_size=8))
def test_a_word_has_another_token_in_every_layer_and_field_behind_every_wall_and_under_every_key(word):
    walls = [*(Tokens(VAULT, wall) for wall in (WALL, *ELSEWHERE)), Tokens(VAULT, WALL, "salt")]
    layers = [layer for tokens in (*walls, Tokens(Vault(root_keys()), WALL)) for layer in tokens.layers]
    found = [layer.folded(word) for layer in layers] + [layer.partition for layer in layers]
    found += [layer.value(kind, word) for layer in layers for kind in ("identifier", "author")]
    assert len(set(found)) == len(found)


def test_kinds_and_values_are_framed():
    layer = Tokens(VAULT, WALL).layers[0]
    assert layer.value("a", "bc") != layer.value("ab", "c")
    assert layer.value("unit", uuid4().hex) != layer.value("unit", uuid4().hex)


@given(st.lists(st.uuids(), max_size=5))
def test_an_id_says_nothing_and_names_its_record_to_us(records):
    makers = [*(Tokens(VAULT, wall) for wall in (WALL, *ELSEWHERE)), Tokens(VAULT, WALL, "salt")]
    for tokens in makers:
        assert tokens.records_of([tokens.document_id(one) for one in records]) == records
    for one in records:
        assert len({one, *(tokens.document_id(one) for tokens in makers)}) == len(makers) + 1


def test_names_of_indices_say_nothing():
    names = [index_name(VAULT, level, epoch, volume) for level in range(4) for epoch in (1, 2) for volume in range(3)]
    assert len(set(names)) == 24
    assert all(re.fullmatch(r"ih-[a-z2-7]{16}", name) for name in names)


@pytest.mark.parametrize("exposure", range(4))
def test_how_far_a_record_has_come_up_is_its_layer(exposure):
    one = document("a", exposure=exposure)
    tokens = Tokens(VAULT, WALL)
    fields = fields_of(tokens, one)
    for layer in tokens.layers:
        is_its_own = layer.exposure == exposure
        assert (fields["p"] == layer.partition) == is_its_own
        assert (fields["f"] == layer.folded("a")) == is_its_own
        assert (layer.value("facet:unit", one.unit_id.hex) in fields["k"]) == is_its_own


def test_a_number_is_told_by_its_end():
    first, second = (
        fields_of(Tokens(VAULT, WALL), document("a", facets={"number": (number,)}))["k"]
        for number in ("15BB-TT-2026-0007", "15BC-TT-2026-0007")
    )
    assert first == second


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ([(RowCondition(exposure=2),)], (None, None, (), ())),
        ([(RowCondition(exposure=3),)], (None, None, None, ())),
        ([(RowCondition(author=LAN), RowCondition(exposure=2))], (((LAN,),), ((LAN,),), (), ())),
        ([(RowCondition(units=frozenset({GATE}), exposure=1),)], (None, ((GATE,),), ((GATE,),), ((GATE,),))),
        ([(RowCondition(exposure=1),), (RowCondition(author=LAN),)], (None, ((LAN,),), ((LAN,),), ((LAN,),))),
        ([(RowCondition(recipients=frozenset({GATE}), exposure=2),)], (None, None, ((GATE,),), ((GATE,),))),
        (
            [(RowCondition(recipients=frozenset({GATE}), exposure=2), RowCondition(exposure=3))],
            (None, None, ((GATE,),), ()),
        ),
    ],
)
def test_what_an_access_filter_asks_within_a_layer(conditions, left):
    access = PartitionFilter(stages=tuple(conditions))
    said = [
        found if (found := remaining(access, exposure)) is None else tuple(map(said_of, found)) for exposure in range(4)
    ]
    assert tuple(said) == left


def said_of(stage):
    return tuple(one.author or next(iter(one.units or one.recipients)) for one in stage)


@given(st.lists(some_words, max_size=6), st.lists(some_words, max_size=6))
def test_what_is_added_and_taken_away_again_leaves_no_trace(kept, passing):
    before, added = (sum_of(texts) for texts in (kept, passing))
    gone = Counter({entry: -count for entry, count in added.items()})
    parts = [Part(image_of(one)) for one in (before, added, gone)]
    plain, through = Dictionary(parts[:1]), Dictionary(parts)
    assert [through.days(layer) for layer in range(4)] == [plain.days(layer) for layer in range(4)]
    for beginning in ("", "a", "d", "ab"):
        known = {word for kind, word, _ in before if kind is Kind.WORD and word.startswith(beginning)}
        assert plain.beginning(Kind.WORD, beginning) == sorted(known)
        assert through.beginning(Kind.WORD, beginning) == sorted(known)
    for word in {word for _, word, _ in added}:
        assert through.spellings(word) == plain.spellings(word)


def sum_of(texts):
    total = Counter()
    for words in texts:
        total.update(vocabulary_of(document(" ".join(words))))
    return total


def test_a_dictionary_knows_how_often_a_word_stands_and_how_it_is_spelt():
    known = Dictionary([Part(image_of(sum_of([["buôn", "lậu"], ["lầu", "lậu"], ["LẬU"]])))])
    assert known.beginning(Kind.WORD, "") == ["buon", "lau"]
    assert set(known.spellings("lau").values()) == {3, 1}
    assert (known.days(2), known.days(3)) == ({"2026-03-01"}, frozenset())


def test_a_part_opens_for_its_wall_and_place_alone():
    place = uuid4()
    sealed = seal_part(VAULT, WALL, place, image_of(vocabulary_of(document("buôn lậu"))))
    assert Dictionary([Part.opened(VAULT, WALL, place, sealed)]).beginning(Kind.WORD, "l") == ["lau"]
    for wall, part_id in ((WALL, uuid4()), *((wall, place) for wall in ELSEWHERE)):
        with pytest.raises(Tampered):
            Part.opened(VAULT, wall, part_id, sealed)


def test_open_parts_stay_within_their_budget():
    parts = [(uuid4(), Part(image_of(sum_of([[f"w{n}"]])))) for n in range(4)]
    known = KeptOpen(budget=2 * parts[0][1].size)
    assert not known.has_let_go
    for part_id, part in parts:
        known.put(part_id, part)
    assert known.has_let_go
    assert known.bytes_used <= 2 * parts[0][1].size
    assert [known.get(part_id) is not None for part_id, _ in parts] == [False, False, True, True]

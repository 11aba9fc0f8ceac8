"""Profile `flat`: what frequencies and lengths tell once dummies and fillers are among the documents of a wall."""

from __future__ import annotations

import base64
import re
from collections import Counter
from itertools import chain
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.search.elastic.flattening import STEP, Flat, Flattening

TOKEN = re.compile(r"[a-z2-7]{16}")
FIELDS = ("words", "values")


def token(number):
    return base64.b32encode(number.to_bytes(10, "big")).decode().lower()


def flat(words=(), values=()):
    return Flat([token(one) for one in words], [token(1_000 + one) for one in values])


def flattened(documents, seed=0):
    """The documents by id, those that came in and those that were made up, as one run gives them."""
    chance = Random(seed)  # noqa: S311 - the same draw each time
    real = {UUID(int=number): one for number, one in enumerate(documents)}
    sent = sent_of(
        real,
        new_token=lambda: token(2**70 + chance.getrandbits(60)),
        new_id=lambda: UUID(int=2**100 + chance.getrandbits(99)),
        randomness=chance,
    )
    assert len(dict(sent)) == len(sent), "an id is sent once"
    return real, dict(sent)


def sent_of(real, **given):
    layer = Flattening(**given)
    for one, each in real.items():
        layer.add(one, each)
    return list(layer.flattened())


def is_power(number):
    return number & (number - 1) == 0


some_tokens = st.lists(st.integers(0, 30), max_size=40, unique=True)
some_documents = st.lists(st.builds(flat, some_tokens, some_tokens), max_size=25)


@given(some_documents, st.integers())
def test_every_frequency_is_a_power_of_two_and_every_length_a_step(documents, seed):
    _, sent = flattened(documents, seed)
    for field in FIELDS:
        frequencies = Counter(chain.from_iterable(getattr(one, field) for one in sent.values()))
        assert all(map(is_power, frequencies.values()))
        assert {len(getattr(one, field)) % STEP for one in sent.values()} <= {0}
        assert all(getattr(one, field) for one in sent.values()), "an empty one would stand out"


@given(some_documents, st.integers())
def test_no_token_stands_twice_and_all_stand_in_order(documents, seed):
    _, sent = flattened(documents, seed)
    for one in sent.values():
        for field in FIELDS:
            tokens = getattr(one, field)
            assert tokens == sorted(set(tokens))
            assert all(map(TOKEN.fullmatch, tokens))


@given(some_documents, st.integers())
def test_real_documents_keep_their_tokens_and_get_none_of_another(documents, seed):
    real, sent = flattened(documents, seed)
    for field in FIELDS:
        known = set(chain.from_iterable(getattr(one, field) for one in real.values()))
        for where, one in real.items():
            assert known & set(getattr(sent[where], field)) == set(getattr(one, field)), "a negation would lose it"


@given(some_documents.filter(bool), st.integers())
def test_a_dummy_is_as_large_as_some_real_document_unless_it_lacks_room(documents, seed):
    real, sent = flattened(documents, seed)
    known = set(chain.from_iterable((*one.words, *one.values) for one in real.values()))
    for field in FIELDS:
        sizes = {len(getattr(sent[where], field)) for where in real}
        for where in set(sent) - set(real):
            tokens = getattr(sent[where], field)
            assert len(tokens) in sizes or len(known & set(tokens)) > len(tokens) - STEP


@pytest.mark.parametrize(
    ("documents", "dummies"),
    [
        ([], 0),
        ([flat()], 0),
        ([flat([1], [1])] * 4, 0),
        ([flat([1], [1])] * 5, 3),  # one token in all five: eight must have it, and each once
        ([flat(), flat([1]), flat([2, 3])], 0),
        ([flat([1, 2], [1])] * 3 + [flat()], 2),
        ([flat(range(200), range(3))] * 33, 31),
    ],
)
def test_as_many_dummies_as_the_commonest_token_lacks(documents, dummies):
    real, sent = flattened(documents)
    assert len(sent) - len(real) == dummies


def test_a_token_given_twice_counts_once():
    _, sent = flattened([flat([1, 1, 1], [2, 2])])
    ((_, one),) = sent.items()
    assert one.words.count(token(1)) == 1


def test_two_runs_put_other_documents_first_and_fill_with_other_tokens():
    documents = [flat(range(number % 7), [number % 3]) for number in range(50)]
    (_, one), (_, other) = flattened(documents, 1), flattened(documents, 2)
    assert list(one) != list(other)
    assert [where.int for where in one if where.int < 50] != list(range(50)), "the order they came in is gone"
    fillers = [set(chain.from_iterable(each.words for each in run.values())) for run in (one, other)]
    assert len(fillers[0] & fillers[1]) <= 7


def test_fillers_are_as_common_as_what_they_stand_beside():
    """All that is filled would be known by standing once, and with it how many words a document really has."""
    chance = Random(5)  # noqa: S311 - the same draw each time
    documents = [flat(chance.sample(range(40), 20), [1]) for _ in range(200)]
    real, sent = flattened(documents)
    known = set(chain.from_iterable(one.words for one in real.values()))
    fillers = Counter(one for each in sent.values() for one in each.words if one not in known)
    assert fillers
    shared = sum(often for often in fillers.values() if often > 1)
    assert shared > 0.9 * fillers.total()


def test_without_a_seed_no_two_runs_are_alike():
    real = {UUID(int=number): flat([number % 5]) for number in range(40)}
    numbers = iter(range(2**60, 2**61))
    runs = [
        sent_of(real, new_token=lambda: token(next(numbers)), new_id=lambda: UUID(int=next(numbers))) for _ in range(2)
    ]
    assert [one for one, _ in runs[0]] != [one for one, _ in runs[1]]

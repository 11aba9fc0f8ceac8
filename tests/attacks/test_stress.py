"""STRESS (Wang et al., S&P 2017): scores over a shared index tell in one's own documents of words in those of others.

A reader plants documents behind a department's wall, asks many pairs of words, and compares. What is hidden, be it of
another unit, not passed on yet or another department's, may move nothing: no order, no ranking, no number, no notice.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations, cycle
from random import Random
from uuid import UUID

import pytest

from intelhub.search import Order, gathering
from intelhub.search.analysis import folded_words
from intelhub.search.elastic import candidates, stretches
from tests.factories.search_world import (
    CASE,
    DEPOT,
    GATE,
    NAVY,
    PARTITION,
    RIVERSIDE,
    FlatWorld,
    Reader,
    World,
    document,
    minutes,
)

WORDS = ("thuốc", "xăng", "vàng", "gỗ", "pháo")
HIDDEN_WORDS = ("xăng", "pháo")
FILLING = ("hàng", "kho", "cảng", "tờ", "khai", "chủ", "lô")
PAIRS = [f"{one} OR {other}" for one, other in combinations(WORDS, 2)]
TYPED = [*PAIRS, "thuốc vàng", '"vàng gỗ"', "x* OR vàng", "g* OR thuốc", "gỗ NOT pháo"]
SHORT = 4
# What is ranked, named by one look and taken as one stretch: a tenth of the product's, and so few that all is cut.
TENTH, CUT_SHORT = (100, 100, 30), (3, 3, 2)
MORE_THAN_RANKED = 120


COMPARTMENT = replace(PARTITION, compartments=frozenset({CASE}))


class RankedWorld(World):
    """Everything is merged, behind whichever wall."""

    def merge(self, partition=None):
        assert partition is None
        near, far, within = map(super().merge, (PARTITION, RIVERSIDE, COMPARTMENT))
        return near or far or within


@dataclass(frozen=True)
class Probe:
    """A reader, and what of a document keeps it from them."""

    reader: Reader
    hidden: tuple[Mapping[str, object], ...]


UNIT = Probe(Reader(unit=GATE), ({"unit_id": DEPOT},))
# A department reads what has come up to it whole, and no compartment.
DEPARTMENT = Probe(
    Reader(exposure=2, departments=frozenset({NAVY})),
    ({"exposure": 1}, {"partition": RIVERSIDE}, {"partition": COMPARTMENT}),
)


# Whoever receives reads of each department what was shared with them, and nothing beside it.
RECIPIENT = Probe(
    Reader(recipient=GATE, exposure=2),
    ({}, {"recipient_unit_ids": frozenset({DEPOT})}, {"partition": RIVERSIDE}, {"partition": COMPARTMENT}),
)


@pytest.fixture(params=[UNIT, DEPARTMENT, RECIPIENT], ids=["a unit", "a department", "a recipient"])
def probe(request):
    return request.param


@pytest.fixture(params=["sealed", "sealed, cut short", "tokens", "tokens, cut short", "flat", "flat, cut short"])
def world(database, request, monkeypatch):
    # What is opened and weighed by our formula hides how it was chosen, unless it is few.
    ranked, named, enough = CUT_SHORT if request.param.endswith("short") else TENTH
    monkeypatch.setattr(gathering, "MOST_RANKED", ranked)
    monkeypatch.setattr(candidates, "MOST_NAMED", named)
    for module in (candidates, stretches):
        monkeypatch.setattr(module, "ENOUGH", enough)
    server = None if request.param.startswith("sealed") else request.getfixturevalue("search_server")
    kind = FlatWorld if request.param.startswith("flat") else RankedWorld
    return kind(database.app_url, database.worker_url, database.superuser_url, server=server)


# Every reader's own: of their unit, and shared with it.
OWN = {"unit_id": GATE, "recipient_unit_ids": frozenset({GATE})}


def planted():
    """For each word documents that differ in it alone, some that hold several, in lengths of their own."""
    chance = Random(7)  # noqa: S311 - the same texts each time
    texts = [" ".join((*FILLING[: SHORT - 1], word)) for word in WORDS]
    texts += [" ".join((*chance.choices(FILLING, k=chance.randint(5, 40)), *pair)) for pair in combinations(WORDS, 2)]
    texts += [" ".join(chance.choices(WORDS + FILLING, k=chance.randint(5, 60))) for _ in range(20)]
    chance.shuffle(texts)
    return [
        document(text, **OWN, record_id=UUID(int=place), occurred_at=minutes(place))
        for place, text in enumerate(texts, start=1)
    ]


def hidden(probe, count):
    """Documents that are not this reader's."""
    text, ways = f"{' '.join(HIDDEN_WORDS)} kho", cycle(probe.hidden)
    return [document(text, occurred_at=minutes(place), **next(ways)) for place in range(count)]


def seen(one, probe):
    """Everything an answer says, for each question by relevance, and for the last by time too."""
    asked = [(typed, Order.RELEVANCE) for typed in TYPED] + [(typed, Order.NEWEST) for typed in TYPED[-2:]]
    return {
        (typed, order): _said(one.answer(typed, reader=probe.reader, order=order, limit=10, with_snippets=False))
        for typed, order in asked
    }


def _said(answer):
    return [hit.record_id for hit in answer.hits], answer.ranking, answer.next, answer.notices, answer.damaged


def moved(before, after):
    """The questions whose answer tells of something hidden."""
    return [asked for asked in before if before[asked] != after[asked]]


def test_no_order_tells_of_what_is_hidden(world, probe):
    one = world.process()
    one.write(*planted())
    assert world.merge()
    before = seen(one, probe)
    assert sum(bool(ranking) for _, ranking, *_ in before.values()) > len(PAIRS) // 2, "there is an order to move"
    one.write(*hidden(probe, 40))
    assert moved(before, seen(one, probe)) == [], "while they are in the tail"
    assert world.merge()
    assert moved(before, seen(one, probe)) == [], "behind the same keys"
    one.write(*hidden(probe, MORE_THAN_RANKED))
    assert world.merge()
    assert moved(before, seen(one, probe)) == [], "when there are more of them than are ever ranked"


def test_no_order_tells_how_often_what_is_hidden_was_changed(world, probe):
    """What is deleted on the server still counts there until it is merged away."""
    one = world.process()
    unseen = hidden(probe, 40)
    one.write(*planted(), *unseen)
    assert world.merge()
    before = seen(one, probe)
    for version in range(2, 6):
        one.write(*(replace(each, row_version=version) for each in unseen))
        assert world.merge()
    assert moved(before, seen(one, probe)) == []


def test_no_order_tells_of_words_that_only_stand_in_what_is_hidden(world, probe):
    """The beginning of a word is looked up in a dictionary of the whole wall."""
    one = world.process()
    one.write(*planted())
    assert world.merge()
    before = seen(one, probe)
    ways = cycle(probe.hidden)
    one.write(*(document(" ".join(f"ga{place}b{part}" for part in range(100)), **next(ways)) for place in range(12)))
    assert world.merge()
    assert moved(before, seen(one, probe)) == []


def test_no_hidden_word_changes_what_a_beginning_looks_through(world, probe, monkeypatch):
    """A reader who plants as many words as are looked up at once would learn of each one more."""
    opened = []
    taken = candidates.Candidates._rows
    monkeypatch.setattr(candidates.Candidates, "_rows", lambda *given: opened.append(len(given[-1])) or taken(*given))
    one = world.process()
    one.write(document(" ".join(f"vonk{number}" for number in range(1_000)), **OWN), *planted())
    assert world.merge()
    before = _said(one.answer("vonk*", reader=probe.reader)), one.answer("vonk*", reader=probe.reader).notices
    looked_through, opened[:] = sum(opened), []
    one.write(*(document("vonkhidden", **way) for way in probe.hidden))
    assert world.merge()
    assert (_said(one.answer("vonk*", reader=probe.reader)), one.answer("vonk*", reader=probe.reader).notices) == before
    if not isinstance(world, FlatWorld):  # there some candidates are dummies, of which each build has others
        assert sum(opened) == looked_through


def test_planting_anew_behind_a_crowded_wall_tells_no_more(world, probe):
    """The same documents planted before anything is hidden, and after."""
    one = world.process()
    one.write(*planted())
    assert world.merge()
    alone = seen(one, probe)
    one.write(*hidden(probe, 60))
    assert world.merge()
    one.write(*(replace(each, row_version=2) for each in planted()))
    assert world.merge()
    assert moved(alone, seen(world.process(), probe)) == []


def test_the_probe_finds_an_index_that_counts_what_is_hidden():
    """What is asserted above can fail: the same documents, filtered after a server's own formula has ordered them."""
    mine = planted()
    readable = {one.record_id for one in mine}
    before, after = (
        {typed: _bm25(documents, typed, readable) for typed in PAIRS}
        for documents in (mine, [*mine, *hidden(UNIT, 40)])
    )
    assert len(moved(before, after)) > len(PAIRS) // 2
    alone = {one.texts[0].split()[-1]: one.record_id for one in mine if len(one.texts[0].split()) == SHORT}
    for word, other in combinations(WORDS, 2):
        if (word in HIDDEN_WORDS) != (other in HIDDEN_WORDS):
            order = after[f"{word} OR {other}"]
            first, last = sorted((word, other), key=lambda one: order.index(alone[one]))
            assert last in HIDDEN_WORDS, f"{first} or {last}: the order says which of them others write about"


def _bm25(documents, typed, readable):
    """The order of the readable ones by BM25 over all, as Elasticsearch counts it."""
    asked = set(folded_words(typed)) - {"or"}
    texts = {one.record_id: Counter(folded_words(one.texts[0])) for one in documents}
    typical = sum(text.total() for text in texts.values()) / len(texts)
    rarity = {}
    for word in asked:
        often = sum(word in text for text in texts.values())
        rarity[word] = math.log1p((len(texts) - often + 0.5) / (often + 0.5))

    def score(text):
        norm = 1.2 * (0.25 + 0.75 * text.total() / typical)
        return sum(rarity[word] * text[word] / (text[word] + norm) for word in asked if text[word])

    found = [(score(text), record_id) for record_id, text in texts.items() if record_id in readable]
    return [record_id for weight, record_id in sorted(found, key=lambda one: (-one[0], one[1])) if weight]

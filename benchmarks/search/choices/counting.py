"""Counts by one aggregation of the server's, against counts of what is opened and fits."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from elasticsearch import Elasticsearch

from benchmarks.bench import Figure
from benchmarks.search.asking import Reader, open_layers, tree_of
from benchmarks.search.documents import document
from benchmarks.search.measures import median
from benchmarks.search.node import Node
from benchmarks.search.questions import Question, questions
from benchmarks.search.stored import Stores
from benchmarks.search.variants import COUNTED, WALLS, index_of
from intelhub.search.elastic.server import MOST_IDS
from intelhub.search.elastic.tokens import Layer, facet_kind, month_of_day
from intelhub.search.fields import told_of
from intelhub.search.matching import Checked, all_facets
from intelhub.search.query import facet

PART = "counting"
_FIELDS = ("topic", "channel", "grade", "method")
_MOST = 3_000  # candidates of a question that are all opened, for the truth
_EXACT = 101  # more is one number: 100+
_AMONG = 2_000  # documents whose values are all the values there are
Value = tuple[str, str]


@dataclass(slots=True)
class _Kind:
    """What was found for one kind of question."""

    asked: int = 0
    wrong: int = 0
    counted: int = 0
    fitting: int = 0


def figures(node: Node, stores: Stores, size: int) -> Iterator[Figure]:
    """How long an aggregation takes, and for how many questions it tells another number than the documents."""
    client, reader = node.client(), Reader(open_layers(WALLS.layers()))
    meant = _tokens(size)
    kinds: dict[str, _Kind] = {}
    seconds: list[float] = []
    for question in questions(size):
        begin = time.perf_counter()
        total, told = _aggregated(client, reader, question, meant)
        seconds.append(time.perf_counter() - begin)
        if total <= _MOST:
            kind = kinds.setdefault(question.kind, _Kind())
            fitting, true = _opened(client, reader, stores, question)
            kind.asked += 1
            kind.counted += total
            kind.fitting += fitting
            kind.wrong += _capped(told) != _capped(true)
    taken = [node.bytes_of(index_of(one)) for one in (COUNTED, WALLS)]
    yield Figure(
        part=PART, what="bytes with values to count by, against without", size=size, value=taken[0] / taken[1],
        unit="x", words=f"{taken[0] / 1e6:.1f} MB against {taken[1] / 1e6:.1f} MB",
    )  # fmt: skip
    yield Figure(
        part=PART, what=f"one aggregation over {len(meant):,} tokens", size=size, value=median(seconds), unit="ms",
        words=f"of {len(seconds)} questions, headquarters",
    )  # fmt: skip
    for name, kind in kinds.items():
        yield Figure(
            part=PART, what=f"questions with a wrong count, {name}", size=size, value=kind.wrong / kind.asked, unit="x",
            words=f"{kind.wrong} of {kind.asked}; {kind.counted:,} hits told, {kind.fitting:,} fit",
        )  # fmt: skip


def _tokens(size: int) -> dict[str, Value]:
    """What each token of a value or month means, behind every wall."""
    values = {value for number in range(min(size, _AMONG)) for value in _values(number)}
    return {_token(layer, name, value): (name, value) for layer in WALLS.layers() for name, value in values}


def _token(layer: Layer, name: str, value: str) -> str:
    if name not in _FIELDS:
        return layer.value(name, value)
    return layer.value(facet_kind(name), told_of(name, facet(name, value).value))


def _values(number: int) -> Iterator[Value]:
    one = document(number)
    yield from ((name, value) for name in _FIELDS for value in all_facets(one)[name])
    yield "month", month_of_day(one.occurred_at.date().isoformat())


def _aggregated(
    client: Elasticsearch, reader: Reader, question: Question, meant: Mapping[str, Value]
) -> tuple[int, Counter[Value]]:
    answer = client.search(
        index=index_of(COUNTED),
        query=dict(reader.candidates(tree_of(question))),
        size=0,
        track_total_hits=True,
        aggs={"k": {"terms": {"field": "k", "include": list(meant), "size": len(meant)}}},
    )
    counts: Counter[Value] = Counter()
    for bucket in answer["aggregations"]["k"]["buckets"]:
        counts[meant[bucket["key"]]] += bucket["doc_count"]
    return int(answer["hits"]["total"]["value"]), counts


def _opened(client: Elasticsearch, reader: Reader, stores: Stores, question: Question) -> tuple[int, Counter[Value]]:
    tree = tree_of(question)
    answer = client.search(index=index_of(COUNTED), query=dict(reader.candidates(tree)), size=MOST_IDS)
    ids = [UUID(hit["_id"]) for hit in answer["hits"]["hits"]]
    counts: Counter[Value] = Counter()
    fitting = 0
    for some in _in_batches(ids):
        for one in stores.get(some).values():
            if Checked(one).fits(tree):
                fitting += 1
                counts.update((name, value) for name in _FIELDS for value in all_facets(one)[name])
                counts["month", month_of_day(one.occurred_at.date().isoformat())] += 1
    return fitting, counts


def _capped(counts: Counter[Value]) -> dict[Value, int]:
    return {value: min(count, _EXACT) for value, count in counts.items()}


def _in_batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]

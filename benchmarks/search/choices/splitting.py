"""One list of tokens a word, against a clause a token and a question split where the clauses are 2,000."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from random import Random
from typing import Any

from elasticsearch import Elasticsearch

from benchmarks.bench import Figure
from benchmarks.search.documents import SEED
from benchmarks.search.measures import median
from benchmarks.search.node import Node
from benchmarks.search.variants import WALLS, index_of
from benchmarks.search.vocabulary import vocabulary
from intelhub.search.analysis import folded_words
from intelhub.search.elastic.server import MOST_IDS
from intelhub.search.elastic.stretches import ENOUGH

PART = "splitting"
_CLAUSES = 2_000
_QUESTIONS = (
    ("a word", (1,), 10),
    ("a beginning of 57", (57,), 10),
    ("a beginning of 500", (500,), 10),
    ("two of 500", (500, 500), 3),
)
_RAREST = 6_000  # of the words: beginnings of common ones find more than may be named
Query = Mapping[str, Any]


def figures(node: Node, size: int) -> Iterator[Figure]:
    """What the two ways take, and that they name the same."""
    client, rng = node.client(), Random(f"{SEED}/choices")
    for said, counts, rounds in _QUESTIONS:
        asked = [[_tokens(rng, count) for count in counts] for _ in range(rounds + 1)]
        requests = len(_split(asked[0]))
        found = [(_found(client, [_whole(one)]), _found(client, _split(one))) for one in asked]
        same, hits = sum(one == other for one, other in found), sum(len(one) for one, _ in found)
        ways = {
            "list": lambda lists: _named(client, [_whole(lists)], ENOUGH),
            "split": lambda lists: _named(client, _split(lists), ENOUGH),
        }
        spent = _spent(ways, asked)
        whole, split = median(spent["list"]), median(spent["split"])
        tokens = " and ".join(f"{len(one):,}" for one in asked[0])
        alike = f"{same} of {len(asked)} find the same, {hits:,} hits"
        yield Figure(
            part=PART, what=f"{said}, {tokens} tokens: split against a list a word", size=size, value=split / whole,
            unit="x", words=f"{split:.1f} ms in {requests} queries against {whole:.1f}; {alike}",
        )  # fmt: skip


def _spent(
    ways: Mapping[str, Callable[[Sequence[Sequence[str]]], set[str]]], asked: Sequence[Sequence[Sequence[str]]]
) -> dict[str, list[float]]:
    """The seconds of each way, in turns, the first question unheard."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for number, lists in enumerate(asked):
        for name, ask in ways.items():
            begin = time.perf_counter()
            ask(lists)
            if number:
                found[name].append(time.perf_counter() - begin)
    return found


def _tokens(rng: Random, count: int) -> list[str]:
    """The tokens of so many words behind every wall."""
    rare = {word for spelt in vocabulary(SEED).words[-_RAREST:] for word in folded_words(spelt)}
    words = rng.sample(sorted(rare), min(count, len(rare)))
    return [layer.folded(word) for layer in WALLS.layers() for word in words]


def _whole(lists: Sequence[Sequence[str]]) -> Query:
    return {"bool": {"filter": [{"terms": {"f": list(one)}} for one in lists]}}


def _split(lists: Sequence[Sequence[str]]) -> list[Query]:
    """As many queries as it takes: whatever all lists demand is asked of each share of each with each of the others."""
    most = _CLAUSES // len(lists)
    shares = [[one[start : start + most] for start in range(0, len(one), most)] for one in lists]
    return [{"bool": {"filter": [_any(share) for share in chosen]}} for chosen in product(*shares)]


def _any(tokens: Sequence[str]) -> Query:
    return {"bool": {"should": [{"term": {"f": one}} for one in tokens], "minimum_should_match": 1}}


def _found(client: Elasticsearch, queries: Sequence[Query]) -> set[str]:
    """All that fits of the largest department: of the whole house there is more than the server names."""
    within = {"term": {"p": WALLS.layers()[0].partition}}
    found = _named(client, [{"bool": {"filter": [one, within]}} for one in queries], MOST_IDS)
    if len(found) >= MOST_IDS:
        raise SystemExit("the server names no more than these, whatever the way")
    return found


def _named(client: Elasticsearch, queries: Sequence[Query], most: int) -> set[str]:
    lines: list[Query] = []
    for query in queries:
        lines += [{}, {"query": query, "size": most, "track_total_hits": False}]
    answer = client.msearch(index=index_of(WALLS), searches=lines, filter_path=["responses.hits.hits._id"])
    return {hit["_id"] for one in answer.get("responses", ()) for hit in one.get("hits", {}).get("hits", ())}

"""Asks the same questions of several indices in turns, and compares seconds, scores and hits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from elasticsearch import Elasticsearch

from benchmarks.search.asking import Query, Reader, by_word, plain_query
from benchmarks.search.measures import Hit, Times, is_identical, overlap
from benchmarks.search.questions import PHRASE, Question
from benchmarks.search.stored import Stores
from benchmarks.search.variants import Variant, index_of
from intelhub.search.elastic.tokens import Layer
from intelhub.search.matching import Checked
from intelhub.search.query import parse_query

PAGE = 10
_COUNTED_AT_ONCE = 200
_PAGES = (50, 500, 5_000)  # a phrase is looked for in so many candidates, then in ten times as many
Ask = Callable[[Question], list[Hit]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One client at one index."""

    client: Elasticsearch
    variant: Variant

    def hits(self, query: Query, *, size: int = PAGE, begin: int = 0) -> list[Hit]:
        """The best hits; nothing else is asked of the server."""
        answer = self.client.search(
            index=index_of(self.variant),
            query=query,
            size=size,
            from_=begin,
            track_total_hits=False,
            filter_path=["timed_out", "hits.hits._id", "hits.hits._score"],
        )
        if answer["timed_out"]:
            raise TimeoutError(self.variant.name)
        found = answer.get("hits", {}).get("hits", [])
        return [Hit(one["_id"], one["_score"]) for one in found]

    def by_word(self, reader: Reader) -> Ask:
        """Candidates, the best first."""
        return lambda question: self.hits(by_word(reader, question))

    def verified(self, reader: Reader, stores: Stores) -> Ask:
        """The same, and phrases compared with the sealed documents behind the candidates."""

        def ask(question: Question) -> list[Hit]:
            query = by_word(reader, question)
            if question.kind != PHRASE:
                return self.hits(query)
            return self._phrase(query, question, stores)

        return ask

    def plain(self) -> Ask:
        """What needs no help."""
        return lambda question: self.hits(plain_query(question))

    def _phrase(self, query: Query, question: Question, stores: Stores) -> list[Hit]:
        tree = parse_query(f'"{" ".join(question.words)}"').tree
        good: list[Hit] = []
        begin = 0
        for size in _PAGES:
            found = self.hits(query, size=size, begin=begin)
            opened = stores.get([UUID(hit.id) for hit in found])
            good += (hit for hit in found if Checked(opened[UUID(hit.id)]).fits(tree))
            if len(good) >= PAGE or len(found) < size:
                break
            begin += size
        return good[:PAGE]

    def counted(self, layers: Sequence[Layer], asked: Sequence[Question]) -> Mapping[str, int]:
        """In how many documents each token of the questions stands: what a dictionary of words knows."""
        wanted = sorted({layer.folded(word) for one in asked for word in one.words for layer in layers})
        known: dict[str, int] = {}
        for start in range(0, len(wanted), _COUNTED_AT_ONCE):
            part = wanted[start : start + _COUNTED_AT_ONCE]
            lines: list[Mapping[str, object]] = []
            for token in part:
                lines += [{}, {"query": {"term": {"f": token}}, "size": 0, "track_total_hits": True}]
            answers = self.client.msearch(index=index_of(self.variant), searches=lines)["responses"]
            counts = (answer["hits"]["total"]["value"] for answer in answers)
            known |= {token: count for token, count in zip(part, counts, strict=True) if count}
        return known


def in_turns(ways: Mapping[str, Ask], asked: Sequence[Question], rounds: int) -> dict[str, Times]:
    """Ask every question of every way, one way after the other, after a round that nobody listens to."""
    found = {name: Times() for name in ways}
    for number in range(rounds + 1):
        for question in asked:
            for name, ask in ways.items():
                begin = time.perf_counter()
                ask(question)
                seconds = time.perf_counter() - begin
                if number:
                    found[name].add(question.kind, seconds)
    return found


def identical_share(left: Ask, right: Ask, asked: Sequence[Question]) -> float:
    """For which share of the questions two ways give the same scores and hits."""
    return sum(is_identical(left(one), right(one)) for one in asked) / len(asked)


def overlaps(reference: Asked, reader: Reader, other: Ask, asked: Sequence[Question]) -> Iterator[float]:
    """For every question with words and an answer, how much of the reference's first page another way finds too."""
    for question in asked:
        if not question.words:
            continue  # nothing is weighed: every hit is as good
        query = by_word(reader, question)
        found = [hit.id for hit in other(question)]
        known: Query = {"bool": {"must": [query], "filter": [{"ids": {"values": found}}]}}
        scores = {hit.id: hit.score for hit in reference.hits(known)}
        share = overlap(reference.hits(query), found, scores)
        if share is not None:
            yield share

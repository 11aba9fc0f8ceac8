"""The questions as the server gets them: one token a wall with its boost, or words in clear.

A token stands for a word behind one wall, and the server knows how rare that token is in the whole index. Its boost
makes up for it: how rare the word is behind all walls that the reader reads, by how rare the server takes it to be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.search.questions import PHRASE, Question
from intelhub.search.elastic.tokens import Layer

Query = dict[str, Any]
Counts = Mapping[str, int]


def idf(documents: int, found: int) -> float:
    """BM25's measure of rarity, as Lucene computes it."""
    return math.log(1 + (documents - found + 0.5) / (found + 0.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whose walls are asked: their tokens, documents behind them all and in the index, and how often tokens stand.

    `within` is the access filter, as tokens of values; none where it is left out. Without `is_boosted` the server alone
    weighs.
    """

    layers: Sequence[Layer]
    readable: int
    indexed: int
    counts: Counts
    is_all: bool = True
    is_boosted: bool = True
    within: tuple[str, ...] = ()

    def weighed(self, word: str) -> list[tuple[str, float]]:
        """The tokens of a word behind these walls with their boosts; walls that do not hold it are left out."""
        known = [(token, self.counts[token]) for layer in self.layers if self.counts.get(token := layer.folded(word))]
        wanted = idf(self.readable, sum(count for _, count in known))
        return [(token, wanted / idf(self.indexed, count) if self.is_boosted else 1.0) for token, count in known]

    def filters(self, question: Question) -> list[Query]:
        """What must hold and weighs nothing."""
        asked: list[Query] = [] if self.is_all else [{"terms": {"p": sorted(layer.partition for layer in self.layers)}}]
        if question.identifier is not None:
            asked.append(self._values("identifier", question.identifier))
        if question.field is not None:
            name, value = question.field
            asked.append(self._values(f"facet:{name}", value))
        if self.within:
            asked.append({"terms": {"k": list(self.within)}})
        return asked

    def _values(self, kind: str, value: str) -> Query:
        return {"terms": {"k": sorted(layer.value(kind, value) for layer in self.layers)}}


def by_word(reader: Reader, question: Question) -> Query:
    """Every word must stand there, behind whichever wall."""
    must = [_any([_term(*one) for one in reader.weighed(word)]) for word in question.words]
    return {"bool": {"must": must, "filter": reader.filters(question)}}


def plain_query(question: Question) -> Query:
    """The same of fields as one would have them."""
    must: list[Query] = [{"term": {"f": word}} for word in question.words]
    if question.kind == PHRASE:
        must = [{"match_phrase": {"f": " ".join(question.words)}}]
    asked: list[Query] = []
    if question.identifier is not None:
        asked.append({"term": {"identifier": question.identifier}})
    if question.field is not None:
        name, value = question.field
        asked.append({"term": {name: value}})
    return {"bool": {"must": must, "filter": asked}}


def _term(token: str, boost: float) -> Query:
    return {"term": {"f": {"value": token, "boost": boost}}} if boost != 1.0 else {"term": {"f": token}}


def _any(parts: list[Query]) -> Query:
    if len(parts) == 1:
        return parts[0]
    # A document holds the token of one wall alone: the greatest is the sum, and quicker than one.
    return {"dis_max": {"queries": parts}} if parts else {"match_none": {}}

"""Asks the same questions of several indices in turns, and compares seconds and what is found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from elasticsearch import Elasticsearch

from benchmarks.search.asking import Reader, plain_query, tree_of
from benchmarks.search.measures import Times
from benchmarks.search.questions import Question
from benchmarks.search.stored import Stores
from benchmarks.search.variants import PLAIN, Variant, index_of
from intelhub.search import SearchDocument
from intelhub.search.elastic.server import SearchServer
from intelhub.search.elastic.stretches import Stretches
from intelhub.search.engine import MOST_RANKED
from intelhub.search.matching import Checked
from intelhub.search.query import Node

PAGE = 10
_SECONDS = 5.0  # for one question, as in the product
_WAITS = 600.0
Ask = Callable[[Question], list[str]]
"""A question's answer, as ids of the server's."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The product's own client at one index."""

    client: Elasticsearch
    variant: Variant

    def named(self, reader: Reader, *, most: int = PAGE) -> Ask:
        """What the server names of the newest days until it is a page, in no order."""

        def ask(question: Question) -> list[str]:
            stretches, found = self._stretches(reader, tree_of(question)), list[str]()
            while stretches.days and len(found) < most:
                found += (one.id.hex for one in stretches.take(lambda: _WAITS))
            return found

        return ask

    def opened(self, reader: Reader, stores: Stores) -> Ask:
        """A page of the newest: what is named is opened and compared, until the product's time is up."""

        def ask(question: Question) -> list[str]:
            tree, until = tree_of(question), time.monotonic() + _SECONDS
            stretches, good = self._stretches(reader, tree), dict[UUID, SearchDocument]()
            while stretches.days and len(good) < PAGE and time.monotonic() < until:
                opened = stores.get([one.id for one in stretches.take(lambda: _WAITS)])
                good |= {one_id: one for one_id, one in opened.items() if Checked(one).fits(tree)}
            newest = sorted(good, key=lambda one_id: good[one_id].occurred_at, reverse=True)
            return [one_id.hex for one_id in newest[:PAGE]]

        return ask

    def _stretches(self, reader: Reader, tree: Node) -> Stretches:
        return Stretches(SearchServer(self.client), index_of(self.variant), reader, tree, days=reader.days)


@dataclass(frozen=True, slots=True)
class Plain:
    """A client at the index that keeps positions and a time."""

    client: Elasticsearch

    def newest(self, question: Question) -> list[str]:
        """The newest that fit."""
        return self._found(question, [{"at": "desc"}])

    def best(self, question: Question) -> list[str]:
        """Those that Elasticsearch's own order puts first."""
        return self._found(question, None)

    def _found(self, question: Question, sort: Sequence[Mapping[str, str]] | None) -> list[str]:
        answer = self.client.search(
            index=index_of(PLAIN),
            query=dict(plain_query(question)),
            size=PAGE,
            track_total_hits=False,
            filter_path=["timed_out", "hits.hits._id"],
            sort=sort,
        )
        if answer["timed_out"]:
            raise TimeoutError(PLAIN.name)
        return [one["_id"] for one in answer.get("hits", {}).get("hits", [])]


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


def share_alike(left: Ask, right: Ask, asked: Sequence[Question]) -> float:
    """For which share of the questions two ways find the same documents."""
    return sum(set(left(one)) == set(right(one)) for one in asked) / len(asked)


def shares_weighed(plain: Plain, ours: Asked, reader: Reader, asked: Sequence[Question]) -> Iterator[float]:
    """For every question with words and an answer, how many of plain's best are among those that the product weighs."""
    weighed = ours.named(reader, most=MOST_RANKED)
    for question in asked:
        best = set(plain.best(question)) if question.words else set()
        if best:
            yield len(best & set(weighed(question))) / len(best)

"""The questions as the product asks them, behind one key, behind many or in clear; and as one would without any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from benchmarks.search.documents import days
from benchmarks.search.questions import PHRASE, Question, typed
from benchmarks.search.variants import vault
from intelhub.search.elastic.asking import EVERYTHING, Asking, OpenLayer, Query
from intelhub.search.elastic.dictionary import Dictionary
from intelhub.search.elastic.tokens import Layer, Wall
from intelhub.search.elastic.walls import Head
from intelhub.search.query import Node, parse_query

# Of whichever wall: its level and its profile are asked for, and no more.
_HEAD = Head(wall=Wall(level=0, compartments=frozenset(), department_id=UUID(int=0)))


class Reader(Asking):
    """Whoever reads these layers whole; `within` are tokens of values of which a document must have one."""

    def __init__(self, layers: Sequence[OpenLayer], within: tuple[str, ...] = ()) -> None:
        super().__init__(layers, ())
        self._values_wanted = within

    def candidates(self, tree: Node, *, days: Sequence[str] | None = None, tier: Query = EVERYTHING) -> Query:
        """As the product has it, with the values beside it as an access filter has them."""
        asked = super().candidates(tree, days=days, tier=tier)
        if not self._values_wanted:
            return asked
        return {"bool": {"filter": [asked, {"terms": {"k": list(self._values_wanted)}}]}}


def open_layers(layers: Sequence[Layer]) -> list[OpenLayer]:
    """Layers with documents on each of the days."""
    wall, nothing, every = _HEAD.tokens(vault()), Dictionary([]), frozenset(days())
    return [OpenLayer(_HEAD, wall, one, nothing, every) for one in layers]


def tree_of(question: Question) -> Node:
    """What the product understands of a question."""
    return parse_query(typed(question)).tree


def plain_query(question: Question) -> Query:
    """The same of fields as one would have them."""
    must: list[Any] = [{"term": {"f": word}} for word in question.words]
    if question.kind == PHRASE:
        must = [{"match_phrase": {"f": " ".join(question.words)}}]
    if question.identifier is not None:
        must.append({"term": {"identifier": question.identifier}})
    if question.field is not None:
        name, value = question.field
        must.append({"term": {name: value}})
    return {"bool": {"must": must}}

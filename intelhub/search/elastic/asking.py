"""A query as Elasticsearch gets it: finds every document that fits, and others that the text then rules out.

One token a readable wall stands for each word. Order inside a phrase, diacritics and access are decided on the sealed
document behind each candidate; what is asked here may be too wide and never too narrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from intelhub.search.elastic.dictionary import Dictionary
from intelhub.search.elastic.tokens import Tokens
from intelhub.search.engine import PartitionFilter, RowCondition
from intelhub.search.query import And, Facet, Identifier, Leaf, Node, Not, Or, Phrase, Prefix, Term

MOST_EXPANSIONS = 1_000
_MOST_TERMS = 20_000  # of all walls; the server takes 65,536
Query = Mapping[str, object]
_EVERYTHING: Query = {"match_all": {}}
_NOTHING: Query = {"match_none": {}}


@dataclass(frozen=True, slots=True)
class OpenWall:
    """A wall that this reader may look behind."""

    tokens: Tokens
    dictionary: Dictionary


class Asking:
    """Makes the queries of one question to walls that share an access filter."""

    def __init__(self, walls: Sequence[OpenWall], access: PartitionFilter) -> None:
        self._walls = walls
        self._within: list[Query] = [
            _terms("p", (wall.tokens.wall for wall in walls)),
            *(_any([self._condition(one) for one in stage]) for stage in access.stages),
        ]

    def candidates(self, tree: Node, *, months: Iterable[str] | None = None) -> Query:
        """Every document of this reader that may answer."""
        narrowed = [] if months is None else [self._values("month", months)]
        return {"bool": {"filter": [*self._within, *narrowed, self.rendered(tree)]}}

    @property
    def months(self) -> list[str]:
        """The months in which anything lies behind these walls, the newest first."""
        return sorted({month for wall in self._walls for month in wall.dictionary.months}, reverse=True)

    def best(self, tree: Node, leaves: Sequence[Leaf], *, months: Iterable[str] | None = None) -> Query:
        """Every candidate, those first that hold more of the leaves.

        Each leaf counts the same: how rare a word is, and how often it stands somewhere, is counted by the server over
        documents that this reader may not see (the STRESS attack). The best of these are weighed again when opened.
        """
        weighed = [{"constant_score": {"filter": self.rendered(leaf)}} for leaf in leaves]
        return {"bool": {"filter": [self.candidates(tree, months=months)], "should": weighed}}

    def rendered(self, node: Node) -> Query:  # noqa: PLR0911 - one answer a kind of node
        """The query of a node: never too narrow."""
        match node:
            case Term(word):
                found = self._folded([word.folded])
                has_digit = any(map(str.isdigit, word.folded))
                return _any([found, self._values("identifier", [word.folded])]) if has_digit else found
            case Prefix(folded):
                return self._beginning(folded)
            case Phrase(words):
                return _all([self._folded([word.folded]) for word in words])
            case Identifier(token, words):
                spelt = [_all([self._folded([word.folded]) for word in words])] if words else []
                return _any([self._values("identifier", [token]), *spelt])
            case Facet(name, value):
                return self._values(f"facet:{name}", [value])
            case Not(child):
                return {"bool": {"must_not": [self.rendered(child)]}} if self.is_exact(child) else _EVERYTHING
            case And(children):
                return _all(list(map(self.rendered, children)))
            case Or(children):
                return _any(list(map(self.rendered, children)))

    def is_exact(self, node: Node) -> bool:
        """Whether the rendering finds nothing that does not fit, so that its opposite misses nothing."""
        match node:
            case Term() | Facet():
                return True
            case Not(child):
                return self.is_exact(child)
            case And(children) | Or(children):
                return all(map(self.is_exact, children))
            case _:
                return False

    def _beginning(self, beginning: str) -> Query:
        words: list[str] = []
        values: list[str] = []
        for wall in self._walls:
            begun = wall.dictionary.words_beginning(beginning, most=MOST_EXPANSIONS + 1)
            found = wall.dictionary.identifiers_beginning(beginning, most=MOST_EXPANSIONS + 1)
            if max(len(begun), len(found)) > MOST_EXPANSIONS:
                return _EVERYTHING
            words += map(wall.tokens.folded, begun)
            values += (wall.tokens.value("identifier", one) for one in found)
            if max(len(words), len(values)) > _MOST_TERMS:
                return _EVERYTHING
        return _any([_terms("f", words), _terms("k", values)])

    def _condition(self, asked: RowCondition) -> Query:
        """The access filter in tokens: one row condition."""
        parts: list[Query] = []
        if asked.author is not None:
            parts.append(self._values("author", [asked.author.hex]))
        if asked.units is not None:
            parts.append(self._values("unit", [f"{unit.hex}/{asked.exposure}" for unit in sorted(asked.units)]))
        elif asked.exposure:
            parts.append(self._values("exposure", [str(asked.exposure)]))
        if asked.other_than is not None:
            parts.append({"bool": {"must_not": [self._values("author", [asked.other_than.hex])]}})
        return _all(parts)

    def _folded(self, words: Iterable[str]) -> Query:
        known = list(words)
        return _terms("f", (wall.tokens.folded(word) for wall in self._walls for word in known))

    def _values(self, kind: str, values: Iterable[str]) -> Query:
        known = list(values)
        return _terms("k", (wall.tokens.value(kind, value) for wall in self._walls for value in known))


def _terms(field: str, tokens: Iterable[str]) -> Query:
    wanted = sorted(set(tokens))
    return {"terms": {field: wanted}} if wanted else _NOTHING


def _all(parts: list[Query]) -> Query:
    if len(parts) == 1:
        return parts[0]
    return {"bool": {"filter": parts}} if parts else _EVERYTHING


def _any(parts: list[Query]) -> Query:
    if len(parts) == 1:
        return parts[0]
    return {"bool": {"should": parts, "minimum_should_match": 1}} if parts else _NOTHING

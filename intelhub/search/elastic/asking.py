"""A query as Elasticsearch gets it: finds every document that fits, and others that the text then rules out.

One token a readable layer stands for each word. Order inside a phrase, diacritics and access are decided on the sealed
document behind each candidate; what is asked here may be too wide and never too narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from intelhub.search.elastic.dictionary import Dictionary, Kind
from intelhub.search.elastic.tokens import Layer, Tokens, facet_kind, month_of_day, name_kind
from intelhub.search.elastic.walls import Head
from intelhub.search.engine import PartitionFilter
from intelhub.search.fields import IDENTIFIER_FIELDS, is_own, told_of
from intelhub.search.fullness import SHORTEST_BEGINNING
from intelhub.search.query import (
    And,
    Facet,
    Fuzzy,
    Identifier,
    Named,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Term,
)

_MOST_TERMS = 60_000  # of one list; the server takes 65,536
Query = Mapping[str, object]
EVERYTHING: Query = {"match_all": {}}
_NOTHING: Query = {"match_none": {}}


@dataclass(frozen=True, slots=True)
class OpenLayer:
    """A layer of a wall that this reader may look into, with what its dictionary knows of its days."""

    head: Head
    wall: Tokens
    tokens: Layer
    dictionary: Dictionary
    days: Collection[str]


class Condition(NamedTuple):
    """What is asked of a document whose layer says how far it has come up: all that is not `None`."""

    author: UUID | None = None
    other_than: UUID | None = None
    units: frozenset[UUID] | None = None
    recipients: frozenset[UUID] | None = None


Remaining = tuple[tuple[Condition, ...], ...]
"""What remains of an access filter within a layer: one condition of every stage; of no stage, all is let through."""


def remaining(access: PartitionFilter, exposure: int) -> Remaining | None:
    """What an access filter still asks of documents that have come up so far, or `None` where it lets none through."""
    stages: list[tuple[Condition, ...]] = []
    for stage in access.stages:
        left = tuple(
            dict.fromkeys(
                Condition(one.author, one.other_than, one.units, one.recipients)
                for one in stage
                if one.exposure <= exposure
            )
        )
        if not left:
            return None
        if Condition() not in left:
            stages.append(left)
    return tuple(stages)


class Asking:
    """Makes the queries of one question to layers in one index that share what remains of the access filter."""

    def __init__(self, layers: Sequence[OpenLayer], access: Remaining) -> None:
        self.layers = layers
        self._access = access
        self._known: dict[Node, Query] = {}

    @cached_property
    def days(self) -> list[str]:
        """The days on which anything lies in these layers, the newest first."""
        return sorted({day for layer in self.layers for day in layer.days}, reverse=True)

    @property
    def is_flat(self) -> bool:
        """Whether dummies lie among these, so that the server cannot count for us."""
        return self.layers[0].head.profile == "flat"

    def candidates(self, tree: Node, *, days: Sequence[str] | None = None, tier: Query = EVERYTHING) -> Query:
        """Every document of this reader that may answer, on these days and in this tier where any are given."""
        among = [] if tier == EVERYTHING else [tier]
        return {"bool": {"filter": [*self._within(tree, days), self.rendered(tree), *among]}}

    def tier(self, parts: Sequence[Node], held: int) -> Query:
        """What holds so many parts of a question, no more and no fewer."""
        asked = list(map(self.rendered, parts))
        least, more = ({"bool": {"should": asked, "minimum_should_match": count}} for count in (held, held + 1))
        return {"bool": {"filter": [least] if held else [], "must_not": [more] if held < len(parts) else []}}

    def rendered(self, node: Node) -> Query:
        """The query of a node: never too narrow; looked up once, for a question is asked of many stretches of days."""
        if node not in self._known:
            self._known[node] = self._made(node)
        return self._known[node]

    def _made(self, node: Node) -> Query:
        match node:
            case Not(child):
                return {"bool": {"must_not": [self.rendered(child)]}} if self.is_exact(child) else EVERYTHING
            case And(children):
                return _all(list(map(self.rendered, children)))
            case Or(children):
                return _any(list(map(self.rendered, children)))
            case Facet() | Named():
                return self._field(node)
            case _:
                return self._said(node)

    def _said(self, leaf: Term | Prefix | Fuzzy | Phrase | Identifier) -> Query:
        match leaf:
            case Term(word):
                found = self._folded([word.folded])
                has_digit = any(map(str.isdigit, word.folded))
                return _any([found, self._values("identifier", [word.folded])]) if has_digit else found
            case Prefix(folded):
                if len(folded) < SHORTEST_BEGINNING:
                    return EVERYTHING
                return self._expanded(lambda known, kind: known.beginning(kind, folded))
            case Fuzzy(folded):
                return self._expanded(lambda known, kind: known.near(kind, folded))
            case Phrase(words):
                return _all([self._folded([word.folded]) for word in words])
            case Identifier(token, words):
                spelt = [_all([self._folded([word.folded]) for word in words])] if words else []
                return _any([self._values("identifier", [token]), *spelt])

    def _field(self, leaf: Facet | Named) -> Query:
        match leaf:
            case Named(field, Phrase(words)):
                return _all([self._values(name_kind(field), [word.folded]) for word in words])
            case Facet(name, value, True):
                if len(value) < SHORTEST_BEGINNING:
                    return EVERYTHING
                meant = self._tokens(
                    lambda known: known.beginning(Kind.IDENTIFIER, value),
                    lambda tokens, one: tokens.value("identifier", one),
                )
                return _terms("k", meant)
            case Facet("level", value):  # the same behind all these walls, and so no token
                return EVERYTHING if value == str(self.layers[0].head.wall.level) else _NOTHING
            case Facet(name, value):
                found = self._values(facet_kind(name), [told_of(name, value)])
                return _any([found, self._values("identifier", [value])]) if name in IDENTIFIER_FIELDS else found

    def is_exact(self, node: Node) -> bool:
        """Whether the rendering finds nothing that does not fit, so that its opposite misses nothing."""
        match node:
            case Facet(name, is_beginning=is_beginning):
                return not is_beginning and not is_own(name) and name not in IDENTIFIER_FIELDS
            case Term():
                return True
            case Not(child):
                return self.is_exact(child)
            case And(children) | Or(children):
                return all(map(self.is_exact, children))
            case _:
                return False

    def _within(self, tree: Node, days: Sequence[str] | None) -> list[Query]:
        """What is asked of every document beside the question itself; a token says its layer already."""
        on = [] if days is None or days == self.days else [self._on(days)]
        stages = [_any([self._condition(one) for one in stage]) for stage in self._access]
        layers = [] if _is_bound(tree) else [_terms("p", (layer.tokens.partition for layer in self.layers))]
        return [*layers, *stages, *on]

    def _on(self, days: Sequence[str]) -> Query:
        """On these days, whole months by one token."""
        whole = {month: len(list(each)) for month, each in groupby(self.days, month_of_day)}
        months: list[str] = []
        single: list[str] = []
        for month, each in groupby(days, month_of_day):
            chosen = list(each)
            if len(chosen) == whole.get(month):
                months.append(month)
            else:
                single += chosen
        return _any([self._values(kind, values) for kind, values in (("month", months), ("day", single)) if values])

    def _expanded(self, meant: Callable[[Dictionary, Kind], list[str]]) -> Query:
        """What the dictionaries know of a word of which not every letter was typed.

        All of it, however much: where a limit lies, one word more in a hidden document would be told by what changes.
        """
        words = self._tokens(lambda known: meant(known, Kind.WORD), lambda tokens, one: tokens.folded(one))
        values = self._tokens(
            lambda known: meant(known, Kind.IDENTIFIER), lambda tokens, one: tokens.value("identifier", one)
        )
        return _any([_terms("f", words), _terms("k", values)])

    def _tokens(self, meant: Callable[[Dictionary], list[str]], token: Callable[[Layer, str], str]) -> list[str]:
        """The tokens of what may be meant in each layer; layers of one wall share its dictionary."""
        found = {layer.dictionary: meant(layer.dictionary) for layer in self.layers}
        return [token(layer.tokens, one) for layer in self.layers for one in found[layer.dictionary]]

    def _condition(self, asked: Condition) -> Query:
        """What remains of the access filter in tokens: one row condition, how far up being the layer's own."""
        parts: list[Query] = []
        if asked.author is not None:
            parts.append(self._values("author", [asked.author.hex]))
        if asked.units is not None:
            parts.append(self._values(facet_kind("unit"), [unit.hex for unit in sorted(asked.units)]))
        if asked.recipients is not None:
            parts.append(self._values("recipient", [unit.hex for unit in sorted(asked.recipients)]))
        if asked.other_than is not None:
            parts.append({"bool": {"must_not": [self._values("author", [asked.other_than.hex])]}})
        return _all(parts)

    def _folded(self, words: Iterable[str]) -> Query:
        known = list(words)
        return _terms("f", (layer.tokens.folded(word) for layer in self.layers for word in known))

    def _values(self, kind: str, values: Iterable[str]) -> Query:
        known = list(values)
        return _terms("k", (layer.tokens.value(kind, value) for layer in self.layers for value in known))


def _is_bound(node: Node) -> bool:
    """Whether every document that is found has a token of this question, and so lies behind a wall that was asked."""
    match node:
        case Facet(name, is_beginning=is_beginning):
            return name != "level" and not is_beginning
        case Term() | Phrase() | Identifier() | Named():
            return True
        case And(children):
            return any(map(_is_bound, children))
        case Or(children):
            return bool(children) and all(map(_is_bound, children))
        case _:
            return False


def _terms(field: str, tokens: Iterable[str]) -> Query:
    wanted = sorted(set(tokens))
    starts = range(0, len(wanted), _MOST_TERMS)
    return _any([{"terms": {field: wanted[start : start + _MOST_TERMS]}} for start in starts])


def _all(parts: list[Query]) -> Query:
    if len(parts) == 1:
        return parts[0]
    return {"bool": {"filter": parts}} if parts else EVERYTHING


def _any(parts: list[Query]) -> Query:
    if len(parts) == 1:
        return parts[0]
    return {"bool": {"should": parts, "minimum_should_match": 1}} if parts else _NOTHING

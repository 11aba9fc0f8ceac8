"""Relevance by a formula of our own, over what the reader may read and nothing else.

Engine scores do not compare across partitions and would tell how often a word stands in what is hidden; here the
rarity of a word is that among the documents that are weighed, wherever these lie.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import mul

from intelhub.search.analysis import Word
from intelhub.search.matching import PASSAGE, Checked
from intelhub.search.query import Fuzzy, Identifier, Leaf, Phrase, Prefix, Term

_TYPICAL_WORDS = 200.0
_LENGTH_WEIGHT = 0.4
_SATURATION = 1.2
_TITLE_WEIGHT = 3.0
_IN_A_ROW = 1.5
_NEAR = 0.8  # of what words in a row add, where they stand side by side in another order
_IDENTIFIER_WEIGHT = 3.0  # the same container says more than many a word: it tells where words are alternatives


@dataclass(frozen=True, slots=True)
class Relevance:
    """How well a document answers; documents with every word spelt as typed come before all others."""

    is_exact: bool
    score: float

    @property
    def order(self) -> tuple[bool, float]:
        """Sorts the best first."""
        return not self.is_exact, -self.score


@dataclass(frozen=True, slots=True)
class Held:
    """What a document holds of a question: how much of each leaf, with its length taken into account."""

    is_exact: bool
    leaves: tuple[float, ...]
    nearness: float


def hold(document: Checked, leaves: Sequence[Leaf]) -> Held:
    """Look through one document for these leaves."""
    title, body = document.folded_title, document.folded_body
    length = body.count(" ")
    norm = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / _TYPICAL_WORDS)
    held = []
    for leaf in leaves:
        needle = _needle(leaf)
        often = body.count(needle) + _TITLE_WEIGHT * title.count(needle) if needle else 0.0
        if not often and document.fits(leaf):  # by its identifier, or a field
            often = 1.0
        weight = _IDENTIFIER_WEIGHT if isinstance(leaf, Identifier) else 1.0
        held.append(weight * often / (often + norm))
    row = [leaf.word.folded for leaf in leaves if isinstance(leaf, Term)]
    nearness = 1 + (_IN_A_ROW - 1) * _nearness(document.folded, row) if len(row) > 1 else 1.0
    return Held(all(map(document.spells, _with_diacritics(leaves))), tuple(held), nearness)


def rank(held: Sequence[Held]) -> list[Relevance]:
    """Weigh what documents hold of one question against each other: what fewer of them hold says more."""
    standing = (sum(map(bool, column)) for column in zip(*(one.leaves for one in held), strict=True))
    weights = [math.log1p(len(held) / (1 + count)) for count in standing]
    return [Relevance(one.is_exact, one.nearness * sum(map(mul, weights, one.leaves))) for one in held]


def _nearness(text: str, row: Sequence[str]) -> float:
    """1 where words stand in a row as typed, less the more words part them at their nearest, 0 where one is missing."""
    if f" {' '.join(row)} " in text:
        return 1.0
    wanted = set(row)
    last: dict[str, int] = {}  # the word that was met longest ago comes first
    span = 0
    for place, word in enumerate(text.split()):
        if word == PASSAGE:
            last.clear()
        elif word in wanted:
            last.pop(word, None)
            last[word] = place
            if len(last) == len(wanted):
                width = place - next(iter(last.values())) + 1
                span = min(span or width, width)
    return _NEAR * len(wanted) / span if span else 0.0


def _needle(leaf: Leaf) -> str:
    match leaf:
        case Term(word):
            return f" {word.folded} "
        case Fuzzy(folded):  # as typed it counts by how often it stands there, with a slip once
            return f" {folded} "
        case Prefix(folded):
            return f" {folded}"
        case Phrase(words=words) | Identifier(words=words) if words:
            return f" {' '.join(word.folded for word in words)} "
        case _:
            return ""


def _with_diacritics(leaves: Sequence[Leaf]) -> Iterator[tuple[Word, ...]]:
    for leaf in leaves:
        if isinstance(leaf, Term) and leaf.word.has_diacritics:
            yield (leaf.word,)
        elif isinstance(leaf, Phrase) and any(word.has_diacritics for word in leaf.words):
            yield leaf.words

"""Relevance by a formula of our own, over what the reader may read and nothing else.

Engine scores do not compare across partitions and would tell how often a word stands in what is hidden; here the
rarity of a word is counted over readable documents alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from intelhub.search.analysis import Word
from intelhub.search.fullness import is_expanded
from intelhub.search.matching import PASSAGE, Checked
from intelhub.search.query import Fuzzy, Identifier, Leaf, Phrase, Prefix, Term

MOST_COUNTED = 10_000
_EXPANDED_STANDS_IN = 1_000  # one that means many words is as good as common: nobody may count it
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


def rank(document: Checked, leaves: Sequence[Leaf], counts: Mapping[Leaf, int]) -> Relevance:
    """Weigh one document; `counts` says in how many readable documents each leaf stands that was typed whole."""
    title, body = document.folded_title, document.folded_body
    length = body.count(" ")
    norm = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / _TYPICAL_WORDS)
    score = 0.0
    for leaf in leaves:
        needle = _needle(leaf)
        often = body.count(needle) + _TITLE_WEIGHT * title.count(needle) if needle else 0.0
        if not often and document.fits(leaf):  # by its identifier, or a field
            often = 1.0
        weight = _IDENTIFIER_WEIGHT if isinstance(leaf, Identifier) else 1.0
        standing = _EXPANDED_STANDS_IN if is_expanded(leaf) else counts.get(leaf, 0)
        score += weight * weight_of(standing) * often / (often + norm)
    row = [leaf.word.folded for leaf in leaves if isinstance(leaf, Term)]
    if len(row) > 1:
        score *= 1 + (_IN_A_ROW - 1) * _nearness(document.folded, row)
    return Relevance(all(map(document.spells, _with_diacritics(leaves))), score)


def weight_of(count: int) -> float:
    """What a word weighs that stands in so many readable documents."""
    return math.log1p(MOST_COUNTED / (1 + count))


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
        case Phrase(words=words) | Identifier(words=words):
            return f" {' '.join(word.folded for word in words)} "
        case _:
            return ""


def _with_diacritics(leaves: Sequence[Leaf]) -> Iterator[tuple[Word, ...]]:
    for leaf in leaves:
        if isinstance(leaf, Term) and leaf.word.has_diacritics:
            yield (leaf.word,)
        elif isinstance(leaf, Phrase) and any(word.has_diacritics for word in leaf.words):
            yield leaf.words

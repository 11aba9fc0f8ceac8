"""The words that tell a text from others, as an ordinary question: what is similar is searched for like anything else.

How rare a word is comes from documents the reader may read, counted a little way and no further.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from intelhub.search.analysis import spotted_words, stop_words
from intelhub.search.query import MOST_CHARACTERS

MOST_TELLING = 20
MOST_CANDIDATES = 60
_MOST_IDENTIFIERS = 10
_SHORTEST = 2
_SHORTEST_NUMBER = 4
_TITLE = 3
_SATURATION = 1.2
_ENOUGH = 1_000
# Nothing that the query language reads as more than a word: no quotation mark, colon, bracket or star.
_NO_PART = re.compile(r"[^\w./-]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word as it is spelt in the text, how it is counted, how often it stands there, and as which word at first."""

    spelt: str
    folded: str
    often: int
    place: int


def list_candidates(title: str, texts: Iterable[str]) -> list[Candidate]:
    """The words of a text that may tell something, the most frequent first, at most 60."""
    spelt: dict[str, str] = {}
    often: dict[str, int] = {}
    for text, weight in ((title, _TITLE), *((one, 1) for one in texts)):
        for word in spotted_words(text):
            if _says_something(word.folded):
                spelt.setdefault(word.folded, unicodedata.normalize("NFC", text[word.start : word.end]).lower())
                often[word.folded] = often.get(word.folded, 0) + weight
    order = sorted(often, key=lambda folded: (-often[folded], folded))
    places = {folded: place for place, folded in enumerate(spelt)}
    return [Candidate(spelt[one], one, often[one], places[one]) for one in order[:MOST_CANDIDATES]]


def question_of(words: Iterable[str]) -> str:
    """Any of these words, in the query language, as far as a question goes."""
    asked = ""
    for word in words:
        longer = f"{asked} OR {word}" if asked else word
        if len(longer) > MOST_CHARACTERS:
            break
        asked = longer
    return asked


def list_numbers(identifiers: Iterable[str]) -> list[str]:
    """Identifiers as words of a question, each once, at most 10."""
    return list(dict.fromkeys(filter(None, map(_as_word, identifiers))))[:_MOST_IDENTIFIERS]


def choose_telling(
    candidates: Sequence[Candidate], counts: Mapping[str, int], *, most: int, at_least: int
) -> dict[Candidate, float]:
    """The words that are frequent here and rare elsewhere with their weights, in the order in which they stand here.

    A word that stands in fewer than `at_least` documents leads to no other one.
    """
    leading = [one for one in candidates if counts.get(one.folded, 0) >= at_least]
    weights = {one: _weight(one, counts[one.folded]) for one in leading}
    best = sorted(leading, key=lambda one: (-weights[one], one.place))[:most]
    return {one: weights[one] for one in sorted(best, key=lambda one: one.place)}


def _weight(one: Candidate, count: int) -> float:
    return math.log1p(_ENOUGH / (1 + min(count, _ENOUGH))) * one.often / (one.often + _SATURATION)


def _says_something(folded: str) -> bool:
    shortest = _SHORTEST_NUMBER if folded.isdecimal() else _SHORTEST
    return len(folded) >= shortest and folded not in stop_words()


def _as_word(identifier: str) -> str:
    """An identifier as one word of a question; what has no digit is none."""
    word = _NO_PART.sub("", unicodedata.normalize("NFC", identifier)).strip("./-").lower()
    return word if any(map(str.isdigit, word)) else ""

"""The stretch of original text that shows why a record was found, cut into pieces marked as hit or not; never HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from intelhub.search.analysis import SpottedWord, Word, identifier_token, spot_identifiers, spotted_words
from intelhub.search.document import SearchDocument
from intelhub.search.engine import Piece
from intelhub.search.fields import IDENTIFIER_FIELDS
from intelhub.search.nearness import is_near
from intelhub.search.query import (
    Facet,
    Fuzzy,
    Identifier,
    Leaf,
    Named,
    Phrase,
    Prefix,
    Term,
    parse_query,
    positive_leaves,
)

WINDOW = 220
_LEAD = 40
_MOST_LOOKED_AT = 20_000
_MOST_MARKS = 500
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    leaf: int
    is_exact: bool


def mark_hits(text: str, leaves: Sequence[Leaf]) -> tuple[Piece, ...]:
    """The whole text in pieces; nothing is left out, so joining the pieces gives the text again."""
    return _pieces(text, 0, len(text), _marks(text, leaves))


def mark_query(typed: str, texts: Sequence[str]) -> tuple[tuple[Piece, ...], ...]:
    """Each text whole and in pieces, with what a query asks for marked as it is in the snippets."""
    leaves = tuple(dict.fromkeys(positive_leaves(parse_query(typed).tree)))
    return tuple(mark_hits(text, leaves) for text in texts)


def spelling_in(document: SearchDocument, leaf: Leaf) -> str:
    """How a document first spells what a leaf asks for, the title before the texts; empty where it stands in none."""
    for text in (document.title, *document.texts):
        for mark in _marks(text, [leaf]):
            return text[mark.start : mark.end]
    return ""


def best_snippet(texts: Sequence[str], leaves: Sequence[Leaf], *, window: int = WINDOW) -> tuple[Piece, ...]:
    """The window with most different words of the query (exact spellings count more), from any of the passages.

    Without any hit it is the beginning of the first passage.
    """
    best: tuple[float, str, int, list[_Mark]] | None = None
    for passage in texts:
        text = passage[:_MOST_LOOKED_AT]
        marks = _marks(text, leaves)
        for first, mark in enumerate(marks):
            inside = [other for other in marks[first:] if other.end <= mark.start + window - _LEAD]
            score = sum(
                1.0 + max(other.is_exact for other in inside if other.leaf == leaf) + 0.01 * len(inside)
                for leaf in {other.leaf for other in inside}
            )
            if best is None or score > best[0]:
                best = (score, text, mark.start, marks)
    if best is None:
        text = next((text for text in texts if text.strip()), "")
        return _framed(text, 0, window, [])
    _, text, start, marks = best
    return _framed(text, max(0, start - _LEAD), window, marks)


def _framed(text: str, start: int, window: int, marks: list[_Mark]) -> tuple[Piece, ...]:
    """Cut between words, with an ellipsis where something is left out."""
    end = min(len(text), start + window)
    if end == len(text):
        start = max(0, min(start, end - window))
    start = _word_edge(text, start, step=1, stop=end) if start else 0
    if end < len(text):
        end = _word_edge(text, end, step=-1, stop=start)
    pieces = list(_pieces(text, start, end, marks))
    if start:
        pieces.insert(0, Piece(_ELLIPSIS, is_hit=False))
    if end < len(text):
        pieces.append(Piece(_ELLIPSIS, is_hit=False))
    return tuple(pieces)


def _word_edge(text: str, place: int, *, step: int, stop: int) -> int:
    """The nearest space inward, unless there is none for thirty signs (then the word itself is cut)."""
    for moved in range(30):
        candidate = place + step * moved
        if candidate == stop:
            break
        if text[candidate].isspace():
            return candidate + 1 if step > 0 else candidate
    return place


def _pieces(text: str, start: int, end: int, marks: list[_Mark]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    place = start
    for mark in marks:
        first, last = max(mark.start, place), min(mark.end, end)
        if first >= last:
            continue
        if first > place:
            pieces.append(Piece(text[place:first], is_hit=False))
        pieces.append(Piece(text[first:last], is_hit=True))
        place = last
    if place < end:
        pieces.append(Piece(text[place:end], is_hit=False))
    return tuple(pieces)


def _marks(text: str, leaves: Sequence[Leaf]) -> list[_Mark]:
    """Every hit in reading order; a phrase is one mark from its first word to its last."""
    found = list(spotted_words(text))
    marks: list[_Mark] = []
    for number, leaf in enumerate(leaves):
        marks += _marks_of(leaf, number, found)
    # Looking for identifiers costs as much as the rest, and none of them is without a figure.
    tokens = [(number, leaf, token) for number, leaf in enumerate(leaves) if _has_figure(token := _token(leaf))]
    for spotted in spot_identifiers(text) if tokens else ():
        here = identifier_token(spotted.normalised)
        marks += [
            _Mark(spotted.start, spotted.end, number, is_exact=True)
            for number, leaf, token in tokens
            if here == token or (isinstance(leaf, Fuzzy) and is_near(token, here)) or _begins(leaf, here)
        ]
    return sorted(marks, key=lambda mark: (mark.start, -mark.end))[:_MOST_MARKS]


def _has_figure(token: str) -> bool:
    return any(map(str.isdigit, token))


def _begins(leaf: Leaf, token: str) -> bool:
    match leaf:
        case Prefix(folded):
            return token.startswith(folded)
        case Facet(name, value, True):
            return name in IDENTIFIER_FIELDS and token.startswith(value)
        case _:
            return False


def _token(leaf: Leaf) -> str:
    """The identifier a leaf may stand for: somebody may type it without any separator, as a plain word."""
    match leaf:
        case Identifier(token=token) | Term(Word(folded=token)) | Prefix(token) | Fuzzy(token):
            return token
        case Facet(name, value) if name in IDENTIFIER_FIELDS:
            return value
        case _:
            return ""


def _marks_of(leaf: Leaf, number: int, found: list[SpottedWord]) -> list[_Mark]:
    match leaf:
        case Term(word):
            marks = [
                _Mark(here.start, here.end, number, here.exact == word.exact)
                for here in found
                if here.folded == word.folded
            ]
            # Typed with its diacritics, a syllable that stands there as typed is not meant where it is another one.
            exact = [mark for mark in marks if mark.is_exact] if word.exact != word.folded else []
            return exact or marks
        case Prefix(folded):
            return [
                _Mark(here.start, here.end, number, is_exact=True) for here in found if here.folded.startswith(folded)
            ]
        case Fuzzy(folded):
            return [
                _Mark(here.start, here.end, number, here.folded == folded)
                for here in found
                if is_near(folded, here.folded)
            ]
        case Phrase(words=wanted, is_exact=must_be_exact) | Named(phrase=Phrase(wanted, must_be_exact)):
            runs = _runs(found, [word.folded for word in wanted])
            spelled = [[here.exact for here in run] == [word.exact for word in wanted] for run in runs]
            return [
                _Mark(run[0].start, run[-1].end, number, is_exact)
                for run, is_exact in zip(runs, spelled, strict=True)
                if is_exact or not must_be_exact
            ]
        case Identifier(words=wanted):
            runs = _runs(found, [word.folded for word in wanted])
            return [_Mark(run[0].start, run[-1].end, number, is_exact=True) for run in runs]
        case Facet():
            return []


def _runs(found: list[SpottedWord], wanted: list[str]) -> list[list[SpottedWord]]:
    if not wanted:
        return []
    length = len(wanted)
    return [
        found[place : place + length]
        for place, here in enumerate(found)
        if here.folded == wanted[0] and [word.folded for word in found[place : place + length]] == wanted
    ]

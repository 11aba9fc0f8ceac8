"""The way out of “0 results”: which word or filter excludes everything, and the nearest question that finds something.

Every question offered was tried over records that this actor may read: that one is offered tells of no other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.orm import Session

from intelhub.platform.actor import Actor
from intelhub.records import queries
from intelhub.records.index_reader import ask_index
from intelhub.records.service.proposing import MOST_MEANT, list_meant
from intelhub.records.service.rephrasing import (
    take_apart,
    with_other_words,
    without_each_word,
    without_quotation_marks,
)
from intelhub.records.service.searching import limit_time
from intelhub.search import SearchRequest, identifier_token

_MOST_TRIES = 10
_SHORTEST_BEGINNING = 3


class Change(StrEnum):
    """What a question offered instead leaves out or asks otherwise."""

    SPELLING = "spelling"
    WORD = "word"
    FIELD = "field"
    DATES = "dates"
    LOOSE = "loose"
    ANY = "any"
    BEGINNING = "beginning"


EXCLUDING = frozenset({Change.WORD, Change.FIELD, Change.DATES})
"""Leaving out one of these brings hits: it is what excludes everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """A question that finds something: `what` is the word or the name of the filter it is changed in."""

    change: Change
    what: str
    request: SearchRequest


def list_nearest(actor: Actor, session: Session, request: SearchRequest) -> tuple[Nearest, ...]:
    """The question spelt otherwise; the single words and filters that exclude everything; else a looser question.

    They share the time of the question they stand in for; what there is no time left to try is not offered.
    """
    request = limit_time(request)
    tried = itertools.islice(_left_out(request), _MOST_TRIES)
    excluding = tuple(attempt for attempt in tried if _finds(actor, session, attempt.request))
    found = (*_respelt(actor, session, request), *excluding)
    if found:
        return found
    looser = (attempt for attempt in _looser(request) if _finds(actor, session, attempt.request))
    return tuple(itertools.islice(looser, 1))


def _finds(actor: Actor, session: Session, request: SearchRequest) -> bool | None:
    """Whether a question finds something; `None` where it found nothing and not everything was looked through."""
    if request.is_time_spent:
        return None
    few = replace(request, limit=5, with_snippets=False)
    answer = ask_index(session, few)
    found = answer.hits and queries.list_by_ids(actor, session, [hit.record_id for hit in answer.hits])
    return bool(found) or (False if answer.is_whole else None)


def _respelt(actor: Actor, session: Session, request: SearchRequest) -> Iterator[Nearest]:
    """The question with other words for those that stand in no record this actor may read."""
    typed = dict.fromkeys(word for word in take_apart(request.text).words if _is_plain(word))
    meant: dict[str, tuple[str, ...]] = {}
    for word in itertools.islice(typed, _MOST_TRIES):
        alone = SearchRequest(text=word, until=request.until)
        if _finds(actor, session, alone) is False:
            meant[word] = list_meant(actor, session, word, until=request.until)
    ways = itertools.product(*(words for words in meant.values() if words))
    for way in itertools.islice(ways if any(meant.values()) else (), MOST_MEANT):
        instead = dict(zip((word for word in meant if meant[word]), way, strict=True))
        other = replace(request, text=with_other_words(request.text, instead))
        if _finds(actor, session, other):
            yield Nearest(change=Change.SPELLING, what=other.text, request=other)


def _is_plain(word: str) -> bool:
    return len(identifier_token(word)) >= _SHORTEST_BEGINNING and not word.endswith(("*", "~"))


def _left_out(request: SearchRequest) -> Iterator[Nearest]:
    """The question without one of its filters, or without one of its words."""
    for name in request.facets:
        rest = {other: values for other, values in request.facets.items() if other != name}
        yield Nearest(change=Change.FIELD, what=name, request=replace(request, facets=rest))
    if request.not_before or request.not_after:
        yield Nearest(change=Change.DATES, what="", request=replace(request, not_before=None, not_after=None))
    for word, shorter in without_each_word(request.text):
        yield Nearest(change=Change.WORD, what=word, request=replace(request, text=shorter))


def _looser(request: SearchRequest) -> Iterator[Nearest]:
    """The question asked less strictly: without quotation marks, for any of its words, for how one begins."""
    typed = take_apart(request.text)
    if (unquoted := without_quotation_marks(request.text)) != request.text:
        yield Nearest(change=Change.LOOSE, what="", request=replace(request, text=unquoted))
    if len(typed.words) > 1:
        yield Nearest(change=Change.ANY, what="", request=replace(request, text=typed.for_any_word()))
    longest = max(typed.words, key=len, default="").rstrip("*~")
    for length in dict.fromkeys((len(longest), len(longest) * 3 // 4, len(longest) // 2)):
        if length >= _SHORTEST_BEGINNING:
            beginning = longest[:length]
            shorter = replace(request, text=typed.asking(f"{beginning}*"))
            yield Nearest(change=Change.BEGINNING, what=beginning, request=shorter)

"""The way out of “0 results”: which word or filter excludes everything, and the nearest question that finds something.

Every question offered was tried over records that this actor may read: that one is offered tells of no other.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.orm import Session

from intelhub.access import ActorScope
from intelhub.platform.actor import Actor
from intelhub.records import queries
from intelhub.records.projection import index_of
from intelhub.records.service.searching import is_time_spent, limit_time
from intelhub.search import SearchRequest

_MOST_TRIES = 10
_SHORTEST_BEGINNING = 3
_CHUNK = re.compile(r'[^\s":]+:"[^"]*"|"[^"]*"|\S+')
_JOINING = frozenset({"AND", "OR", "VÀ", "HOẶC"})
_NEGATING = frozenset({"NOT", "KHÔNG"})


class Change(StrEnum):
    """What a question offered instead leaves out or asks otherwise."""

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
    """The single words and filters that exclude everything; without any, the first looser question that finds some.

    They share the time of the question they stand in for; what there is no time left to try is not offered.
    """
    request = limit_time(request)
    tried = itertools.islice(_left_out(request), _MOST_TRIES)
    excluding = tuple(attempt for attempt in tried if _finds(actor, session, attempt.request))
    if excluding:
        return excluding
    looser = (attempt for attempt in _looser(request) if _finds(actor, session, attempt.request))
    return tuple(itertools.islice(looser, 1))


def _finds(actor: Actor, session: Session, request: SearchRequest) -> bool:
    if is_time_spent(request):
        return False
    scope: ActorScope = session.info["scope"]
    few = replace(request, limit=5, with_snippets=False)
    hits = index_of(session).search(session, scope.records, few).hits
    return bool(hits and queries.list_by_ids(actor, session, [hit.record_id for hit in hits]))


def _left_out(request: SearchRequest) -> Iterator[Nearest]:
    """The question without one of its filters, or without one of its words."""
    for name in request.facets:
        rest = {other: values for other, values in request.facets.items() if other != name}
        yield Nearest(change=Change.FIELD, what=name, request=replace(request, facets=rest))
    if request.not_before or request.not_after:
        yield Nearest(change=Change.DATES, what="", request=replace(request, not_before=None, not_after=None))
    chunks = _CHUNK.findall(request.text)
    words = [any(map(str.isalnum, chunk)) and chunk not in _JOINING | _NEGATING for chunk in chunks]
    meant = [place for place, is_word in enumerate(words) if is_word]
    for place in meant if len(meant) > 1 else ():
        shorter = " ".join(_without(chunks, place))
        yield Nearest(change=Change.WORD, what=chunks[place].strip("()"), request=replace(request, text=shorter))


def _without(chunks: list[str], place: int) -> list[str]:
    """The chunks without one of them and without the operator that hung on it; its parentheses stay."""
    before, after = chunks[:place], chunks[place + 1 :]
    gone = chunks[place]
    if gone.startswith('"') or not gone.strip("()"):
        opening = closing = ""
    else:
        opening, closing = gone[: len(gone) - len(gone.lstrip("("))], gone[len(gone.rstrip(")")) :]
    if before and before[-1] in _NEGATING:
        before = before[:-1]
    if before and before[-1] in _JOINING:
        before = before[:-1]
    elif after and after[0] in _JOINING:
        after = after[1:]
    if opening and after:
        after = [opening + after[0], *after[1:]]
    if closing and before:
        before = [*before[:-1], before[-1] + closing]
    return [*before, *after]


def _looser(request: SearchRequest) -> Iterator[Nearest]:
    """The question asked less strictly: without quotation marks, for any of its words, for how one begins."""
    chunks = _CHUNK.findall(request.text)
    words = [chunk.strip('"()') for chunk in chunks if ":" not in chunk and chunk not in _JOINING | _NEGATING]
    words = [word for chunk in words for word in chunk.split() if any(map(str.isalnum, word))]
    if '"' in request.text:
        text = request.text.replace('"', " ")
        yield Nearest(change=Change.LOOSE, what="", request=replace(request, text=" ".join(text.split())))
    if len(words) > 1:
        yield Nearest(change=Change.ANY, what="", request=replace(request, text=" OR ".join(words[:12])))
    longest = max(words, key=len, default="").rstrip("*")
    for length in dict.fromkeys((len(longest), len(longest) * 3 // 4, len(longest) // 2)):
        if length >= _SHORTEST_BEGINNING:
            beginning = longest[:length]
            yield Nearest(change=Change.BEGINNING, what=beginning, request=replace(request, text=f"{beginning}*"))
